"""How feeds stand, from their finished walks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.search import Counts, standings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def walk(feed: str, start: int, end: int, **others: Any) -> Coverage:
    """A finished walk of the hours before now."""
    walked = Coverage(
        feed=feed,
        filters="{}",
        window=Window(NOW - timedelta(hours=start), NOW - timedelta(hours=end)),
        purpose=Purpose.TAIL,
        walk_id="w",
        walked_at=NOW - timedelta(days=1),
        pages=1,
        activities=10,
        new=0,
        first_id=None,
        last_id=None,
        request_id=None,
    )
    return replace(walked, **others)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_touching_walks_are_covered_without_a_hole() -> None:
    (one,) = standings([walk("a", 5, 3), walk("a", 3, 1)], NOW)

    assert one.covered.windows == (Window(NOW - timedelta(hours=5), NOW - timedelta(hours=1)),)
    assert one.lag(NOW) == timedelta(hours=1)
    assert not one.covered.holes


def test_what_is_missing_between_walks_is_a_hole() -> None:
    (one,) = standings([walk("a", 9, 7), walk("a", 3, 1)], NOW)

    assert one.covered.holes.windows == (Window(NOW - timedelta(hours=7), NOW - timedelta(hours=3)),)


def test_each_feed_and_set_of_filters_stands_for_itself() -> None:
    found = standings([walk("b", 2, 1), walk("a", 2, 1, filters='{"x":["y"]}'), walk("a", 2, 1)], NOW)

    assert [(one.feed, one.filters) for one in found] == [("a", '{"x":["y"]}'), ("a", "{}"), ("b", "{}")]


def test_the_last_walk_is_the_one_that_ended_last() -> None:
    late, early = walk("a", 9, 8, walked_at=ago(minutes=1)), walk("a", 2, 1, walked_at=ago(minutes=9))

    (one,) = standings([late, early], NOW)

    assert one.last_walk == late


def test_requests_are_those_of_walks_that_ended_within_the_time() -> None:
    walks = [
        walk("a", 2, 1, walked_at=ago(seconds=59), pages=1),
        walk("a", 2, 1, walked_at=ago(minutes=30), pages=10),
        walk("a", 2, 1, walked_at=ago(minutes=90), pages=100),
    ]

    (one,) = standings(walks, NOW)

    assert (one.requests_last_minute, one.requests_last_hour) == (1, 11)


def test_new_and_repeated_activities_are_told_apart() -> None:
    (one,) = standings([walk("a", 2, 1, new=10), walk("a", 2, 1, new=3)], NOW)

    assert (one.walks, one.new, one.repeated) == (2, 13, 7)


def test_a_coverage_ahead_of_the_clock_has_no_lag() -> None:
    (one,) = standings([walk("a", 1, -1)], NOW)

    assert one.lag(NOW) == timedelta(0)


def test_an_archive_that_was_never_walked_has_no_standings() -> None:
    assert standings([], NOW) == []


def test_what_has_no_event_waits_to_be_normalized() -> None:
    assert Counts({"a": 5, "b": 2}, 6).not_normalized == 1
