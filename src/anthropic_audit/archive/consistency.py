"""Check the tables of an archive for contradictions before anything is written to it.

Each check uses data that opening the archive reads anyway: marks and statistics of tables' logs, file sizes, claims.
Contradictions that can only be found by reading every row are left to `archive verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.errors import ArchiveError
from anthropic_audit.ports import REPAIR_HINT

from .damage import log_damage_since_checkpoint, missing_files
from .delta import DeltaLog
from .duck import read, shared
from .schema import ACTIVITIES, CLAIMED, COVERAGE, EVENTS, NORMALIZED, SEQ, TABLES
from .snapshot import DataFile, Snapshot

_MAX_EXAMPLES = 5

_REMOVED = """
SELECT sum(activities) AS number FROM (
    SELECT DISTINCT ON (of_day, lowest_seq) activities FROM read_parquet($files)
    ORDER BY of_day, lowest_seq, removed_at DESC
)
"""
_LOST = "SELECT sum(activities) AS number FROM read_parquet($files)"


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of activities according to other tables."""

    claimed: int
    """The sum of `new` over all claims."""
    removed: int
    """Number of activities that retention has removed."""
    lost: int
    """Number of activities that are known to be lost."""


def counted(claimed: int, removals: DeltaLog, losses: DeltaLog) -> Counted:
    """Return the number of activities according to other tables; `claimed` is the sum of `new` over all claims."""
    return Counted(claimed, _sum_of(removals, _REMOVED), _sum_of(losses, _LOST))


def refuse_contradictions(archive: Path, logs: Sequence[DeltaLog], counted: Counted) -> None:
    """Raise if the tables of an archive contradict each other, or lack files that a writer relies on.

    Raises:
        ArchiveError: They do; the message lists the first contradictions.
    """
    found = list(contradictions(archive, {log.name: log for log in logs}, counted))
    if found:
        more = f"; and {len(found) - _MAX_EXAMPLES} more" if len(found) > _MAX_EXAMPLES else ""
        message = f"the archive contradicts itself: `{archive}`: {'; '.join(found[:_MAX_EXAMPLES])}{more}"
        raise ArchiveError(message, hint=REPAIR_HINT)


def contradictions(archive: Path, logs: Mapping[str, DeltaLog], counted: Counted) -> Iterator[str]:
    """Yield the contradictions in an archive, each as a clause of a sentence."""
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
    """Yield the tables that refer to higher numbers than were given to activities and events, each as a clause.

    Tables that another process is writing are read one after the other. In that case pass snapshots that were read
    `later`: only those limit the numbers.
    """
    marks, limits_now = _marks(tables), _marks(later or tables)
    stored, derived = limits_now.get(SEQ, 0), limits_now.get(NORMALIZED, 0)
    for name, highest in (("events", marks.get(NORMALIZED, 0)), ("coverage", marks.get(CLAIMED, 0))):
        if highest > stored:
            yield f"`{name}` refers to activities up to number {highest:,}, `activities` ends at {stored:,}"
    limits = {"activities": ("seq", stored), "events": ("seq", derived)}
    limits |= {"deliveries": ("last_seq", derived), "rejected": ("seq", derived)}
    for name, (column, limit) in limits.items():
        highest = highest_number(tables[name].files, column) if name in tables else 0
        if highest > limit:
            yield f"`{name}` has number {highest:,}, and the highest is {limit:,}"


def _marks(tables: Mapping[str, Snapshot]) -> dict[str, int]:
    return {name: number for one in tables.values() for name, number in one.marks.items()}


def highest_number(files: Sequence[DataFile], column: str) -> int:
    """Return the highest value of an integer column, according to the files' statistics."""
    bounds = (file.bounds[column][1] for file in files if column in file.bounds)
    return max((bound for bound in bounds if isinstance(bound, int)), default=0)


def _rows(files: Sequence[DataFile]) -> int | None:
    """Return the number of rows of files, or None if the log lacks it for one of them."""
    return sum(file.rows for file in files) if all(file.rows for file in files) else None


def _sum_of(log: DeltaLog, sql: str) -> int:
    files = [file.path for file in log.files]
    if not files:
        return 0
    with shared() as connection:
        return int(read(connection, sql, {"files": files}).to_pylist()[0]["number"] or 0)
