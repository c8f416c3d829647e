"""Looking through an archive for whatever must not be: every hash and every claim, by what is stored alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from .delta import translated
from .reader import ArchiveReader

_SLICE = 200_000
"""How many numbers (`seq`) are looked at in one go."""
_SHOWN = 20

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be: what, how often, and the first of them."""

    what: str
    number: int
    examples: tuple[str, ...]


_OF_SLICES = {
    "received bytes do not have the SHA-256 that was stored with them": """
        SELECT id FROM activities WHERE seq BETWEEN $first AND $last AND sha256(raw) <> lower(hex(sha256))""",
    "an activity lies in the partition of another day": """
        SELECT id FROM activities WHERE seq BETWEEN $first AND $last AND day <> CAST(created_at AS DATE)""",
    "an activity has no event": """
        SELECT a.id FROM activities a ANTI JOIN events e ON e.seq = a.seq AND e.seq BETWEEN $first AND $last
        WHERE a.seq BETWEEN $first AND $last AND a.seq <= $normalized""",
    "an event is of no activity": """
        SELECT e.id FROM events e ANTI JOIN activities a ON a.seq = e.seq AND a.id = e.id
            AND a.seq BETWEEN $first AND $last
        WHERE e.seq BETWEEN $first AND $last""",
    "an event's document names another activity": """
        SELECT id FROM events WHERE seq BETWEEN $first AND $last
            AND json_extract_string(document, '$.event.id') IS DISTINCT FROM nullif(id, '')
            AND json_extract_string(document, '$.error.message') IS NULL""",
}
_OF_ALL = {
    "an activity is stored more than once": "SELECT id FROM activities GROUP BY id HAVING count(*) > 1",
    "a number is given to more than one activity": """
        SELECT CAST(seq AS VARCHAR) AS id FROM activities GROUP BY seq HAVING count(*) > 1""",
    "an activity has more than one event": """
        SELECT CAST(seq AS VARCHAR) AS id FROM events GROUP BY seq HAVING count(*) > 1""",
    "numbers of activities are missing": """
        SELECT concat(previous + 1, ' to ', seq - 1) AS id
        FROM (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS previous FROM activities)
        WHERE seq > previous + 1
            AND (SELECT max(seq) - count(*) FROM activities)
                > (SELECT coalesce(sum(activities), 0) FROM (SELECT DISTINCT ON (of_day) * FROM removals
                   WHERE of_day NOT IN (SELECT day FROM activities) ORDER BY of_day, removed_at))""",
    "a claim reaches beyond the time at which it was made": """
        SELECT concat(feed, ' ', walk_id) AS id FROM coverage WHERE to_time > walked_at OR from_time >= to_time""",
    "a walk has not stored as many activities as it claims": """
        SELECT concat(c.feed, ' ', c.walk_id) AS id FROM coverage c
        JOIN (SELECT walk_id, count(*) AS stored FROM activities GROUP BY walk_id) a ON a.walk_id = c.walk_id
        WHERE a.stored > c.new OR c.new > c.activities
            OR (a.stored < c.new AND NOT EXISTS (SELECT 1 FROM removals))""",
}


def verify(reader: ArchiveReader, told: Callable[[int, int], None] = lambda done, last: None) -> list[Finding]:
    """Recompute every hash and look at every record and claim; return what is wrong, nothing when all is right.

    `told` is called with how many numbers were looked at, and how many there are.

    Raises:
        ArchiveError: A file can't be read at all.
    """
    found: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    with translated(reader.folder), reader.connect() as connection:
        for what, ids in _wrong(connection, told):
            numbers[what] = numbers.get(what, 0) + len(ids)
            found.setdefault(what, []).extend(ids[: _SHOWN - len(found.get(what, []))])
    return [Finding(what, numbers[what], tuple(examples)) for what, examples in found.items()]


def _wrong(connection: duckdb.DuckDBPyConnection, told: Callable[[int, int], None]) -> Iterator[tuple[str, list[str]]]:
    highest = "SELECT coalesce((SELECT max(seq) FROM activities), 0), coalesce((SELECT max(seq) FROM events), 0)"
    last, normalized = connection.execute(highest).fetchall()[0]
    for first in range(1, last + 1, _SLICE):
        end = min(first + _SLICE - 1, last)
        for what, sql in _OF_SLICES.items():
            parameters: dict[str, object] = {"first": first, "last": end}
            if "$normalized" in sql:
                parameters["normalized"] = normalized
            yield from _asked(connection, what, sql, parameters)
        told(end, last)
    for what, sql in _OF_ALL.items():
        yield from _asked(connection, what, sql, {})


def _asked(
    connection: duckdb.DuckDBPyConnection, what: str, sql: str, parameters: Mapping[str, object]
) -> Iterator[tuple[str, list[str]]]:
    rows = connection.execute(sql, dict(parameters)).fetchall()
    if rows:
        yield what, [str(row[0]) for row in rows]
