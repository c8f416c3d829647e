"""The listed gaps, recorded by a collector or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from anthropic_audit.archive import GapRow
from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.plan import GapEntry, GapState
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedGap, current_gaps

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEEDS = [FeedSettings(name=name) for name in ("acme", "a", "b", "c")]


def window(start: float, end: float) -> Window:
    """Return a window of hours before now."""
    return Window(NOW - start * HOUR, NOW - end * HOUR)


def walk(start: float, end: float, *, feed: str = "acme", ago: float = 0, purpose: Purpose = Purpose.TAIL) -> Coverage:
    return Coverage(feed, "{}", window(start, end), purpose, "walk_1", NOW - ago * HOUR, 1, 0, 0, None, None, None)


def entry(start: float, end: float, state: GapState, *, ago: float) -> GapRow:
    return GapRow("acme", "{}", GapEntry(window(start, end), state, NOW - ago * HOUR, "503", "collector"))


def summaries(found: list[FeedGap]) -> list[tuple[str, Window, bool]]:
    return [(one.gap.state.value, one.gap.window, one.is_recorded) for one in found]


def test_a_hole_is_listed_before_it_is_recorded() -> None:
    assert summaries(current_gaps([walk(9, 5), walk(3, 0)], [], FEEDS, NOW)) == [("opened", window(5, 3), False)]


def test_a_recorded_gap_that_has_grown_since_is_listed_with_its_present_end() -> None:
    recorded = entry(9, 5, GapState.OPENED, ago=5)

    assert summaries(current_gaps([walk(20, 9)], [recorded], FEEDS, NOW)) == [("opened", window(9, 0), True)]


def test_a_recorded_gap_that_was_walked_since_is_closed_by_the_last_walk_of_it() -> None:
    walks = [
        walk(20, 9, ago=9),
        walk(9, 1, ago=1, purpose=Purpose.RECONCILE),
        walk(9, 4, ago=2, purpose=Purpose.GAP),
        walk(4, 0, ago=0),
    ]

    (one,) = current_gaps(walks, [entry(8, 5, GapState.OPENED, ago=5)], FEEDS, NOW)

    assert (one.gap.state, one.gap.ended_at, one.gap.ended_by) == (GapState.CLOSED, NOW - HOUR, "reconcile")


def test_gaps_that_closed_long_ago_are_not_listed() -> None:
    days = 24
    rows = [
        entry(70 * days, 60 * days, GapState.OPENED, ago=59 * days),
        entry(70 * days, 60 * days, GapState.CLOSED, ago=31 * days),
        entry(50 * days, 40 * days, GapState.OPENED, ago=39 * days),
        entry(50 * days, 40 * days, GapState.CLOSED, ago=29 * days),
    ]

    assert summaries(current_gaps([walk(80 * days, 0)], rows, FEEDS, NOW)) == [
        ("closed", window(50 * days, 40 * days), True)
    ]


def test_a_permanent_gap_is_always_listed_and_only_as_permanent() -> None:
    lost = entry(9000, 8000, GapState.PERMANENT, ago=7000)

    assert summaries(current_gaps([walk(9999, 9000), walk(8000, 0)], [lost], FEEDS, NOW)) == [
        ("permanent", window(9000, 8000), True)
    ]


def test_feeds_are_distinguished() -> None:
    found = current_gaps([walk(9, 5, feed="b"), walk(9, 0, feed="a"), walk(9, 2, feed="c")], [], FEEDS, NOW)

    assert [(one.feed, one.gap.window) for one in found] == [("b", window(5, 0)), ("c", window(2, 0))]


def test_a_retired_feed_has_no_gap_after_its_end_and_keeps_its_holes() -> None:
    late = entry(2, 1, GapState.OPENED, ago=1)

    found = current_gaps([walk(9, 5), walk(3, 2)], [late], [FeedSettings(name="other")], NOW)

    assert summaries(found) == [("opened", window(5, 3), False)]
