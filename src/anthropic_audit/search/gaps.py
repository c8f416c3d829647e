"""Gaps as they are now: what the ledger says, and what nobody has recorded yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from anthropic_audit.archive import GapRow
from anthropic_audit.model import Coverage
from anthropic_audit.plan import LATE_AFTER, Gap, GapEntry, Gaps, GapState, Spans, gap_changes, read_gaps

SHOWN_FOR = timedelta(days=30)
"""How long a gap is told of after it closed."""


_NONE: Mapping[tuple[str, str], timedelta] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FeedGap:
    """A gap, and whose it is."""

    feed: str
    filters: str
    gap: Gap
    is_recorded: bool
    """False when the ledger does not have it yet: no collector has run since it opened."""


def gaps_now(
    walks: Iterable[Coverage],
    rows: Iterable[GapRow],
    now: datetime,
    late_after: Mapping[tuple[str, str], timedelta] = _NONE,
) -> list[FeedGap]:
    """Return the gaps that are open, those that closed within the last 30 days, and those that are lost for good.

    They are right although no collector runs, or one that hangs: what the coverage says beyond the ledger is added.
    `late_after` says by feed and filters how old the end of the coverage may be; without an entry it is half an hour.
    """
    claims: dict[tuple[str, str], list[Coverage]] = {}
    for walk in walks:
        claims.setdefault((walk.feed, walk.filters), []).append(walk)
    ledger: dict[tuple[str, str], list[GapEntry]] = {}
    for row in rows:
        ledger.setdefault((row.feed, row.filters), []).append(row.entry)
    found: list[FeedGap] = []
    for key in sorted(claims.keys() | ledger.keys()):
        known = ledger.get(key, [])
        recorded = read_gaps(known).missing
        gaps = read_gaps([*known, *_changes(claims.get(key, []), known, now, late_after.get(key, LATE_AFTER))])
        found += [
            FeedGap(*key, gap, gap.state is not GapState.OPENED or bool(Spans((gap.window,)) & recorded))
            for gap in _shown(gaps, now)
        ]
    return found


def _changes(
    walks: Sequence[Coverage], known: Sequence[GapEntry], now: datetime, late_after: timedelta
) -> Iterator[GapEntry]:
    """Yield what would be recorded now; what closed did so with the last walk of it."""
    covered = Spans.of(walk.window for walk in walks)
    for entry in gap_changes(covered, now, known, late_after=late_after, cause=None):
        closers = [
            walk for walk in walks if entry.state is GapState.CLOSED and Spans((walk.window,)) & Spans((entry.window,))
        ]
        last = max(closers, key=lambda walk: walk.walked_at, default=None)
        yield entry if last is None else replace(entry, recorded_at=last.walked_at, recorded_by=last.purpose.value)


def _shown(gaps: Gaps, now: datetime) -> Iterator[Gap]:
    yield from gaps.opened
    yield from (gap for gap in gaps.closed if gap.ended_at is not None and gap.ended_at >= now - SHOWN_FOR)
    yield from gaps.permanent
