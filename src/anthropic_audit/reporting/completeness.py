"""The completeness of a period: the coverage of each feed, and missing parts with their reasons; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from anthropic_audit.model import Window
from anthropic_audit.plan import GapState, Spans
from anthropic_audit.status import FeedGap, FeedState, FeedStatus


class MissingReason(StrEnum):
    """The reason why a part of a period is missing."""

    NOT_DUE = "too recent: it will be collected within minutes"
    LATE = "not collected yet"
    BEFORE = "before the first walk"
    HOLE = "a hole: it will be collected when the API answers"
    LOST = "declared lost for good"
    NEVER = "never collected with these filters"
    RETIRED = "after the feed was retired: the settings no longer have it with these filters"


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of a period that was not collected."""

    window: Window
    why: MissingReason
    cause: str | None = None
    """The cause that the ledger of gaps records."""
    declared_by: str | None = None

    @property
    def length(self) -> timedelta:
        """Length of the part."""
        return self.window.end - self.window.start


@dataclass(frozen=True, slots=True)
class FeedCoverage:
    """The coverage of a period by one feed under one set of filters."""

    feed: str
    filters: str
    covered: Spans
    share: float
    state: FeedState
    lag: timedelta | None
    """The time from the end of the feed's coverage to the report; None if it was never collected."""
    last_walk: datetime | None
    missing: tuple[Missing, ...]
    repaired: Spans
    """Parts of the period that were gaps at first, and were collected later."""

    @property
    def is_complete(self) -> bool:
        """True if nothing is missing except time that is not due yet, or after a retired feed was retired."""
        return all(one.why in {MissingReason.NOT_DUE, MissingReason.RETIRED} for one in self.missing)


def past(since: datetime, until: datetime, now: datetime) -> Window | None:
    """Return the part of a period that has passed, or None if the period has not begun."""
    end = min(until, now)
    return Window(since, end) if since < end else None


def coverages(statuses: Iterable[FeedStatus], gaps: Sequence[FeedGap], window: Window) -> tuple[FeedCoverage, ...]:
    """Return the coverage of a past window by each feed; retired feeds that covered none of it are left out."""
    found = []
    for one in statuses:
        own = [gap for gap in gaps if gap.key == one.key]
        covered = one.covered & Spans((window,))
        if not (one.is_configured or covered):
            continue
        found.append(
            FeedCoverage(
                feed=one.feed,
                filters=one.filters,
                covered=covered,
                share=covered.length / (window.end - window.start),
                state=one.state,
                lag=one.lag,
                last_walk=None if one.last_walk is None else one.last_walk.walked_at,
                missing=tuple(_missing(one, own, window)),
                repaired=_of(own, GapState.CLOSED) & covered,
            )
        )
    return tuple(found)


def shared(statuses: Iterable[FeedStatus], window: Window) -> float | None:
    """Return the smallest share of a window that a configured feed covered, or None if there is no feed."""
    configured = [one.covered & Spans((window,)) for one in statuses if one.is_configured]
    shares = [covered.length / (window.end - window.start) for covered in configured]
    return min(shares, default=None)


def _missing(one: FeedStatus, gaps: Sequence[FeedGap], window: Window) -> Iterator[Missing]:
    missing = Spans((window,)) - one.covered
    lost = _of(gaps, GapState.PERMANENT)
    found = [Missing(part, _why(one, part), _cause(gaps, part)) for part in missing - lost]
    for gap in gaps:
        if gap.gap.state is GapState.PERMANENT:
            parts = missing & Spans((gap.gap.window,))
            found += [Missing(part, MissingReason.LOST, gap.gap.cause, gap.gap.ended_by) for part in parts]
    yield from sorted(found, key=lambda one: one.window)


def _why(one: FeedStatus, part: Window) -> MissingReason:
    start, end = one.covered.start, one.covered.end
    if start is None or end is None:
        return MissingReason.NEVER
    if part.end <= start:
        return MissingReason.BEFORE
    if part.start < end:
        return MissingReason.HOLE
    return _AFTER_THE_END[one.state]


_AFTER_THE_END = {
    FeedState.CURRENT: MissingReason.NOT_DUE,
    FeedState.BEHIND: MissingReason.LATE,
    FeedState.RETIRED: MissingReason.RETIRED,
}


def _cause(gaps: Iterable[FeedGap], part: Window) -> str | None:
    opened = (gap.gap for gap in gaps if gap.gap.state is GapState.OPENED)
    return next((gap.cause for gap in opened if Spans((gap.window,)) & Spans((part,))), None)


def _of(gaps: Iterable[FeedGap], state: GapState) -> Spans:
    return Spans.of(gap.gap.window for gap in gaps if gap.gap.state is state)
