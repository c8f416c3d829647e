"""Compute the gaps of each feed: those that the ledger has, and those that it does not have yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from anthropic_audit.archive import GapRow
from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import Gap, GapEntry, Gaps, GapState, Spans, gap_changes, read_gaps
from anthropic_audit.settings import FeedSettings

from .feeds import FeedKey, lag_limits, walks_by_feed

SHOWN_FOR = timedelta(days=30)
"""How long a gap is listed after it closed."""


@dataclass(frozen=True, slots=True)
class FeedGap:
    """A gap of one feed under one set of filters."""

    feed: str
    filters: str
    gap: Gap
    is_recorded: bool
    """False if the ledger does not have the gap yet: no collector has run since it opened."""

    @property
    def key(self) -> FeedKey:
        """The feed's name and the key of its filters."""
        return self.feed, self.filters


def current_gaps(
    walks: Iterable[Coverage], rows: Iterable[GapRow], feeds: Sequence[FeedSettings], now: datetime
) -> list[FeedGap]:
    """Return the open gaps, those that closed within the last 30 days, and the permanent ones.

    Gaps that coverage shows and the ledger lacks are added, so that the result is right even if no collector runs, or
    the collector hangs. The time after the end of a feed's coverage is a gap if the feed is behind, unless it is
    retired.

    Args:
        walks: The finished walks of an archive.
        rows: The archive's ledger of gaps.
        feeds: The configured feeds; see `feed_statuses`.
        now: The time for which gaps are computed.
    """
    groups = walks_by_feed(walks)
    limits = lag_limits(groups, feeds)
    ledger: dict[FeedKey, list[GapEntry]] = {}
    for row in rows:
        ledger.setdefault((row.feed, row.filters), []).append(row.entry)
    found: list[FeedGap] = []
    for key in sorted(groups.keys() | ledger.keys()):
        known, limit = ledger.get(key, []), limits.get(key)
        recorded = read_gaps(known).missing
        gaps = read_gaps([*known, *_changes(groups.get(key, []), known, now, limit)])
        if limit is None:
            gaps = _without_tail(gaps, Spans.of(walk.window for walk in groups.get(key, [])))
        found += [
            FeedGap(*key, gap, gap.state is not GapState.OPENED or bool(Spans((gap.window,)) & recorded))
            for gap in _shown(gaps, now)
        ]
    return found


def _without_tail(gaps: Gaps, covered: Spans) -> Gaps:
    """Return gaps without the open ones after the end of a coverage."""
    if covered.start is None or covered.end is None:
        return replace(gaps, opened=())
    inside = Spans((Window(covered.start, covered.end),))
    return replace(
        gaps,
        opened=tuple(replace(gap, window=part) for gap in gaps.opened for part in Spans((gap.window,)) & inside),
    )


def _changes(
    walks: Sequence[Coverage], known: Sequence[GapEntry], now: datetime, lag_limit: timedelta | None
) -> Iterator[GapEntry]:
    """Yield the entries that a collector would record now; a gap closes with the last walk of its window."""
    covered = Spans.of(walk.window for walk in walks)
    for entry in gap_changes(covered, now, known, lag_limit=lag_limit, cause=None):
        closers = [
            walk for walk in walks if entry.state is GapState.CLOSED and Spans((walk.window,)) & Spans((entry.window,))
        ]
        last = max(closers, key=lambda walk: walk.walked_at, default=None)
        yield entry if last is None else replace(entry, recorded_at=last.walked_at, recorded_by=last.purpose.value)


def _shown(gaps: Gaps, now: datetime) -> Iterator[Gap]:
    yield from gaps.opened
    yield from (gap for gap in gaps.closed if gap.ended_at is not None and gap.ended_at >= now - SHOWN_FOR)
    yield from gaps.permanent
