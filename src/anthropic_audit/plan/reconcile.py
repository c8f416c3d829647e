"""Reconciliation: compute which covered time has to be read again, because activities can become visible late.

The API's documentation asks for a periodic reconciliation of older windows: a late activity never shows up in a later
window. Each rung of the ladder requires that every covered moment is read again when it has reached a certain age.
The ages grow, so that very late activities are found, too, and a moment is read only a few times altogether. Due
windows are computed from the record of walks alone: there is no timer to lose, and after an outage, missed windows are
due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from anthropic_audit.model import Purpose, Window

from .spans import Spans
from .tail import Due


@dataclass(frozen=True, slots=True)
class Rung:
    """Every covered moment is read again once it is older than `age`, and before it is `within` older than that."""

    age: timedelta
    within: timedelta


@dataclass(frozen=True, slots=True)
class Walk:
    """A window that was read to its end, and the time when that was done."""

    window: Window
    walked_at: datetime


LADDER = (
    Rung(timedelta(hours=1), timedelta(hours=1)),
    Rung(timedelta(days=1), timedelta(hours=12)),
    Rung(timedelta(days=3), timedelta(days=1)),
    Rung(timedelta(days=7), timedelta(days=1)),
)
"""The last rung is for disclosures (`anthropic_access`, `cmek_preserve`), which the API's documentation calls up to two
business days late: a week at most, with a weekend and holidays. A walk with a filter for them would be shorter, and
refused by a server that does not know them.
"""

HORIZON = timedelta(days=30)
"""Older time is only read again on request."""


def due_reconciles(
    covered: Spans, walks: Iterable[Walk], now: datetime, ladder: Iterable[Rung] = LADDER
) -> Iterator[Due]:
    """Yield the windows that have to be read again, those of the lowest rung first.

    As soon as any part of a rung is due, all time of the rung's age is read: few long walks instead of many short ones.
    """
    known = list(walks)
    for rung in sorted(ladder, key=lambda one: one.age):
        unread = _of_age(covered, rung, now) - _read_at(rung.age, known)
        if unread.start is not None and unread.start < now - rung.age - rung.within:
            yield from (Due(window, Purpose.RECONCILE) for window in unread)


def _of_age(covered: Spans, rung: Rung, now: datetime) -> Spans:
    """Return the covered moments that a rung applies to."""
    start, end = now - max(HORIZON, rung.age + 2 * rung.within), now - rung.age
    return covered & Spans((Window(start, end),))


def _read_at(age: timedelta, walks: Iterable[Walk]) -> Spans:
    """Return the moments that were of this age, or older, when they were read."""
    ends = ((walk.window.start, min(walk.window.end, walk.walked_at - age)) for walk in walks)
    return Spans.of(Window(start, end) for start, end in ends if start < end)
