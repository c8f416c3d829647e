"""Page through events by time or by a column; each page starts after the last row of the page before."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

import duckdb
import orjson

from anthropic_audit.archive.duck import translated
from anthropic_audit.errors import SetupError
from anthropic_audit.times import EPOCH

from .execute import SearchHit, compiled, days_of, run
from .external_sort import sorted_rows
from .fields import COLUMNS, Column, FieldKind
from .sql import Clause, SearchRequest

MAX_PAGE_ROWS: Final = 500
TIME: Final = "@timestamp"
_MICROSECOND = timedelta(microseconds=1)
_MAX_SEQ: Final = 2**63
_MAX_DISTANCE: Final = timedelta(minutes=10)
_MAX_GROUPS: Final = 50


@dataclass(frozen=True, slots=True)
class SortOrder:
    """How events are sorted; events with equal values by time and `seq`, in the same direction."""

    field: str = TIME
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of events, and the token of the next page."""

    hits: Sequence[SearchHit]
    next: str | None
    """The `after` of the next page; None if this is the last one."""


def page(
    connection: duckdb.DuckDBPyConnection,
    request: SearchRequest,
    now: datetime,
    *,
    order: SortOrder,
    size: int,
    after: str = "",
) -> ResultPage:
    """Return a page of the matching events.

    Rows are found by their columns first, and only the documents of the page are read.

    Raises:
        SetupError: The field has no column to sort by, or `after` is not the token of a page.
        ArchiveError: The archive can't be read.
    """
    wanted = min(size, MAX_PAGE_ROWS)
    with translated():
        if order.field == TIME:
            keys = _by_time(connection, request, now, order=order, wanted=wanted, after=after)
            following = f"{keys[wanted - 1][0]}.{keys[wanted - 1][1]}" if len(keys) > wanted else None
        else:
            rows = _by_column(connection, request, now, order=order, wanted=wanted, after=after)
            following = _LastRow(*rows[wanted - 1]).token() if len(rows) > wanted else None
            keys = [(micros, seq) for _, micros, seq in rows]
        return ResultPage(_read(connection, keys[:wanted]), following)


def _by_time(
    connection: duckdb.DuckDBPyConnection,
    request: SearchRequest,
    now: datetime,
    *,
    order: SortOrder,
    wanted: int,
    after: str,
) -> list[tuple[int, int]]:
    """Return time in microseconds and `seq` of a page's rows and one more, day by day, so that the first come early.

    While few rows are found, the number of days that are read at once is doubled.
    """
    direction, beyond = ("DESC", "<") if order.is_descending else ("ASC", ">")
    span = replace(request, oldest_first=not order.is_descending)
    clause = compiled(connection, request, now)
    if after:
        micros, _, seq = after.partition(".")
        when = _when(_number(micros), after)
        edge = Clause(f"(timestamp, seq) {beyond} (?, ?)", (when, _number(seq)))
        clause = Clause(f"({clause.sql}) AND {edge.sql}", (*clause.parameters, *edge.parameters))
        until = min(request.until or when, when) + _MICROSECOND
        span = replace(span, until=until) if order.is_descending else replace(span, since=when)
    found: list[tuple[int, int]] = []
    for first, last in _spans(days_of(connection, span)):
        sql = (
            "SELECT epoch_us(timestamp), seq FROM events WHERE day BETWEEN CAST(? AS DATE) AND CAST(? AS DATE) "  # noqa: S608 - our own text
            f"AND {clause.sql} ORDER BY timestamp {direction}, seq {direction} LIMIT {wanted + 1 - len(found):d}"
        )
        found += connection.execute(sql, [min(first, last), max(first, last), *clause.parameters]).fetchall()
        if len(found) > wanted:
            break
    return found


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of spans of one day, two days, four, and so on."""
    start, size = 0, 1
    while start < len(days):
        some = days[start : start + size]
        yield some[0], some[-1]
        start, size = start + size, size * 2


@dataclass(frozen=True, slots=True)
class _LastRow:
    """The last row of a page sorted by a column; the next page starts after it, with the same cost for every page."""

    value: str | int | None
    micros: int
    seq: int

    def token(self) -> str:
        """Return the row as a token for a URL."""
        return urlsafe_b64encode(orjson.dumps([self.value, self.micros, self.seq])).decode().rstrip("=")

    @classmethod
    def of(cls, token: str, column: Column) -> _LastRow:
        """Parse a token.

        Raises:
            SetupError: It is not a token of this column.
        """
        try:
            value, micros, seq = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, TypeError) as error:
            raise _bad_token(token) from error
        kind = int if column.kind is FieldKind.NUMBER else str
        numbers = [micros, seq, *([value] if kind is int and value is not None else [])]
        is_number = all(isinstance(one, int) and abs(one) < _MAX_SEQ for one in numbers)
        if not is_number or not (value is None or isinstance(value, kind)):
            raise _bad_token(token)
        _when(micros, token)
        return cls(value, micros, seq)

    def behind(self, column: Column, order: SortOrder) -> Clause:
        """Return the condition on the rows after this one; rows without a value come last."""
        beyond = "<" if order.is_descending else ">"
        edge = (EPOCH + self.micros * _MICROSECOND, self.seq)
        later = f"(timestamp, seq) {beyond} (?, ?)"
        if self.value is None:
            return Clause(f"{column.name} IS NULL AND {later}", edge)
        sql = f"{column.name} {beyond} ? OR {column.name} IS NULL OR ({column.name} = ? AND {later})"
        return Clause(sql, (self.value, self.value, *edge))


def _by_column(
    connection: duckdb.DuckDBPyConnection,
    request: SearchRequest,
    now: datetime,
    *,
    order: SortOrder,
    wanted: int,
    after: str,
) -> list[tuple[str | int | None, int, int]]:
    """Return value, time in microseconds and `seq` of a page's rows and one more."""
    column, clause = sorting_column(order), compiled(connection, request, now)
    if after:
        behind = _LastRow.of(after, column).behind(column, order)
        clause = Clause(f"({clause.sql}) AND ({behind.sql})", (*clause.parameters, *behind.parameters))
    sql, parameters = _sorted(clause, order, f"{column.name}, epoch_us(timestamp), seq")
    return connection.execute(f"{sql} LIMIT {wanted + 1:d}", parameters).fetchall()


def _sorted(clause: Clause, order: SortOrder, shown: str) -> tuple[str, list[object]]:
    """Return the query for the matching events, sorted by a column."""
    column = sorting_column(order)
    direction = "DESC" if order.is_descending else "ASC"
    sql = (
        f"SELECT {shown} FROM events WHERE {clause.sql} "  # noqa: S608 - our own text
        f"ORDER BY {column.name} {direction} NULLS LAST, timestamp {direction}, seq {direction}"
    )
    return sql, list(clause.parameters)


def sorting_column(order: SortOrder) -> Column:
    """Return the column by which events are sorted.

    Raises:
        SetupError: The field has no column, or one with several values.
    """
    if not can_sort_by(order.field):
        message = f"events can't be sorted by `{order.field}`"
        raise SetupError(message, hint="sort by a field that has a column of its own, with one value")
    return COLUMNS[order.field]


def can_sort_by(field: str) -> bool:
    """Return whether a field has a column with one value per event."""
    return field in COLUMNS and COLUMNS[field].kind is not FieldKind.TEXTS


def _read(connection: duckdb.DuckDBPyConnection, keys: Sequence[tuple[int, int]]) -> list[SearchHit]:
    """Return the events of these keys, in their order.

    Reading documents takes longest, and parts of files without any key's time are skipped: keys that are close together
    are read in one query, and others in one query each, unless there are many.
    """
    close = list(_close_together(sorted(keys)))
    found: dict[int, SearchHit] = {}
    for some in close if len(close) <= _MAX_GROUPS else [sorted(keys)]:
        times = list(dict.fromkeys(EPOCH + micros * _MICROSECOND for micros, _ in some))
        days, seqs = sorted({when.date() for when in times}), [seq for _, seq in some]
        sql = (
            f"SELECT seq, feed, document FROM events WHERE day IN ({_placeholders(days)}) "  # noqa: S608 - our own text
            f"AND timestamp IN ({_placeholders(times)}) AND seq IN ({_placeholders(seqs)})"
        )
        for row in connection.execute(sql, [*days, *times, *seqs]).fetchall():
            found[row[0]] = SearchHit(*row)
    return [found[seq] for _, seq in keys if seq in found]


def _close_together(keys: Sequence[tuple[int, int]]) -> Iterator[Sequence[tuple[int, int]]]:
    """Yield sorted keys in groups; the times of neighbours in a group are at most ten minutes apart."""
    start = 0
    for position in range(1, len(keys) + 1):
        if position == len(keys) or keys[position][0] - keys[position - 1][0] > _MAX_DISTANCE // _MICROSECOND:
            yield keys[start:position]
            start = position


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - the digits of 64 bits
        raise _bad_token(text)
    return int(text)


def _when(micros: int, token: str) -> datetime:
    try:
        return EPOCH + micros * _MICROSECOND
    except OverflowError as error:
        raise _bad_token(token) from error


def _bad_token(text: str) -> SetupError:
    return SetupError(f"not a position in a list of events: `{text[:40]}`", hint="start again at the first page")


def newest_since(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime, *, events: int
) -> datetime | None:
    """Return the time since which about `events` events match, or None if there are none.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        keys = _by_time(connection, request, now, order=SortOrder(), wanted=events - 1, after="")
    return EPOCH + keys[-1][0] * _MICROSECOND if keys else None


def in_order(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime, order: SortOrder
) -> Iterator[Sequence[SearchHit]]:
    """Yield all matching events, at most `MAX_PAGE_ROWS` at a time, in bounded memory (see `slices`, `external_sort`).

    Raises:
        SetupError: The field has no column to sort by.
        ArchiveError: The archive can't be read.
    """
    for some in _all_in_order(connection, request, now, order):
        hits = iter(some)
        while few := list(islice(hits, MAX_PAGE_ROWS)):
            yield few


def _all_in_order(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime, order: SortOrder
) -> Iterator[Iterable[SearchHit]]:
    if order.field == TIME:
        yield run(connection, replace(request, oldest_first=not order.is_descending), now)
        return
    column = sorting_column(order).name
    with translated():
        clause = compiled(connection, request, now)
        for rows in sorted_rows(connection, column, clause, is_descending=order.is_descending):
            yield (SearchHit(seq, feed, document) for _, _, seq, feed, document in rows)
