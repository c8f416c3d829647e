"""A feed's coverage as a calendar: days that are complete, partial or missing, and their late activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from anthropic_audit.model import Window
from anthropic_audit.plan import Spans

State = Literal["complete", "partial", "missing", "before"]
"""State of a day. `complete`: all of the day that has passed is covered, but for the last hour; `partial`: some
of it is; `missing`: none of it is, although the feed's coverage had begun; `before`: coverage had not begun."""

WEEKS: Final = 26
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_MAX_OPEN: Final = timedelta(hours=1)
"""The newest time that does not have to be covered for a day to be complete."""


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day of a feed's calendar."""

    date: date
    state: State
    late: int
    """Number of late activities, found by reading the day again."""

    @property
    def words(self) -> str:
        """The day as text: date, state and late activities."""
        labels = {"complete": "complete", "partial": "partial", "missing": "missing", "before": "before the first walk"}
        late = f", {self.late:,} late" if self.late else ""
        return f"{self.date:%Y-%m-%d}: {labels[self.state]}{late}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The last `WEEKS` weeks: one row per weekday, one column per week."""

    months: Sequence[tuple[str, int]]
    """Names of months above the columns, each with the number of columns that it spans."""
    rows: Sequence[tuple[str, Sequence[Day | None]]]
    """Weekdays with their days, oldest first; None for days after today."""

    def count(self, state: State) -> int:
        """Return the number of days in a state."""
        return sum(day is not None and day.state == state for _, days in self.rows for day in days)


def first_day(now: datetime) -> datetime:
    """Return the start of the calendar: a Monday, 00:00 UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday(), weeks=WEEKS - 1)


def calendar(covered: Spans, late: Mapping[date, int], now: datetime) -> Calendar:
    """Return the calendar of a feed.

    Args:
        covered: The feed's coverage.
        late: Numbers of late activities by the UTC day on which they were created.
        now: The current time; later days are None.
    """
    first = first_day(now)
    recent = covered & Spans((Window(first, now + _DAY),))
    first_covered = covered.start

    def day(number: int) -> Day | None:
        start = first + number * _DAY
        if start > now:
            return None
        return Day(start.date(), _state(recent, first_covered, start, now), late.get(start.date(), 0))

    rows = [(name, [day(week * 7 + weekday) for week in range(WEEKS)]) for weekday, name in enumerate(WEEKDAYS)]
    return Calendar(_months(first), rows)


def _months(first: datetime) -> list[tuple[str, int]]:
    """Return the months of the weeks' Mondays with their numbers of weeks; the name of a month of one week is empty."""
    found: list[tuple[str, int]] = []
    for week in range(WEEKS):
        name = f"{first + week * 7 * _DAY:%b}"
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + 1)
        else:
            found.append((name, 1))
    return [(name if weeks > 1 else "", weeks) for name, weeks in found]


def _state(covered: Spans, first_covered: datetime | None, day: datetime, now: datetime) -> State:
    if first_covered is None or first_covered >= day + _DAY:
        return "before"
    start, end = max(day, first_covered), min(day + _DAY, now - _MAX_OPEN)
    if start >= end:
        return "complete"
    wanted = Spans((Window(start, end),))
    got = covered & wanted
    if got == wanted:
        return "complete"
    return "partial" if got else "missing"
