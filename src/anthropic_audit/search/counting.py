"""Events, counted: over time, by the values of a field, altogether; and what occurred for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from anthropic_audit.times import EPOCH

from .fields import COLUMNS, Kind
from .question import Clause, Question, elements
from .run import compiled, translated

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time, and how many events of a value are in it."""

    start: datetime
    value: str | None
    events: int


@dataclass(frozen=True, slots=True)
class Values:
    """What a field holds: its most frequent values, and how many events there are beside those."""

    values: Sequence[tuple[str, int]]
    """Values and how many events have them, the most frequent first, equal ones by name."""
    distinct: int
    """How many different values there are."""
    without: int
    """Events that have none."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A period in numbers."""

    events: int
    failures: int
    critical: int
    unknown: int
    """Events of types, or with fields, that the catalogue does not know."""
    people: int
    addresses: int


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """A value that had not occurred before, and when it did."""

    value: str
    first: datetime
    last: datetime
    events: int
    """Of the period that was asked about."""


def over_time(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, step: timedelta, by: str | None = None
) -> list[Bucket]:
    """Count events by stretches of time and, if a field is named, by its first value.

    Stretches without any are left out. They begin at multiples of `step` since 1970, in UTC.

    Raises:
        ArchiveError: The archive can't be read.
    """
    size = step // _MICROSECOND
    value = Clause("NULL") if by is None else elements(by)
    first = value.sql if by is None else f"({value.sql})[1]"
    with translated():
        clause = compiled(connection, question, now)
        sql = (
            f"SELECT epoch_us(timestamp) // {size:d} AS bucket, {first} AS value, count(*) FROM events "  # noqa: S608 - our own text
            f"WHERE {clause.sql} GROUP BY ALL ORDER BY ALL"
        )
        rows = connection.execute(sql, [*value.parameters, *clause.parameters]).fetchall()
    return [Bucket(EPOCH + bucket * step, value, events) for bucket, value, events in rows]


def top_values(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, field: str, limit: int
) -> Values:
    """Count the values of a field; an event with several is counted for each of them.

    Raises:
        ArchiveError: The archive can't be read.
    """
    column = COLUMNS.get(field)
    with translated():
        clause = compiled(connection, question, now)
        if column is not None and column.kind is not Kind.TEXTS:
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


def totals(connection: duckdb.DuckDBPyConnection, question: Question, now: datetime) -> Totals:
    """Count a period's events, those that matter, and who took part.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        clause = compiled(connection, question, now)
        sql = (
            "SELECT count(*), count(*) FILTER (event_outcome = 'failure'), count(*) FILTER (sensitivity = 'critical'), "  # noqa: S608 - our own text
            "count(*) FILTER (NOT is_known), count(DISTINCT coalesce(user_email, user_id)), count(DISTINCT source_ip) "
            f"FROM events WHERE {clause.sql}"
        )
        return Totals(*connection.execute(sql, list(clause.parameters)).fetchall()[0])


def first_seen(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, field: str, limit: int
) -> list[FirstSeen]:
    """Return the values of a column that occur in a period and never before, the newest first.

    Before means: in whatever the archive has of before, whether it fits the rest of the question or not.

    Raises:
        ArchiveError: The archive can't be read.
    """
    name = COLUMNS[field].name
    since = question.since or EPOCH
    with translated():
        clause = compiled(connection, question, now)
        sql = (
            f"SELECT {name}, min(epoch_us(timestamp)) AS first, max(epoch_us(timestamp)), count(*) FROM events "  # noqa: S608 - our own text
            f"WHERE {clause.sql} AND {name} IS NOT NULL "
            f"AND {name} NOT IN (SELECT DISTINCT {name} FROM events WHERE {name} IS NOT NULL AND timestamp < ? "
            "AND day <= CAST(? AS DATE)) "
            f"GROUP BY {name} ORDER BY first DESC, {name} LIMIT {limit:d}"
        )
        rows = connection.execute(sql, [*clause.parameters, since, since.date()]).fetchall()
    return [
        FirstSeen(str(value), EPOCH + first * _MICROSECOND, EPOCH + last * _MICROSECOND, events)
        for value, first, last, events in rows
    ]


def _single(column: str, clause: Clause) -> tuple[str, list[object]]:
    sql = f"SELECT CAST({column} AS VARCHAR) AS value, count(*) AS times FROM events WHERE {clause.sql} GROUP BY 1"  # noqa: S608 - our own text
    return sql, list(clause.parameters)


def _several(found: Clause, clause: Clause) -> tuple[str, list[object]]:
    """Count each value of a list once for an event; an event without any counts for NULL.

    Equal lists are counted first, and taken apart then: there are few of them.
    """
    lists = f"SELECT {found.sql} AS found, count(*) AS times FROM events WHERE {clause.sql} GROUP BY 1"  # noqa: S608 - our own text
    present = "list_distinct(list_filter(found, lambda value: value IS NOT NULL))"
    values = (
        f"SELECT unnest(CASE WHEN len({present}) > 0 THEN {present} ELSE [NULL] END) AS value, times FROM ({lists})"  # noqa: S608 - our own text
    )
    sql = f"SELECT value, sum(times) AS times FROM ({values}) GROUP BY 1"  # noqa: S608 - our own text
    return sql, [*found.parameters, *clause.parameters]


@dataclass(frozen=True, slots=True)
class Seen:
    """When something occurred."""

    first: datetime
    last: datetime
    events: int


def seen(connection: duckdb.DuckDBPyConnection, question: Question, now: datetime) -> Seen | None:
    """Return since when and until when events fit, or None when none does.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        clause = compiled(connection, question, now)
        sql = f"SELECT min(epoch_us(timestamp)), max(epoch_us(timestamp)), count(*) FROM events WHERE {clause.sql}"  # noqa: S608 - our own text
        first, last, events = connection.execute(sql, list(clause.parameters)).fetchall()[0]
    return None if not events else Seen(EPOCH + first * _MICROSECOND, EPOCH + last * _MICROSECOND, events)
