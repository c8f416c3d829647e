"""Aggregate events: over time, by the values of a field, in total; and find values seen for the first time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from anthropic_audit.archive.duck import translated
from anthropic_audit.errors import ArchiveError
from anthropic_audit.times import EPOCH

from .execute import compiled
from .fields import COLUMNS, FieldKind
from .folding import canonical, canonical_sql
from .sql import Clause, SearchRequest, elements

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of time, and the number of events in it that have a value."""

    start: datetime
    value: str | None
    events: int


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a field: the most frequent ones, and the number of all others."""

    values: Sequence[tuple[str, int]]
    """Values with their numbers of events, most frequent first, then by name."""
    distinct: int
    """Number of different values."""
    without: int
    """Number of events without a value."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a period."""

    events: int
    failures: int
    critical: int
    unknown: int
    """Number of events with a type or a field that the catalogue does not know."""
    people: int
    """Number of users, counted by e-mail address, or by id if they have none."""
    addresses: int


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """A value that was new in a period, with its first and last time."""

    value: str
    first: datetime
    last: datetime
    events: int
    """Number of events in the requested period."""


def over_time(
    connection: duckdb.DuckDBPyConnection,
    request: SearchRequest,
    now: datetime,
    *,
    step: timedelta,
    by: str | None = None,
) -> list[Bucket]:
    """Count events by spans of time of length `step` and, if a field is named, by its first value.

    Spans without events are left out. They begin at multiples of `step` since 1970, in UTC.

    Raises:
        ArchiveError: The archive can't be read.
    """
    size = step // _MICROSECOND
    value = Clause("NULL") if by is None else elements(by)
    first = value.sql if by is None else f"({value.sql})[1]"
    with translated():
        clause = compiled(connection, request, now)
        sql = (
            f"SELECT epoch_us(timestamp) // {size:d} AS bucket, {first} AS value, count(*) FROM events "  # noqa: S608 - our own text
            f"WHERE {clause.sql} GROUP BY ALL ORDER BY ALL"
        )
        rows = connection.execute(sql, [*value.parameters, *clause.parameters]).fetchall()
    return [Bucket(EPOCH + bucket * step, value, events) for bucket, value, events in rows]


def top_values(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime, *, field: str, limit: int
) -> Values:
    """Count the values of a field; an event with several values is counted for each of them.

    Raises:
        ArchiveError: The archive can't be read.
    """
    column = COLUMNS.get(field)
    with translated():
        clause = compiled(connection, request, now)
        if column is not None and column.kind is not FieldKind.TEXTS:
            inner, parameters = _single(column.name, clause)
        else:
            inner, parameters = _several(elements(field), clause)
        sql = (
            f"SELECT value, times, count(*) FILTER (value IS NOT NULL) OVER (), "  # noqa: S608 - our own text
            f"coalesce(sum(times) FILTER (value IS NULL) OVER (), 0) FROM ({inner}) "
            f"ORDER BY value IS NULL, times DESC, value LIMIT {limit + 1:d}"
        )
        rows = connection.execute(sql, parameters).fetchall()
    values = [(value, times) for value, times, _, _ in rows if value is not None][:limit]
    return Values(values, int(rows[0][2]) if rows else 0, int(rows[0][3]) if rows else 0)


def top_values_of(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime, *, fields: Sequence[str], limit: int
) -> dict[str, Values]:
    """Count the values of several fields in one pass; each must have a column with a single value.

    Raises:
        ArchiveError: The archive can't be read.
    """
    names = [COLUMNS[field].name for field in fields]
    sets = ", ".join(f"({name})" for name in names)
    with translated():
        clause = compiled(connection, request, now)
        each = (
            f"SELECT grouping_id({', '.join(names)}) AS place, {', '.join(names)}, count(*) AS times FROM events "  # noqa: S608 - our own text
            f"WHERE {clause.sql} GROUP BY GROUPING SETS ({sets})"
        )
        value = canonical_sql(f"coalesce({', '.join(f'CAST({name} AS VARCHAR)' for name in names)})")
        counted = f"SELECT place, {value} AS value, sum(times) AS times FROM ({each}) GROUP BY ALL"  # noqa: S608 - our own text
        sql = (
            f"SELECT place, value, times, count(value) OVER (PARTITION BY place) FROM ({counted}) "  # noqa: S608 - our own text
            "QUALIFY value IS NULL OR row_number() OVER (PARTITION BY place ORDER BY value IS NULL, times DESC, value) "
            f"<= {limit:d} ORDER BY value IS NULL, times DESC, value"
        )
        rows = connection.execute(sql, list(clause.parameters)).fetchall()
    found: dict[str, Values] = {}
    for place, field in enumerate(fields):
        mine = (1 << len(fields)) - 1 - (1 << (len(fields) - 1 - place))
        rows_of_field = [(value, times, distinct) for group, value, times, distinct in rows if group == mine]
        values = [(value, times) for value, times, _ in rows_of_field if value is not None]
        without = sum(times for value, times, _ in rows_of_field if value is None)
        found[field] = Values(values, rows_of_field[0][2] if rows_of_field else 0, without)
    return found


def totals(connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime) -> Totals:
    """Count a period's events, those that failed, are critical or unknown, and the users and addresses in them.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        clause = compiled(connection, request, now)
        sql = (
            "SELECT count(*), count(*) FILTER (event_outcome = 'failure'), count(*) FILTER (sensitivity = 'critical'), "  # noqa: S608 - our own text
            "count(*) FILTER (NOT is_known), "
            f"count(DISTINCT {canonical_sql('user_email')}) + count(DISTINCT user_id) FILTER (user_email IS NULL), "
            "count(DISTINCT source_ip) "
            f"FROM events WHERE {clause.sql}"
        )
        return Totals(*connection.execute(sql, list(clause.parameters)).fetchall()[0])


def first_seen(
    connection: duckdb.DuckDBPyConnection,
    request: SearchRequest,
    now: datetime,
    *,
    field: str,
    candidates: Sequence[str],
    limit: int,
) -> list[FirstSeen]:
    """Return when the given values of a column occur among the matching events, latest first occurrence first.

    Raises:
        ArchiveError: The archive can't be read.
    """
    if not candidates:
        return []
    name = canonical_sql(COLUMNS[field].name)
    with translated():
        clause = compiled(connection, request, now)
        sql = (
            f"SELECT {name}, min(epoch_us(timestamp)) AS first, max(epoch_us(timestamp)), count(*) FROM events "  # noqa: S608 - our own text
            f"WHERE {clause.sql} AND {name} IN (SELECT unnest(CAST(? AS VARCHAR[]))) "
            f"GROUP BY {name} ORDER BY first DESC, {name} LIMIT {limit:d}"
        )
        rows = connection.execute(sql, [*clause.parameters, list(candidates)]).fetchall()
    return [
        FirstSeen(str(value), EPOCH + first * _MICROSECOND, EPOCH + last * _MICROSECOND, events)
        for value, first, last, events in rows
    ]


class FirstSeenIndex:
    """When each value of some columns occurred for the first time; each file is read only once.

    Files never change: new ones are read, and values from removed ones are remembered. Can be used by several threads.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = tuple(fields)
        self._lock = threading.Lock()
        self._read: frozenset[str] = frozenset()
        self._firsts: dict[str, dict[str, int]] = {field: {} for field in fields}

    def take(self, connection: duckdb.DuckDBPyConnection, files: Callable[[], frozenset[str]]) -> None:
        """Read the files of `events` that were not read yet.

        Args:
            connection: The connection to read with.
            files: Returns the paths of undamaged files; called again if a file can't be read and may be damaged.

        Raises:
            ArchiveError: An undamaged file can't be read.
        """
        with self._lock:
            there = files()
            while added := sorted(there - self._read):
                try:
                    self._take(connection, added)
                except ArchiveError:
                    before, there = there, files()
                    if there == before:
                        raise
                else:
                    break
            self._read = there

    def _take(self, connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
        for field in self._fields:
            name, known = COLUMNS[field].name, self._firsts[field]
            sql = (
                f"SELECT CAST({name} AS VARCHAR), min(epoch_us(timestamp)) FROM read_parquet(?) "  # noqa: S608 - our own text
                f"WHERE {name} IS NOT NULL GROUP BY 1"
            )
            with translated():
                rows = connection.execute(sql, [files]).fetchall()
            for stored, first in rows:
                value = canonical(stored)
                known[value] = min(first, known.get(value, first))

    def between(self, field: str, since: datetime, until: datetime) -> list[str]:
        """Return the values that occurred for the first time in a span, newest first."""
        start, end = ((when - EPOCH) // _MICROSECOND for when in (since, until))
        with self._lock:
            found = [(first, value) for value, first in self._firsts[field].items() if start <= first < end]
        return [value for _, value in sorted(found, key=lambda one: (-one[0], one[1]))]


def _single(column: str, clause: Clause) -> tuple[str, list[object]]:
    sql = f"SELECT CAST({column} AS VARCHAR) AS value, count(*) AS times FROM events WHERE {clause.sql} GROUP BY 1"  # noqa: S608 - our own text
    return _as_one(sql), list(clause.parameters)


def _as_one(counted: str) -> str:
    """Merge values of the same canonical form after counting each, since there are fewer values than rows."""
    return f"SELECT {canonical_sql('value')} AS value, sum(times) AS times FROM ({counted}) GROUP BY 1"  # noqa: S608 - our own text


def _several(found: Clause, clause: Clause) -> tuple[str, list[object]]:
    """Count each value of a list once per event; an event without values counts for NULL.

    Equal lists are counted before they are unnested, since there are few different ones.
    """
    lists = f"SELECT {found.sql} AS found, count(*) AS times FROM events WHERE {clause.sql} GROUP BY 1"  # noqa: S608 - our own text
    texts = (
        f"list_transform(list_filter(found, lambda value: value IS NOT NULL), lambda value: {canonical_sql('value')})"
    )
    present = f"list_distinct({texts})"
    values = (
        f"SELECT unnest(CASE WHEN len({present}) > 0 THEN {present} ELSE [NULL] END) AS value, times FROM ({lists})"  # noqa: S608 - our own text
    )
    sql = f"SELECT value, sum(times) AS times FROM ({values}) GROUP BY 1"  # noqa: S608 - our own text
    return sql, [*found.parameters, *clause.parameters]


@dataclass(frozen=True, slots=True)
class FirstAndLast:
    """The first and last time of some events, and their number."""

    first: datetime
    last: datetime
    events: int


def seen(connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime) -> FirstAndLast | None:
    """Return the first and last time of the matching events, or None if there are none.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        clause = compiled(connection, request, now)
        sql = f"SELECT min(epoch_us(timestamp)), max(epoch_us(timestamp)), count(*) FROM events WHERE {clause.sql}"  # noqa: S608 - our own text
        first, last, events = connection.execute(sql, list(clause.parameters)).fetchall()[0]
    return None if not events else FirstAndLast(EPOCH + first * _MICROSECOND, EPOCH + last * _MICROSECOND, events)
