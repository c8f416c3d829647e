"""Find the damage to an archive and its consequences: lost files, lost numbers, and time to be read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from anthropic_audit.errors import ArchiveError
from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import Spans
from anthropic_audit.times import EPOCH

from .consistency import contradicting_numbers, highest_number
from .damage import COMMITS_LOST, JOURNAL_DAMAGED, LOG_UNREADABLE, TABLE_GONE, Damage
from .digests import LOG
from .duck import read
from .reader import ArchiveReader
from .schema import ACTIVITIES, CLAIMED, COVERAGE, EVENTS, NORMALIZED, SEQ
from .snapshot import DataFile, Snapshot
from .verification import look_at_files

_MICROSECOND = timedelta(microseconds=1)
_OF_LOG = {TABLE_GONE, COMMITS_LOST, LOG_UNREADABLE}

_MISSING = """
WITH numbers AS (
    SELECT seq, lead(seq, 1, $last + 1) OVER (ORDER BY seq) AS following
    FROM (SELECT DISTINCT seq FROM activities WHERE seq BETWEEN 1 AND $last UNION ALL SELECT 0)
)
SELECT seq + 1 AS lowest, following - 1 AS highest FROM numbers WHERE following > seq + 1 ORDER BY 1
"""
_SHORT = """
SELECT c.from_time, c.to_time, greatest(c.to_time, c.walked_at) AS seen_to FROM coverage c
LEFT JOIN (SELECT walk_id, count(*) AS stored FROM activities GROUP BY walk_id) a ON a.walk_id = c.walk_id
WHERE coalesce(a.stored, 0) < c.new AND NOT EXISTS (
    SELECT 1 FROM removals r WHERE r.of_day BETWEEN CAST(c.from_time AS DATE) AND CAST(c.walked_at AS DATE))
"""
_SEEN = """
SELECT min(timestamp) AS from_time, max(timestamp) AS to_time
FROM (SELECT seq, timestamp FROM events ANTI JOIN activities USING (seq))
WHERE EXISTS (SELECT 1 FROM (SELECT unnest($lowest) AS lowest, unnest($highest) AS highest) m
    WHERE seq BETWEEN m.lowest AND m.highest)
GROUP BY date_trunc('hour', timestamp)
"""
_EXPLAINED = """
SELECT lowest_seq, highest_seq FROM removals UNION ALL SELECT lowest_seq, highest_seq FROM losses
"""
_FEEDS = "SELECT DISTINCT feed FROM activities"

Numbers = tuple[int, int]
"""A range of numbers (`seq`), both ends included."""


@dataclass(frozen=True, slots=True)
class TableSurvey:
    """One table: its newest version, and which of its files are whole or lost."""

    newest: Snapshot
    whole: tuple[DataFile, ...]
    lost: tuple[DataFile, ...]
    must_rebuild: bool
    """True if the table's log can't be trusted."""
    stale: tuple[str, ...] = ()
    """Damaged files that the newest version does not need."""
    has_damaged_journal: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """The damage to an archive, and its consequences."""

    damage: tuple[Damage, ...]
    contradictions: tuple[str, ...]
    tables: Mapping[str, TableSurvey]
    highest: int
    """The highest number that occurs anywhere in the archive."""
    missing: tuple[Numbers, ...]
    """Numbers that were given to activities that are missing, and whose absence neither removals nor losses explain."""
    lost_time: Spans
    """Time whose activities were lost."""
    lost_claims: Spans
    """Time whose claims were lost."""
    claims: tuple[Coverage, ...]
    feeds: tuple[str, ...]
    """The feeds of the remaining activities."""

    @property
    def is_whole(self) -> bool:
        """Return whether nothing has to be repaired."""
        return not (self.damage or self.contradictions or self.missing)


def survey(folder: Path) -> Survey:
    """Check every file of an archive and find the losses; nothing is changed.

    Raises:
        ArchiveError: The archive can't be read, or a table's log is damaged and its digest journal is missing.
    """
    reader = ArchiveReader(folder)
    looked = look_at_files(reader)
    trusted = ArchiveReader(folder, distrusted=looked.distrusted) if looked.distrusted else reader
    damage = tuple(dict.fromkeys((*looked.damage, *trusted.damage)))
    tables = {name: _table(name, newest, damage, looked.distrusted) for name, newest in trusted.tables.items()}
    with trusted.connect_to({name: [file.path for file in one.whole] for name, one in tables.items()}) as connection:
        claims = tuple(trusted_claims(trusted, tables))
        highest = _highest(trusted.tables, claims)
        found = [(row["lowest"], row["highest"]) for row in read(connection, _MISSING, {"last": highest}).to_pylist()]
        explained = [tuple(row.values()) for row in read(connection, _EXPLAINED).to_pylist()]
        missing = tuple(without(found, explained))
        short = read(connection, _SHORT)
        ranges = {"lowest": [one[0] for one in missing], "highest": [one[1] for one in missing]}
        seen = _windows(read(connection, _SEEN, ranges), _MICROSECOND) if missing else []
        feeds = tuple(row["feed"] for row in read(connection, _FEEDS).to_pylist())
    return Survey(
        damage,
        tuple(contradicting_numbers(trusted.tables)),
        tables,
        highest,
        missing,
        _lost_time(tables[ACTIVITIES.name].lost, missing, short, seen),
        _lost_claims(tables, folder),
        claims,
        feeds,
    )


def trusted_claims(reader: ArchiveReader, tables: Mapping[str, TableSurvey]) -> list[Coverage]:
    """Return the claims in undamaged files."""
    return reader.coverage_in([file.path for file in tables[COVERAGE.name].whole])


def without(ranges: Sequence[Numbers], taken: Sequence[Numbers]) -> Iterator[Numbers]:
    """Yield the remains of sorted ranges of numbers without the numbers of other ranges."""
    others = sorted(taken)
    for low, highest in ranges:
        lowest = low
        for first, last in others:
            if last < lowest or first > highest:
                continue
            if first > lowest:
                yield lowest, first - 1
            lowest = last + 1
        if lowest <= highest:
            yield lowest, highest


def _table(name: str, newest: Snapshot, damage: Sequence[Damage], distrusted: frozenset[str]) -> TableSurvey:
    own = [one for one in damage if one.table == name]
    wrong = {one.where for one in own}
    must_rebuild = name in distrusted or any(one.what in _OF_LOG for one in own)
    if any(one.what == LOG_UNREADABLE for one in own) and newest.version < 0:
        message = f"the log of the table `{name}` can't be read, and no digest journal lists its files"
        raise ArchiveError(message, hint="restore the archive from a backup: `anthropic-audit archive restore FOLDER`")
    lost = tuple(file for file in newest.files if file.path in wrong or not Path(file.path).exists())
    paths = {file.path for file in newest.files}
    stale = tuple(
        one.where
        for one in own
        if one.where.endswith(".parquet") and one.where not in paths and f"/{LOG}/" not in one.where
    )
    whole = tuple(file for file in newest.files if file not in lost)
    return TableSurvey(newest, whole, lost, must_rebuild, stale, any(one.what == JOURNAL_DAMAGED for one in own))


def _highest(tables: Mapping[str, Snapshot], claims: Sequence[Coverage]) -> int:
    marks = {name: number for one in tables.values() for name, number in one.marks.items()}
    columns = {"activities": "seq", "events": "seq", "deliveries": "last_seq", "rejected": "seq"}
    known = [highest_number(tables[name].files, column) for name, column in columns.items()]
    claimed = 0 if marks.get(CLAIMED) else sum(one.new for one in claims)  # older archives have no such mark
    return max(*known, *(marks.get(name, 0) for name in (SEQ, NORMALIZED, CLAIMED)), claimed)


def _lost_time(lost: Sequence[DataFile], missing: Sequence[Numbers], short: pa.Table, seen: Sequence[Window]) -> Spans:
    """Return the time of lost activities: of their files and events, and, if files don't explain all losses, of walks.

    A walk also stores activities later than the window that it claims, so its time ends when it was walked. If a walk
    lacks only activities that are later than any claim, its claim is withdrawn nevertheless, since it counts them.
    """
    spans = Spans.of([*seen, *(window for file in lost for window in _span(file, "created_at", "created_at"))])
    known = [file for file in lost if "created_at" in file.bounds and file.bounds["created_at"][0] != EPOCH]
    numbers = sum(highest - lowest + 1 for lowest, highest in missing)
    if sum(file.rows for file in known) < numbers:
        spans |= Spans.of(_windows(short, until="seen_to"))
    return spans | Spans.of(one for one in _windows(short) if Spans((one,)) & spans == Spans())


def _windows(rows: pa.Table, more: timedelta = timedelta(0), *, until: str = "to_time") -> list[Window]:
    """Return the windows from `from_time` to `until` plus `more`, without empty ones and undated activities."""
    found = ((row["from_time"].astimezone(UTC), row[until].astimezone(UTC) + more) for row in rows.to_pylist())
    return [Window(start, end) for start, end in found if EPOCH < start < end]


def _lost_claims(tables: Mapping[str, TableSurvey], folder: Path) -> Spans:
    """Return the time of lost claims; if nothing is recorded about a lost table, the time of all activities."""
    coverage = tables[COVERAGE.name]
    spans = Spans.of(window for file in coverage.lost for window in _span(file, "from_time", "to_time"))
    is_unknown = coverage.must_rebuild and not coverage.newest.files
    is_gone = not (folder / COVERAGE.name / LOG).exists() and not coverage.newest.files
    if is_unknown or is_gone:
        files = tables[ACTIVITIES.name].newest.files or tables[EVENTS.name].newest.files
        column = "created_at" if tables[ACTIVITIES.name].newest.files else "timestamp"
        windows = [window for file in files for window in _span(file, column, column)]
        if windows:
            spans |= Spans((Window(min(one.start for one in windows), max(one.end for one in windows)),))
    return spans


def _span(file: DataFile, first: str, last: str) -> Iterator[Window]:
    if first in file.bounds and last in file.bounds:
        start, end = file.bounds[first][0], file.bounds[last][1]
        if isinstance(start, datetime) and isinstance(end, datetime) and start > EPOCH:
            yield Window(start, end + _MICROSECOND)
