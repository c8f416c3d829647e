"""Verify an archive from its stored data alone: every file, every hash and every claim.

First every file is compared with the digest that was recorded when it was committed (`digests`), which finds every
changed bit. Then the rows that can be read are compared with each other. Damage is listed and does not end the
verification, in however many files it is.

Numbers (`seq`) are checked slice by slice and ids part by part, so memory is bounded for archives of any size.
Expected numbers come from the marks that were committed with the rows, not from the rows: so losses at the end are
found, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from anthropic_audit.errors import ArchiveError
from anthropic_audit.times import EPOCH

from .damage import FILE_UNREADABLE, Damage, changed_files, list_damage, recorded_paths
from .digests import LOG
from .late_digests import rows_in
from .reader import ArchiveReader
from .schema import NORMALIZED, SEQ, TABLES
from .snapshot import translated

_MAX_ACTIVITIES = 200_000
"""Number of activities (`seq`) that are checked in one query."""
_IDS_PER_ACTIVITY = 10
"""Multiple of `_MAX_ACTIVITIES`: number of ids that are compared in one query, which needs less memory for each."""
_MAX_EXAMPLES = 20

_NOT_OF_WALK = "an activity is outside of the window that its walk read"
_MISSING = "numbers of activities are missing"

_ONCE = {
    "claims": "SELECT feed, walk_id, from_time FROM coverage",
    # A removal that a crash interrupted is recorded again, for the same rows and perhaps more of them.
    "removed": """
        SELECT DISTINCT ON (of_day, lowest_seq) of_day, activities, lowest_seq, highest_seq
        FROM removals ORDER BY of_day, lowest_seq, removed_at DESC""",
    "lost": "SELECT lowest_seq, highest_seq, activities FROM losses",
}
_SLICES = {
    "some_activities": """
        SELECT feed, seq, id, walk_id, created_at, day = CAST(created_at AS DATE) AS is_placed,
            sha256(raw) = lower(hex(sha256)) AS is_whole,
            CAST(CASE WHEN created_at = $epoch THEN received_at ELSE created_at END AS DATE) AS of_day
        FROM activities WHERE seq BETWEEN $first AND $last""",
    "some_events": """
        SELECT seq, id, day = CAST(timestamp AS DATE) AS is_placed,
            json_extract_string(document, '$.event.id') IS NOT DISTINCT FROM nullif(id, '')
                OR json_extract_string(document, '$.error.message') IS NOT NULL
                OR starts_with(id, 'sha256-') AS is_named
        FROM events WHERE seq BETWEEN $first AND $last""",
}
_OF_SLICES = {
    "received bytes do not have the SHA-256 that was stored with them": """
        SELECT id, 1 AS many FROM some_activities WHERE NOT is_whole""",
    "an activity lies in the partition of another day": """
        SELECT id, 1 AS many FROM some_activities WHERE NOT is_placed""",
    "an event lies in the partition of another day": "SELECT id, 1 AS many FROM some_events WHERE NOT is_placed",
    "an event's document names another activity": "SELECT id, 1 AS many FROM some_events WHERE NOT is_named",
    "an activity has no event": """
        SELECT a.id, 1 AS many FROM some_activities a ANTI JOIN some_events e ON e.seq = a.seq
        WHERE a.seq <= $normalized AND NOT EXISTS (
            SELECT 1 FROM removed r WHERE r.of_day = a.of_day AND a.seq BETWEEN r.lowest_seq AND r.highest_seq)""",
    "an event has no activity": """
        SELECT e.id, 1 AS many FROM some_events e ANTI JOIN some_activities a ON a.seq = e.seq AND a.id = e.id
        WHERE NOT EXISTS (SELECT 1 FROM lost l WHERE e.seq BETWEEN l.lowest_seq AND l.highest_seq)""",
    "a number is given to more than one activity": """
        SELECT CAST(seq AS VARCHAR) AS id, 1 AS many FROM some_activities GROUP BY seq HAVING count(*) > 1""",
    "an activity has more than one event": """
        SELECT CAST(seq AS VARCHAR) AS id, 1 AS many FROM some_events GROUP BY seq HAVING count(*) > 1""",
    _NOT_OF_WALK: """
        SELECT a.id, 1 AS many FROM some_activities a JOIN claims c ON c.walk_id = a.walk_id WHERE c.feed <> a.feed""",
    _MISSING: """
        SELECT concat(min(number), ' to ', max(number)) AS id, count(*) AS many
        FROM (
            SELECT number, number - row_number() OVER (ORDER BY number) AS stretch
            FROM (SELECT unnest(range($first, $last + 1)) AS number) ANTI JOIN some_activities a ON a.seq = number
            WHERE NOT EXISTS (SELECT 1 FROM removed r WHERE number BETWEEN r.lowest_seq AND r.highest_seq)
                AND NOT EXISTS (SELECT 1 FROM lost l WHERE number BETWEEN l.lowest_seq AND l.highest_seq)
        ) GROUP BY stretch""",
}
_EXPLAINED = """
SELECT CAST(coalesce((SELECT sum(activities) FROM removed), 0) AS BIGINT),
    CAST(coalesce((SELECT sum(activities) FROM lost), 0) AS BIGINT)
"""
_COUNTS = """
SELECT count(DISTINCT seq), count(*) FILTER (EXISTS (
    SELECT 1 FROM removed r WHERE r.of_day = a.of_day AND a.seq BETWEEN r.lowest_seq AND r.highest_seq))
FROM some_activities a
"""
_OF_ALL = {
    # A server may serve a few activities of before the window; a claim of another time than most of them is wrong.
    _NOT_OF_WALK: """
        SELECT concat(c.feed, ' ', c.walk_id) AS id, count(*) AS many
        FROM (SELECT feed, walk_id, min(from_time) AS from_time FROM coverage GROUP BY feed, walk_id) c
        JOIN activities a ON a.walk_id = c.walk_id AND a.created_at <> $epoch
        GROUP BY c.feed, c.walk_id
        HAVING count(*) FILTER (a.created_at < c.from_time) > greatest(20, count(*) / 2)""",
    "recorded bytes of a changed activity do not have the SHA-256 that was stored with them": """
        SELECT id, 1 AS many FROM changed_activities
        WHERE sha256(raw) <> lower(hex(sha256)) OR sha256 = stored_sha256""",
    "a change is recorded more than once": """
        SELECT id, 1 AS many FROM changed_activities GROUP BY id, sha256 HAVING count(*) > 1""",
    "a change is recorded of an activity that is stored differently": """
        SELECT c.id, 1 AS many FROM changed_activities c
        ANTI JOIN (SELECT seq, id, sha256 FROM activities WHERE seq IN (SELECT seq FROM changed_activities)) a
            ON a.seq = c.seq AND a.id = c.id AND a.sha256 = c.stored_sha256
        WHERE NOT EXISTS (SELECT 1 FROM removed r WHERE c.seq BETWEEN r.lowest_seq AND r.highest_seq)
            AND NOT EXISTS (SELECT 1 FROM lost l WHERE c.seq BETWEEN l.lowest_seq AND l.highest_seq)""",
    "a number was never given to an activity": """
        SELECT CAST(seq AS VARCHAR) AS id, 1 AS many FROM activities WHERE seq NOT BETWEEN 1 AND $stored""",
    "a lost activity was received again, and has its old event next to the new one": """
        SELECT e.id, 1 AS many FROM events e JOIN lost l ON e.seq BETWEEN l.lowest_seq AND l.highest_seq
        SEMI JOIN activities a ON a.id = e.id AND a.seq <> e.seq WHERE e.id <> ''""",
    "an event has a number that was not given to an event": """
        SELECT CAST(seq AS VARCHAR) AS id, 1 AS many FROM events WHERE seq NOT BETWEEN 1 AND $derived""",
    "a claim reaches beyond the time at which it was made": """
        SELECT concat(feed, ' ', walk_id) AS id, 1 AS many
        FROM coverage WHERE to_time > walked_at OR from_time >= to_time""",
    "a walk has not stored as many activities as it claims": """
        SELECT concat(c.feed, ' ', c.walk_id) AS id, 1 AS many
        FROM (  -- what was withdrawn of a walk leaves several claims of it
            SELECT feed, walk_id, sum(new) AS new, sum(activities) AS activities, min(from_time) AS from_time,
                max(walked_at) AS walked_at
            FROM coverage GROUP BY feed, walk_id
        ) c LEFT JOIN (SELECT walk_id, count(*) AS stored FROM activities GROUP BY walk_id) a ON a.walk_id = c.walk_id
        WHERE coalesce(a.stored, 0) > c.new OR c.new > c.activities
            OR (coalesce(a.stored, 0) < c.new AND NOT EXISTS (
                SELECT 1 FROM removed r WHERE r.of_day BETWEEN CAST(c.from_time AS DATE) AND CAST(c.walked_at AS DATE)))
        """,
}
_STORED_TWICE = """
SELECT id, 1 AS many FROM activities WHERE hash(id) % $parts = $part GROUP BY id HAVING count(*) > 1
"""

Wrong = tuple[str, int, list[str]]
"""A problem's description, its number of occurrences, and the first of them."""


@dataclass(frozen=True, slots=True)
class VerifyProblem:
    """A violated rule: its description, the number of occurrences, and the first of them."""

    what: str
    number: int
    examples: tuple[str, ...]
    is_of_files: bool = False
    """True for damage to files: then `examples` names every file."""


def verify(
    reader: ArchiveReader,
    on_progress: Callable[[int, int], None] = lambda done, last: None,
    *,
    max_activities: int = _MAX_ACTIVITIES,
) -> list[VerifyProblem]:
    """Recompute every hash, check every record and claim, and return the problems; an empty list if there are none.

    `on_progress` is called with the number of activities that were checked, and the number of all. Memory grows with
    `max_activities`, the number of activities that are checked in one query, and not with the archive.

    Raises:
        ArchiveError: A file can't be read at all.
    """
    found: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    looked = look_at_files(reader)
    damage, distrusted = looked.damage, looked.distrusted
    trusted = ArchiveReader(reader.folder, distrusted=distrusted) if distrusted else reader
    wrongs = chain(
        ((one.what, 1, [f"{one.where} {one.detail}".rstrip()]) for one in damage),
        _wrong_rows(trusted, looked.unreadable, on_progress, max_activities),
    )
    for what, number, examples in wrongs:
        numbers[what] = numbers.get(what, 0) + number
        found.setdefault(what, []).extend(examples)
    of_files = {one.what for one in damage}
    return [
        VerifyProblem(
            what, numbers[what], tuple(examples if what in of_files else examples[:_MAX_EXAMPLES]), what in of_files
        )
        for what, examples in found.items()
    ]


@dataclass(frozen=True, slots=True)
class FilesLooked:
    """The damage to an archive's files."""

    damage: tuple[Damage, ...]
    unreadable: frozenset[str]
    """The data files that are missing or can't be read."""
    distrusted: frozenset[str]
    """The tables whose log is damaged."""


def look_at_files(reader: ArchiveReader) -> FilesLooked:
    """Compare every file with its digest; one without a digest, or with another one, is read from end to end."""
    damage, distrusted, suspects = list(reader.damage), set[str](), set[str]()
    known = {(one.what, one.where) for one in damage}
    for table in TABLES.values():
        for one in changed_files(reader.folder, table):
            distrusted |= {table.name} if f"/{LOG}/" in one.where else set()
            suspects.add(one.where)
            damage += [one] if (one.what, one.where) not in known else []
    damage += list_damage(reader.folder, {one.table for one in damage})
    unreadable = set[str]()
    for name, newest in reader.tables.items():
        recorded = recorded_paths(reader.folder, TABLES[name])
        for file in newest.files:
            is_suspect = file.path in suspects or any(where == file.path for _, where in known)
            if (is_suspect or file.path not in recorded) and rows_in(Path(file.path)) is None:
                unreadable.add(file.path)
                damage += [] if is_suspect else [Damage(name, FILE_UNREADABLE, file.path)]
    return FilesLooked(tuple(damage), frozenset(unreadable), frozenset(distrusted))


def _wrong_rows(
    reader: ArchiveReader, unreadable: frozenset[str], on_progress: Callable[[int, int], None], max_activities: int
) -> Iterator[Wrong]:
    """Compare the readable rows with each other."""
    try:
        readable = {
            name: [file.path for file in newest.files if file.path not in unreadable]
            for name, newest in reader.tables.items()
        }
        with translated(reader.folder), reader.connect_to(readable) as connection:
            for name, sql in _ONCE.items():
                connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")
            marks = {"stored": reader.mark(SEQ), "derived": reader.mark(NORMALIZED)}
            yield from _wrong_by_number(connection, marks, on_progress, max_activities)
            yield from _wrong_over_all(connection, marks, max_activities)
    except ArchiveError as error:
        yield "records could not be checked", 1, [str(error)]


def _wrong_by_number(
    connection: duckdb.DuckDBPyConnection,
    marks: Mapping[str, int],
    on_progress: Callable[[int, int], None],
    max_activities: int,
) -> Iterator[Wrong]:
    """Check all numbers, slice by slice, and then whether as many activities are missing as were removed."""
    stored = marks["stored"]
    there = unexplained = undone = 0
    for first in range(1, stored + 1, max_activities):
        last = min(first + max_activities - 1, stored)
        for what, number, examples in _wrong_in(connection, first, last, marks["derived"]):
            unexplained += number if what == _MISSING else 0
            yield what, number, examples
        counted, still = connection.execute(_COUNTS).fetchall()[0]
        there, undone = there + counted, undone + still
        on_progress(last, stored)
    removed, known = connection.execute(_EXPLAINED).fetchall()[0]
    lost = (stored - known - there - unexplained) - (removed - undone)
    if lost > 0:
        yield "more activities are missing in removed days than retention has removed", lost, []


def _wrong_over_all(
    connection: duckdb.DuckDBPyConnection, marks: Mapping[str, int], max_activities: int
) -> Iterator[Wrong]:
    for what, sql in _OF_ALL.items():
        yield from _check(connection, what, sql, {**marks, "epoch": EPOCH})
    parts = 1 + marks["stored"] // (max_activities * _IDS_PER_ACTIVITY)
    for part in range(parts):
        yield from _check(
            connection, "an activity is stored more than once", _STORED_TWICE, {"parts": parts, "part": part}
        )


def _wrong_in(connection: duckdb.DuckDBPyConnection, first: int, last: int, derived: int) -> Iterator[Wrong]:
    """Check one slice; its columns are read once, for all checks."""
    parameters = {"first": first, "last": last, "epoch": EPOCH, "normalized": derived}
    for name, sql in _SLICES.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", _of(sql, parameters))
    for what, sql in _OF_SLICES.items():
        yield from _check(connection, what, sql, parameters)


def _check(
    connection: duckdb.DuckDBPyConnection, what: str, sql: str, parameters: Mapping[str, object]
) -> Iterator[Wrong]:
    """Run a check, and return only the first of many occurrences."""
    shown = (
        f"WITH wrong AS ({sql}) SELECT id, (SELECT sum(many) FROM wrong) FROM wrong ORDER BY id LIMIT {_MAX_EXAMPLES}"  # noqa: S608 - our own
    )
    rows = connection.execute(shown, _of(sql, parameters)).fetchall()
    if rows:
        yield what, int(rows[0][1]), [str(row[0]) for row in rows]


def _of(sql: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Return only the parameters that a query uses, since DuckDB refuses others."""
    return {name: value for name, value in parameters.items() if f"${name}" in sql}
