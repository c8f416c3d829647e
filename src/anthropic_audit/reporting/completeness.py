"""How complete a period is: what each feed covered of it, what is missing, and why; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from anthropic_audit.model import Window
from anthropic_audit.plan import LATE_AFTER, GapState, Spans
from anthropic_audit.search import Standing
from anthropic_audit.search.gaps import FeedGap


class Why(StrEnum):
    """Why a part of a period is missing."""

    NOT_DUE = "too recent: it will be collected within minutes"
    LATE = "not collected yet"
    BEFORE = "before the first time collected"
    HOLE = "a hole: it will be collected when the API answers"
    LOST = "declared lost for good"


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of a period that nobody has collected."""

    window: Window
    why: Why
    cause: str | None = None
    """What the ledger of gaps says of it."""
    declared_by: str | None = None

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.window.end - self.window.start


@dataclass(frozen=True, slots=True)
class FeedCoverage:
    """What one feed, under one set of filters, covered of a period."""

    feed: str
    filters: str
    covered: Spans
    share: float
    lag: timedelta
    """How far its coverage's end lies behind the time of the report."""
    last_walk: datetime
    missing: tuple[Missing, ...]
    repaired: Spans
    """What was missing of the period once, and was collected later."""

    @property
    def is_complete(self) -> bool:
        """Say whether nothing is missing but what is not due yet."""
        return all(one.why is Why.NOT_DUE for one in self.missing)


def past(since: datetime, until: datetime, now: datetime) -> Window | None:
    """Return the part of a period that is over, or None when it has not begun."""
    end = min(until, now)
    return Window(since, end) if since < end else None


def coverages(
    standings: Iterable[Standing], gaps: Sequence[FeedGap], window: Window, now: datetime
) -> tuple[FeedCoverage, ...]:
    """Say of each feed what it covered of a window that is over."""
    found = []
    for one in standings:
        own = [gap for gap in gaps if (gap.feed, gap.filters) == (one.feed, one.filters)]
        covered = one.covered & Spans((window,))
        found.append(
            FeedCoverage(
                feed=one.feed,
                filters=one.filters,
                covered=covered,
                share=covered.length / (window.end - window.start),
                lag=one.lag(now),
                last_walk=one.last_walk.walked_at,
                missing=tuple(_missing(one, own, window, now)),
                repaired=_of(own, GapState.CLOSED) & covered,
            )
        )
    return tuple(found)


def shared(standings: Iterable[Standing], window: Window) -> float | None:
    """Return the least share that a feed covered of a window, or None when there is no feed."""
    shares = [(one.covered & Spans((window,))).length / (window.end - window.start) for one in standings]
    return min(shares, default=None)


def _missing(one: Standing, gaps: Sequence[FeedGap], window: Window, now: datetime) -> Iterator[Missing]:
    missing = Spans((window,)) - one.covered
    lost = _of(gaps, GapState.PERMANENT)
    found = [Missing(part, _why(one, part, now), _cause(gaps, part)) for part in missing - lost]
    for gap in gaps:
        if gap.gap.state is GapState.PERMANENT:
            parts = missing & Spans((gap.gap.window,))
            found += [Missing(part, Why.LOST, gap.gap.cause, gap.gap.ended_by) for part in parts]
    yield from sorted(found, key=lambda one: one.window)


def _why(one: Standing, part: Window, now: datetime) -> Why:
    if part.start >= one.last_covered:
        return Why.NOT_DUE if one.lag(now) <= LATE_AFTER else Why.LATE
    if part.end <= one.covered.windows[0].start:
        return Why.BEFORE
    return Why.HOLE


def _cause(gaps: Iterable[FeedGap], part: Window) -> str | None:
    opened = (gap.gap for gap in gaps if gap.gap.state is GapState.OPENED)
    return next((gap.cause for gap in opened if Spans((gap.window,)) & Spans((part,))), None)


def _of(gaps: Iterable[FeedGap], state: GapState) -> Spans:
    return Spans.of(gap.gap.window for gap in gaps if gap.gap.state is state)
