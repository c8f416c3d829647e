"""A feed's coverage as a calendar: what of each day is complete, in part, missing, or came late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from anthropic_audit.model import Window
from anthropic_audit.plan import Spans

State = Literal["complete", "partial", "missing", "before"]
"""`complete`: all of a day that has passed is covered, but for the last hour; `partial`: some is; `missing`: none is
although the feed had begun; `before`: it had not."""

WEEKS: Final = 26
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_SLACK: Final = timedelta(hours=1)
"""Of today, so much may be open."""


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day."""

    date: date
    state: State
    late: int
    """Activities that were found late, by reading the day again."""

    @property
    def words(self) -> str:
        """What is told of it."""
        labels = {"complete": "complete", "partial": "partial", "missing": "missing", "before": "before the first walk"}
        late = f", {self.late:,} late" if self.late else ""
        return f"{self.date:%Y-%m-%d}: {labels[self.state]}{late}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The last weeks: a row for each weekday, a column for each week."""

    months: Sequence[tuple[str, int]]
    """Names of months over the columns, each with how many it spans."""
    rows: Sequence[tuple[str, Sequence[Day | None]]]
    """Weekdays with their days, oldest first; None after today."""

    def count(self, state: State) -> int:
        """Return how many days are in a state."""
        return sum(day is not None and day.state == state for _, days in self.rows for day in days)


def first_day(now: datetime) -> datetime:
    """Return the Monday with which the calendar begins."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday(), weeks=WEEKS - 1)


def calendar(covered: Spans, late: Mapping[date, int], now: datetime) -> Calendar:
    """Return what is known of each day.

    Args:
        covered: What a feed's walks have read to the end.
        late: Activities that were found late, by the day on which they were created.
        now: The time until which days have passed.
    """
    first = first_day(now)
    recent = covered & Spans((Window(first, now + _DAY),))
    begun = covered.start

    def day(number: int) -> Day | None:
        start = first + number * _DAY
        if start > now:
            return None
        return Day(start.date(), _state(recent, begun, start, now), late.get(start.date(), 0))

    rows = [(name, [day(week * 7 + place) for week in range(WEEKS)]) for place, name in enumerate(WEEKDAYS)]
    return Calendar(_months(first), rows)


def _months(first: datetime) -> list[tuple[str, int]]:
    """Return the months of the weeks' Mondays, one after the other; one of a single week has no room for its name."""
    found: list[tuple[str, int]] = []
    for week in range(WEEKS):
        name = f"{first + week * 7 * _DAY:%b}"
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + 1)
        else:
            found.append((name, 1))
    return [(name if weeks > 1 else "", weeks) for name, weeks in found]


def _state(covered: Spans, begun: datetime | None, day: datetime, now: datetime) -> State:
    if begun is None or begun >= day + _DAY:
        return "before"
    start, end = max(day, begun), min(day + _DAY, now - _SLACK)
    if start >= end:
        return "complete"
    wanted = Spans((Window(start, end),))
    got = covered & wanted
    if got == wanted:
        return "complete"
    return "partial" if got else "missing"
