"""Divide a day of events into slices that fit into memory; their size follows from the slices before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import duckdb

from anthropic_audit.times import EPOCH

from .sql import Clause

TARGET_CHARS: Final = 16 << 20
"""The size of documents that one slice should yield, in characters."""

STEP: Final = 500
"""Slices are cut at multiples of this many events."""

_FIRST_ROWS: Final = 1_000
_MAX_ROWS: Final = 50_000
_GROWTH: Final = 4
_MICROSECOND: Final = timedelta(microseconds=1)

Edge = tuple[datetime, int]
"""A time and a `seq`: the first event of a slice."""


@dataclass
class SliceSizing:
    """The number of stored events that the next slice spans."""

    rows: int = _FIRST_ROWS

    def note(self, rows: int, chars: int) -> None:
        """Adapt to a slice of `rows` stored events whose matches had `chars` characters."""
        wanted = rows * TARGET_CHARS // max(chars, 1)
        self.rows = max(STEP, min(wanted, self.rows * _GROWTH, _MAX_ROWS))


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a day, and the number of stored events that it spans."""

    clause: Clause
    rows: int


def slices(
    connection: duckdb.DuckDBPyConnection, day: date, events: int, sizing: SliceSizing, *, oldest_first: bool
) -> Iterator[Slice]:
    """Yield conditions that each select a part of a day's `events`, ordered by time.

    A day that fits into one slice is not queried. `sizing` is read before each slice, so the size of a slice can follow
    from the matches of the slice before.
    """
    whole = of_day(day)
    if events <= sizing.rows:
        yield Slice(whole, events)
        return
    edges = _edges(connection, day, oldest_first=oldest_first)
    first: Edge | None = None
    position = 0
    while position <= len(edges):
        following = position + max(1, sizing.rows // STEP)
        last = edges[following - 1] if following <= len(edges) else None
        rows = (following - position) * STEP if last else events - position * STEP
        yield Slice(_between(whole, first, last, oldest_first=oldest_first), rows)
        first, position = last, following


def of_day(day: date) -> Clause:
    """Return the condition for the events of a day."""
    return Clause("day = CAST(? AS DATE)", (day,))


def _edges(connection: duckdb.DuckDBPyConnection, day: date, *, oldest_first: bool) -> Sequence[Edge]:
    """Return every `STEP`-th event of a day, in its order."""
    direction = "ASC" if oldest_first else "DESC"
    sql = (
        "SELECT epoch_us(timestamp), seq FROM events WHERE day = CAST(? AS DATE) "  # noqa: S608 - our own text
        f"QUALIFY (row_number() OVER (ORDER BY timestamp {direction}, seq {direction}) - 1) % {STEP:d} = 0 "
        f"ORDER BY timestamp {direction}, seq {direction}"
    )
    found = connection.execute(sql, [day]).fetchall()
    return [(EPOCH + micros * _MICROSECOND, seq) for micros, seq in found[1:]]


def _between(whole: Clause, first: Edge | None, last: Edge | None, *, oldest_first: bool) -> Clause:
    """Add the edges: from the first event on, and before the last; the plain times let DuckDB skip parts of files."""
    onward, before = (">", "<") if oldest_first else ("<", ">")
    sql, parameters = whole.sql, [*whole.parameters]
    if first is not None:
        sql += f" AND timestamp {onward}= ? AND (timestamp <> ? OR seq {onward}= ?)"
        parameters += [first[0], *first]
    if last is not None:
        sql += f" AND timestamp {before}= ? AND (timestamp <> ? OR seq {before} ?)"
        parameters += [last[0], *last]
    return Clause(sql, tuple(parameters))
