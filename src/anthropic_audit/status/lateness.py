"""Measure lateness: how late activities became visible whose time had been claimed before they were received.

Lateness is the time from an activity's `created_at` until it was received. This is an upper bound: the first walk that
reads the activity's time again finds it, and it may have been visible for a while.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

from anthropic_audit.archive.duck import translated
from anthropic_audit.plan import Margins, suggested

BOUNDS: Mapping[str, timedelta] = MappingProxyType(
    {
        "1m": timedelta(minutes=1),
        "10m": timedelta(minutes=10),
        "1h": timedelta(hours=1),
        "6h": timedelta(hours=6),
        "1d": timedelta(days=1),
        "3d": timedelta(days=3),
        "7d": timedelta(days=7),
    }
)
"""The upper bounds of a histogram's parts; one more part has everything later."""

UNFINISHED = "unfinished"
"""Used instead of a purpose for a walk that did not finish, and so claimed nothing."""

_MICROSECOND = timedelta(microseconds=1)
_SLICE_ROWS = 1_000_000
_MEDIAN, _NEARLY_ALL, _ALL_BUT_ONE = 49, 94, 98

_SETS = pa.schema({"number": pa.int64(), "feed": pa.string(), "filters": pa.string()})
_STEPS = pa.schema({"number": pa.int64(), "start": pa.int64(), "claimed": pa.int64()})
_CLAIMS = """
SELECT feed, filters, epoch_us(from_time) AS start, epoch_us(to_time) AS "end", epoch_us(walked_at) AS claimed
FROM coverage ORDER BY feed, filters, start
"""
_DAYS = "SELECT day, count(*) AS activities FROM activities GROUP BY day ORDER BY day"
_WALKS = """
CREATE OR REPLACE TEMP TABLE late_walks AS
SELECT feed, walk_id, min(number) AS number, min(purpose) AS purpose
FROM coverage JOIN late_sets USING (feed, filters) GROUP BY feed, walk_id
"""
_TABLE = "CREATE OR REPLACE TEMP TABLE late (type VARCHAR, purpose VARCHAR, lateness BIGINT)"
_OF_DAYS = """
INSERT INTO late
WITH only_sets AS (
    SELECT feed, min(number) AS number FROM late_sets GROUP BY feed HAVING count(*) = 1
), stored AS (
    SELECT type, epoch_us(created_at) AS created, epoch_us(received_at) AS received,
        coalesce(late_walks.number, only_sets.number) AS number, coalesce(late_walks.purpose, $unfinished) AS purpose
    FROM activities
    LEFT JOIN late_walks USING (feed, walk_id)
    LEFT JOIN only_sets USING (feed)
    WHERE day BETWEEN $first AND $last
)
SELECT type, purpose, received - created
FROM stored ASOF JOIN late_steps ON stored.number = late_steps.number AND stored.created >= late_steps.start
WHERE late_steps.claimed < stored.received
"""
_SUMMED = """
SELECT type, count(*) AS late, quantile_disc(lateness, {shares}) AS percentiles, [{up_to}] AS up_to,
    histogram(purpose) AS found_by
FROM late GROUP BY GROUPING SETS ((type), ()) ORDER BY late DESC, type
"""


@dataclass(frozen=True, slots=True)
class Late:
    """The distribution of the lateness of some activities."""

    count: int
    percentiles: tuple[timedelta, ...]
    """The 1st to the 100th percentile; the last one is the maximum."""
    parts: tuple[int, ...]
    """Number of activities in each part of the histogram: up to each of `BOUNDS`, and later."""
    found_by: Mapping[str, int]
    """Number of activities that walks of each purpose found."""

    @property
    def median(self) -> timedelta:
        """The lateness that half of the activities did not exceed."""
        return self.percentiles[_MEDIAN]

    @property
    def nearly_all(self) -> timedelta:
        """The lateness that 95 of 100 activities did not exceed."""
        return self.percentiles[_NEARLY_ALL]

    @property
    def largest(self) -> timedelta:
        """The highest lateness."""
        return self.percentiles[-1]

    @property
    def margins(self) -> Margins:
        """The margins with which the live tail alone would have found 99 of 100, within the limits of margins."""
        return suggested(self.median, self.percentiles[_ALL_BUT_ONE])

    def caught(self, margins: Margins) -> int:
        """Return the percentage that the live tail would have found with these margins, rounded down."""
        return sum(one <= margins.reach for one in self.percentiles)


@dataclass(frozen=True, slots=True)
class Lateness:
    """The late activities of an archive."""

    activities: int
    """Number of all activities, late or not."""
    overall: Late | None
    """None if no activity was late."""
    types: Mapping[str, Late]
    """The late activities by type, most frequent type first."""


def lateness(connection: duckdb.DuckDBPyConnection) -> Lateness:
    """Measure the lateness of activities whose time an earlier walk of the same feed and filters had claimed.

    Claims are merged into steps first, and activities are compared with them a few days at a time, so that neither many
    claims nor a long history take much memory. An activity of an unfinished walk counts for its feed's filters if the
    feed was collected with one set of filters only; otherwise it is unknown which claims apply to it.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        _register_steps(connection)
        connection.execute(_WALKS)
        connection.execute(_TABLE)
        days = connection.sql(_DAYS).to_arrow_table().to_pylist()
        for first, last in slices([(row["day"], row["activities"]) for row in days], _SLICE_ROWS):
            connection.execute(_OF_DAYS, {"unfinished": UNFINISHED, "first": first, "last": last})
        found = {row["type"]: _late(row) for row in connection.sql(_summed()).to_arrow_table().to_pylist()}
    overall = found.pop(None, None)
    return Lateness(sum(row["activities"] for row in days), overall if overall and overall.count else None, found)


def first_claims(claims: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int | None]]:
    """Convert claims (start, end, time) to steps: where each starts, and when time from there was first claimed."""
    waiting = sorted(claims, reverse=True)
    claimed: list[tuple[int, int]] = []
    before: int | None = None
    for moment in sorted({edge for start, end, _ in waiting for edge in (start, end)}):
        while waiting and waiting[-1][0] <= moment:
            _, end, when = waiting.pop()
            heapq.heappush(claimed, (when, end))
        while claimed and claimed[0][1] <= moment:
            heapq.heappop(claimed)
        earliest = claimed[0][0] if claimed else None
        if earliest != before:
            yield moment, earliest
        before = earliest


def slices(days: Sequence[tuple[date, int]], max_activities: int) -> Iterator[tuple[date, date]]:
    """Yield spans of days, first and last, with at most `max_activities` each unless one day has more."""
    start, taken = None, 0
    last = None
    for day, count in days:
        if start is not None and last is not None and taken + count > max_activities:
            yield start, last
            start, taken = None, 0
        start, last, taken = start or day, day, taken + count
    if start is not None and last is not None:
        yield start, last


def _register_steps(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the sets of filters, and the steps of their first claims, as tables."""
    rows = zip(*(column.to_pylist() for column in connection.sql(_CLAIMS).to_arrow_table().columns), strict=True)
    sets: list[dict[str, object]] = []
    numbers, starts, first = list[int](), list[int](), list[int | None]()
    for number, ((feed, filters), claims) in enumerate(groupby(rows, key=lambda row: (row[0], row[1]))):
        sets.append({"number": number, "feed": feed, "filters": filters})
        for start, claimed in first_claims((row[2], row[3], row[4]) for row in claims):
            numbers.append(number)
            starts.append(start)
            first.append(claimed)
    connection.register("late_sets", pa.Table.from_pylist(sets, _SETS))
    connection.register("late_steps", pa.table([numbers, starts, first], _STEPS))


def _summed() -> str:
    shares = [number / 100 for number in range(1, 101)]
    up_to = ", ".join(f"count(*) FILTER (lateness <= {bound // _MICROSECOND:d})" for bound in BOUNDS.values())
    return _SUMMED.format(shares=shares, up_to=up_to)


def _late(row: Mapping[str, Any]) -> Late:
    return Late(
        count=row["late"],
        percentiles=tuple(number * _MICROSECOND for number in row["percentiles"] or ()),
        parts=tuple(more - fewer for fewer, more in pairwise([0, *row["up_to"], row["late"]])),
        found_by=dict(row["found_by"] or ()),
    )
