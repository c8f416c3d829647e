"""The ledger of gaps: an append-only table of what was missing, since when and why, and how each gap ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from anthropic_audit.plan import GapEntry

from .delta import DeltaLog
from .duck import read, shared
from .location import folder_of
from .schema import GAPS
from .snapshot import translated
from .values import GapRow, gaps_of

_ALL = "SELECT * FROM read_parquet($files, hive_partitioning = false)"


class GapLedger:
    """The table `gaps`, open for appending; other processes may append to it, too.

    Entries are numbered, because clocks can be set back. Two processes that append at the same moment may assign the
    same number: only declarations are made while the collector runs, and for those the order does not matter.

    Raises:
        ArchiveError: The table can't be opened, created or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = DeltaLog(folder, GAPS)
        self._last, self._entries = 0, dict[tuple[str, str], list[GapEntry]]()
        self._read()

    @property
    def log(self) -> DeltaLog:
        """The table itself."""
        return self._log

    def entries(self, feed: str, filters: str) -> list[GapEntry]:
        """Return the entries of a feed under one set of filters, oldest first."""
        return list(self._entries.get((feed, filters), ()))

    def record(self, rows: Sequence[GapRow]) -> None:
        """Append entries in one commit."""
        if not rows:
            return
        known = len(self._log.files)
        self._log.append(gap_rows(rows, self._last + 1), {})
        if len(self._log.files) == known + 1:
            self._keep(rows)
        else:
            self._read()

    def catch_up(self) -> None:
        """Read the entries that other processes have appended."""
        known = self._log.files
        self._log.catch_up()
        if self._log.files != known:
            self._read()

    def _read(self) -> None:
        files = [file.path for file in self._log.files]
        self._last, self._entries = 0, {}
        if files:
            with translated(self._folder), shared() as connection:
                found = read(connection, _ALL, {"files": files})
            self._keep(gaps_of(found.to_pylist()))
            self._last = max(found.column("number").to_pylist(), default=0)

    def _keep(self, rows: Iterable[GapRow]) -> None:
        for row in rows:
            self._entries.setdefault((row.feed, row.filters), []).append(row.entry)
            self._last += 1


def append_to_ledger(location: str, rows: Sequence[GapRow]) -> None:
    """Append entries to an archive's ledger while another process may write the archive; that process will read them.

    Raises:
        ArchiveError: The ledger can't be written.
        SetupError: The location does not name a local folder.
    """
    GapLedger(folder_of(location)).record(rows)


def gap_rows(rows: Sequence[GapRow], first_number: int) -> pa.Table:
    """Make rows of `gaps`, numbered from `first_number` on."""
    return pa.Table.from_pylist(
        [
            {
                "number": number,
                "feed": row.feed,
                "filters": row.filters,
                "from_time": row.entry.window.start,
                "to_time": row.entry.window.end,
                "state": row.entry.state.value,
                "cause": row.entry.cause,
                "recorded_by": row.entry.recorded_by,
                "recorded_at": row.entry.recorded_at,
            }
            for number, row in enumerate(rows, start=first_number)
        ],
        schema=GAPS.schema,
    )
