"""Record deliveries to sinks in append-only tables: positions, numbers of events, and rejections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Self

import pyarrow as pa

from anthropic_audit.model import Delivery, DeliveryPurpose, Rejection

from .delta import DeltaLog
from .duck import read, shared
from .lease import Lease
from .location import folder_of
from .schema import DELIVERIES, REJECTED
from .snapshot import translated
from .values import rejection_of

_POSITION = "SELECT max(last_seq) AS position FROM read_parquet($files) WHERE sink = $sink AND errand = 'follow'"
_REJECTED = """
SELECT DISTINCT ON (seq) * FROM read_parquet($files) WHERE sink = $sink ORDER BY seq, recorded_at DESC, is_resolved DESC
"""
_MAX_REASON_CHARS = 1000


class DeliveryLedger:
    """One sink's position and rejections; other processes may append to the same tables.

    Args:
        location: The archive's folder.
        sink: The sink's name.
        now: The time that the lease shows to other processes.
        moves: True for the process that moves the position; only one process may at a time.

    Raises:
        ArchiveBusyError: Another process delivers to this sink.
        ArchiveError: A table can't be read or written.
        SetupError: The location does not name a local folder.
    """

    def __init__(self, location: str, sink: str, now: datetime, *, moves: bool = True) -> None:
        folder = folder_of(location)
        what = f"another process delivers to `{sink}`"
        self._lease = Lease(folder, now, file=f"sinks/{sink}.lease", what=what) if moves else None
        try:
            self._folder, self._sink = folder, sink
            self._deliveries = DeltaLog(folder, DELIVERIES)
            self._rejected = DeltaLog(folder, REJECTED)
            found = self._read(self._deliveries, _POSITION)
            self._position: int = (found[0]["position"] or 0) if found else 0
        except BaseException:
            self.close()
            raise

    @property
    def sink(self) -> str:
        """The sink's name."""
        return self._sink

    @property
    def position(self) -> int:
        """The `seq` up to which every event is settled."""
        return self._position

    def record(self, delivery: Delivery, rejections: Sequence[Rejection] = ()) -> None:
        """Record a delivery: first its rejections, then the position; a crash between them repeats both."""
        if rejections:
            self._rejected.append(_rejection_rows(rejections), {})
        self._deliveries.append(pa.Table.from_pylist([asdict(delivery)], schema=DELIVERIES.schema), {})
        if delivery.errand is DeliveryPurpose.FOLLOW:
            self._position = max(self._position, delivery.last_seq)

    def rejections(self) -> list[Rejection]:
        """Return the unresolved rejections, by `seq`."""
        self._rejected.catch_up()
        return [one for one in map(rejection_of, self._read(self._rejected, _REJECTED)) if not one.is_resolved]

    def close(self) -> None:
        """Release the lease, so that another process may deliver to the sink."""
        if self._lease is not None:
            self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, log: DeltaLog, query: str) -> list[dict[str, Any]]:
        files = [file.path for file in log.files]
        if not files:
            return []
        with translated(self._folder), shared() as connection:
            rows: list[dict[str, Any]] = read(connection, query, {"files": files, "sink": self._sink}).to_pylist()
            return rows


def _rejection_rows(rejections: Iterable[Rejection]) -> pa.Table:
    rows = [asdict(replace(one, reason=one.reason[:_MAX_REASON_CHARS])) for one in rejections]
    return pa.Table.from_pylist(rows, schema=REJECTED.schema)
