"""Hold the tables of an archive against each other before anything is written to it.

Each check uses what opening the archive reads anyway: marks and statistics of the tables' logs, sizes of files, claims.
What only reading every row can find is left to `archive verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.errors import ArchiveError
from anthropic_audit.ports import REPAIR_HINT

from .damage import log_damage_since_checkpoint, missing_files
from .delta import DeltaLog
from .duck import connect, read
from .schema import ACTIVITIES, CLAIMED, COVERAGE, EVENTS, NORMALIZED, SEQ, TABLES
from .snapshot import DataFile, Snapshot

_SHOWN = 5

_REMOVED = """
SELECT sum(activities) AS number FROM (
    SELECT DISTINCT ON (of_day, lowest_seq) activities FROM read_parquet($files)
    ORDER BY of_day, lowest_seq, removed_at DESC
)
"""
_LOST = "SELECT sum(activities) AS number FROM read_parquet($files)"


@dataclass(frozen=True, slots=True)
class Counted:
    """What other tables say of how many activities there must be."""

    claimed: int
    """The sum of `new` of all claims."""
    removed: int
    """How many retention has removed."""
    lost: int
    """How many are known to be lost."""


def counted(claimed: int, removals: DeltaLog, losses: DeltaLog) -> Counted:
    """Return what tables say of how many activities there must be; `claimed` is the sum of `new` of all claims."""
    return Counted(claimed, _sum_of(removals, _REMOVED), _sum_of(losses, _LOST))


def refuse_contradictions(archive: Path, logs: Sequence[DeltaLog], counted: Counted) -> None:
    """Refuse an archive whose tables contradict each other, or lack files that writing relies on.

    Raises:
        ArchiveError: They do: says how.
    """
    found = list(contradictions(archive, {log.name: log for log in logs}, counted))
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        message = f"the archive contradicts itself: `{archive}`: {'; '.join(found[:_SHOWN])}{more}"
        raise ArchiveError(message, hint=REPAIR_HINT)


def contradictions(archive: Path, logs: Mapping[str, DeltaLog], counted: Counted) -> Iterator[str]:
    """Yield what can't be true of an archive, each as part of a sentence."""
    tables = {name: log.snapshot for name, log in logs.items()}
    yield from contradicting_numbers(tables)
    stored, derived = tables[ACTIVITIES.name].marks[SEQ], tables[EVENTS.name].marks[NORMALIZED]
    if not logs[COVERAGE.name].has_mark(CLAIMED) and counted.claimed > stored:  # older archives have no such mark
        yield f"`coverage` claims {counted.claimed:,} activities, and {stored:,} were stored"
    explained = counted.removed + counted.lost
    for table, expected in ((ACTIVITIES, stored), (EVENTS, derived)):
        rows = _rows(tables[table.name].files)
        if rows is not None and rows + explained < expected:
            yield f"`{table.name}` has {rows:,} rows, and {expected - explained:,} were committed"
    for table in (ACTIVITIES, COVERAGE):
        yield from map(str, missing_files(table, tables[table.name].files))
    for name in logs:
        yield from map(str, log_damage_since_checkpoint(archive, TABLES[name]))


def contradicting_numbers(tables: Mapping[str, Snapshot], later: Mapping[str, Snapshot] | None = None) -> Iterator[str]:
    """Yield which tables know higher numbers than those that were given to activities and events.

    Tables that somebody writes meanwhile are read one after the other: then only what they say `later` is a limit.
    """
    marks, limits_now = _marks(tables), _marks(later or tables)
    stored, derived = limits_now.get(SEQ, 0), limits_now.get(NORMALIZED, 0)
    for name, highest in (("events", marks.get(NORMALIZED, 0)), ("coverage", marks.get(CLAIMED, 0))):
        if highest > stored:
            yield f"`{name}` knows activities up to number {highest:,}, `activities` only to {stored:,}"
    limits = {"activities": ("seq", stored), "events": ("seq", derived)}
    limits |= {"deliveries": ("last_seq", derived), "rejected": ("seq", derived)}
    for name, (column, limit) in limits.items():
        highest = highest_number(tables[name].files, column) if name in tables else 0
        if highest > limit:
            yield f"`{name}` has number {highest:,}, and the highest is {limit:,}"


def _marks(tables: Mapping[str, Snapshot]) -> dict[str, int]:
    return {name: number for one in tables.values() for name, number in one.marks.items()}


def highest_number(files: Sequence[DataFile], column: str) -> int:
    """Return the highest value of a column of numbers, as the files' statistics say."""
    bounds = (file.bounds[column][1] for file in files if column in file.bounds)
    return max((bound for bound in bounds if isinstance(bound, int)), default=0)


def _rows(files: Sequence[DataFile]) -> int | None:
    """Return the number of rows of files, or None when one does not say."""
    return sum(file.rows for file in files) if all(file.rows for file in files) else None


def _sum_of(log: DeltaLog, sql: str) -> int:
    files = [file.path for file in log.files]
    if not files:
        return 0
    with connect() as connection:
        return int(read(connection, sql, {"files": files}).to_pylist()[0]["number"] or 0)
