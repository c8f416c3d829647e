"""Pages of events, however many there are: by time from a cursor on, or by a column from a place on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

import duckdb
import pyarrow as pa

from anthropic_audit.errors import SetupError
from anthropic_audit.times import EPOCH

from .fields import COLUMNS, Column, Kind
from .question import Clause, Question
from .run import Hit, compiled, days_of, run, translated

MOST: Final = 500
TIME: Final = "@timestamp"
_MICROSECOND = timedelta(microseconds=1)
_LATEST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND - 1


@dataclass(frozen=True, slots=True)
class Order:
    """How events are sorted; equal ones by time and `seq`, in the same direction."""

    field: str = TIME
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, and where the next ones begin."""

    hits: Sequence[Hit]
    next: str | None
    """What to give as `after` for the page behind, or None when this is the last one."""


def page(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    now: datetime,
    *,
    order: Order,
    size: int,
    after: str = "",
) -> Page:
    """Return a page of what fits.

    Rows are found by their columns first, and only those of the page are read whole.

    Raises:
        SetupError: The field has no column to sort by, or `after` is nothing that was given out.
        ArchiveError: The archive can't be read.
    """
    wanted = min(size, MOST)
    with translated():
        if order.field == TIME:
            keys = _by_time(connection, question, now, order=order, wanted=wanted, after=after)
            following = f"{keys[wanted - 1][0]}.{keys[wanted - 1][1]}" if len(keys) > wanted else None
        else:
            start = _number(after) if after else 0
            keys = _by_column(connection, question, now, order=order, wanted=wanted, start=start)
            following = str(start + wanted) if len(keys) > wanted else None
        return Page(_read(connection, keys[:wanted]), following)


def _by_time(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, order: Order, wanted: int, after: str
) -> list[tuple[int, int]]:
    """Return time in microseconds and `seq` of a page's rows and one more, day by day, so that the first come early.

    The longer nothing is found, the more days are read at once.
    """
    direction, beyond = ("DESC", "<") if order.is_descending else ("ASC", ">")
    asked = replace(question, oldest_first=not order.is_descending)
    clause = compiled(connection, question, now)
    if after:
        micros, _, seq = after.partition(".")
        when = EPOCH + min(_number(micros), _LATEST) * _MICROSECOND
        edge = Clause(f"(timestamp, seq) {beyond} (?, ?)", (when, _number(seq)))
        clause = Clause(f"({clause.sql}) AND {edge.sql}", (*clause.parameters, *edge.parameters))
        until = min(question.until or when, when) + _MICROSECOND
        asked = replace(asked, until=until) if order.is_descending else replace(asked, since=when)
    found: list[tuple[int, int]] = []
    for first, last in _spans(days_of(connection, asked)):
        sql = (
            "SELECT epoch_us(timestamp), seq FROM events WHERE day BETWEEN CAST(? AS DATE) AND CAST(? AS DATE) "  # noqa: S608 - our own text
            f"AND {clause.sql} ORDER BY timestamp {direction}, seq {direction} LIMIT {wanted + 1 - len(found):d}"
        )
        found += connection.execute(sql, [min(first, last), max(first, last), *clause.parameters]).fetchall()
        if len(found) > wanted:
            break
    return found


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of one day, then of two, four, and so on."""
    start, size = 0, 1
    while start < len(days):
        some = days[start : start + size]
        yield some[0], some[-1]
        start, size = start + size, size * 2


def _by_column(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, order: Order, wanted: int, start: int
) -> list[tuple[int, int]]:
    sql, parameters = _sorted(compiled(connection, question, now), order)
    return connection.execute(f"{sql} LIMIT {wanted + 1:d} OFFSET {start:d}", parameters).fetchall()


def _sorted(clause: Clause, order: Order) -> tuple[str, list[object]]:
    """Return the query for time and `seq` of what fits, by a column."""
    column = sorting_column(order)
    direction = "DESC" if order.is_descending else "ASC"
    sql = (
        f"SELECT epoch_us(timestamp), seq FROM events WHERE {clause.sql} "  # noqa: S608 - our own text
        f"ORDER BY {column.name} {direction} NULLS LAST, timestamp {direction}, seq {direction}"
    )
    return sql, list(clause.parameters)


def sorting_column(order: Order) -> Column:
    """Return the column by which events are sorted.

    Raises:
        SetupError: The field has none, or one with several values.
    """
    column = COLUMNS.get(order.field)
    if column is None or column.kind is Kind.TEXTS:
        message = f"events can't be sorted by `{order.field}`"
        raise SetupError(message, hint="only fields that have a column of their own can be sorted by")
    return column


def _read(connection: duckdb.DuckDBPyConnection, keys: Sequence[tuple[int, int]]) -> list[Hit]:
    """Return the events of these keys, in their order."""
    if not keys:
        return []
    times = [EPOCH + micros * _MICROSECOND for micros, _ in keys]
    days = sorted({when.date() for when in times})
    sql = (
        "SELECT seq, feed, document FROM events WHERE day BETWEEN CAST(? AS DATE) AND CAST(? AS DATE) "
        "AND day IN (SELECT unnest(CAST(? AS DATE[]))) AND timestamp BETWEEN ? AND ? "
        "AND seq IN (SELECT unnest(CAST(? AS BIGINT[])))"
    )
    parameters = [days[0], days[-1], days, min(times), max(times), [seq for _, seq in keys]]
    found = {seq: Hit(seq, feed, document) for seq, feed, document in connection.execute(sql, parameters).fetchall()}
    return [found[seq] for _, seq in keys if seq in found]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - the digits of 64 bits
        message = f"this is no place in a list of events: `{text[:40]}`"
        raise SetupError(message, hint="start again at the first page")
    return int(text)


def newest_since(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, *, events: int
) -> datetime | None:
    """Return since when there are about so many events that fit, or None when there are none.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        keys = _by_time(connection, question, now, order=Order(), wanted=events - 1, after="")
    return EPOCH + keys[-1][0] * _MICROSECOND if keys else None


def in_order(
    connection: duckdb.DuckDBPyConnection, question: Question, now: datetime, order: Order
) -> Iterator[Sequence[Hit]]:
    """Yield everything that fits, some at a time.

    By time, memory holds a day's matches; by a column, the numbers of all matches.

    Raises:
        SetupError: The field has no column to sort by.
        ArchiveError: The archive can't be read.
    """
    if order.field == TIME:
        hits = run(connection, replace(question, oldest_first=not order.is_descending), now)
        while some := list(islice(hits, MOST)):
            yield some
        return
    with translated():
        sql, parameters = _sorted(compiled(connection, question, now), order)
        keys: pa.Table = connection.sql(sql, params=parameters).to_arrow_table()
        for batch in keys.to_batches(max_chunksize=MOST):
            yield _read(connection, list(zip(*(column.to_pylist() for column in batch.columns), strict=True)))
