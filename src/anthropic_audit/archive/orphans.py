"""Set events aside whose activity was lost, and put them back if the API no longer has the activity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from anthropic_audit.plan import Spans

from .delta import DeltaLog
from .duck import read, shared
from .rebuild import FOLDER
from .schema import ACTIVITIES, EVENTS

FILE = "events-without-activity.parquet"
"""The file in a repair's folder that holds events without an activity."""

SETTLED = "events-without-activity.settled.parquet"
"""The file's name once it is known for each event whether its activity was found again."""

_ORPHANS = """
SELECT *, CAST(timestamp AS DATE) AS day FROM read_parquet($events, hive_partitioning = false) e
ANTI JOIN read_parquet($activities, hive_partitioning = false) a ON a.seq = e.seq
WHERE e.seq <= $last AND NOT EXISTS (SELECT 1 FROM known k WHERE k.seq = e.seq)
"""
_KNOWN = """
SELECT seq FROM read_parquet($files, hive_partitioning = false) WHERE list_contains($seqs, seq)
"""
_STORED = """
SELECT DISTINCT id FROM read_parquet($files, hive_partitioning = false) WHERE list_contains($ids, id)
"""
_MAX_ROWS_PER_DELETE = 1_000

_Value = TypeVar("_Value", str, int)


@dataclass(frozen=True, slots=True)
class LostActivity:
    """An activity whose bytes are lost, as identified by its event."""

    id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome for the events that were set aside."""

    found: int
    """Number of events whose activities are stored again."""
    lost: tuple[LostActivity, ...]
    """Activities that are lost for good: their time was read again without them, and their events were put back."""
    waiting: int
    """Number of events whose time has not been read again yet."""


def set_orphans_aside(archive: Path, folder: Path, last: int) -> int:
    """Move events without an activity, with numbers up to `last`, from `events` into a file; return their number.

    The file is written before the events are removed; a crash between both leaves them in both places, and repeating
    the move is harmless. Events that were put back because their activity is lost stay, unless the activity was
    received again since then: it has an event of its own.

    Raises:
        ArchiveError: A table can't be read or written.
        OSError: The file can't be written.
    """
    events, activities = DeltaLog(archive, EVENTS), DeltaLog(archive, ACTIVITIES)
    if not events.files:
        return 0
    put_back = list(_put_back(archive))
    came_again = _stored(archive, [one.id for one in put_back])
    known = pa.table({"seq": pa.array([one.seq for one in put_back if one.id not in came_again], pa.int64())})
    sql = _ORPHANS
    parameters: dict[str, object] = {"events": [file.path for file in events.files], "last": last}
    if activities.files:
        parameters["activities"] = [file.path for file in activities.files]
    else:
        sql = sql.replace("ANTI JOIN read_parquet($activities, hive_partitioning = false) a ON a.seq = e.seq", "")
    with shared() as connection:
        connection.register("known", known)
        found = read(connection, sql, parameters)
    if not found.num_rows:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(found.select(EVENTS.schema.names).cast(EVENTS.schema), folder / FILE)
    seqs = found.column("seq").to_pylist()
    for some in _parts(seqs):
        events.remove_numbered(some)
    return len(seqs)


def settle_orphans(archive: Path, open_time: Spans, claimed_to: Mapping[str, datetime]) -> Settled:
    """Put back the events whose activity was not found again although its time was read again.

    Args:
        archive: The archive's folder.
        open_time: Time that was withdrawn from coverage and is not covered again.
        claimed_to: The end of each feed's claims; activities of later time may be stored, but are not claimed yet.

    Raises:
        ArchiveError: A table can't be read or written.
    """
    found = waiting = 0
    lost: list[LostActivity] = []
    for file in sorted((archive / FOLDER).glob(f"*/{FILE}")):
        rows = pq.ParquetFile(file).read()
        stored = _stored(archive, rows.column("id").to_pylist())
        there = _there(archive, rows.column("seq").to_pylist())
        keep, waits = list[int](), 0
        columns = (rows.column(column).to_pylist() for column in ("id", "seq", "feed", "timestamp"))
        for number, (name, seq, feed, when) in enumerate(zip(*columns, strict=True)):
            if name in stored:
                found += 1
            elif when in open_time or feed not in claimed_to or when >= claimed_to[feed]:
                waits += 1
            else:
                lost.append(LostActivity(name, seq))
                keep += [number] if seq not in there else []
        waiting += waits
        if keep:
            DeltaLog(archive, EVENTS).append(rows.take(keep), {})
        if not waits:
            file.rename(file.with_name(SETTLED))
    return Settled(found, tuple(lost), waiting)


def _put_back(archive: Path) -> Iterator[LostActivity]:
    """Yield the lost activities that earlier repairs have settled."""
    for file in sorted((archive / FOLDER).glob(f"*/{SETTLED}")):
        rows = pq.ParquetFile(file).read(columns=["id", "seq"])
        for name, seq in zip(rows.column("id").to_pylist(), rows.column("seq").to_pylist(), strict=True):
            yield LostActivity(name, seq)


def _stored(archive: Path, ids: Sequence[str]) -> set[str]:
    return set(_selected(_STORED, DeltaLog(archive, ACTIVITIES), "ids", ids))


def _there(archive: Path, seqs: Sequence[int]) -> set[int]:
    return set(_selected(_KNOWN, DeltaLog(archive, EVENTS), "seqs", seqs))


def _selected(sql: str, log: DeltaLog, name: str, values: Sequence[_Value]) -> list[_Value]:
    files = [file.path for file in log.files]
    if not files or not values:
        return []
    with shared() as connection:
        found: list[_Value] = read(connection, sql, {"files": files, name: list(values)}).column(0).to_pylist()
    return found


def _parts(seqs: Sequence[int]) -> Iterator[Sequence[int]]:
    for place in range(0, len(seqs), _MAX_ROWS_PER_DELETE):
        yield seqs[place : place + _MAX_ROWS_PER_DELETE]
