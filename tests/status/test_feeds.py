"""The status of feeds, from their settings and finished walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedState, FeedStatus, RecordCounts, feed_statuses

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def walk(feed: str, start: int, end: int, **others: Any) -> Coverage:
    """Return a finished walk of the hours before now."""
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


def statuses(walks: Sequence[Coverage], *feeds: FeedSettings) -> list[FeedStatus]:
    return feed_statuses(walks, feeds or [FeedSettings(name="a")], NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_touching_walks_are_covered_without_a_hole() -> None:
    (one,) = statuses([walk("a", 5, 3), walk("a", 3, 1)])

    assert one.covered.windows == (Window(NOW - timedelta(hours=5), NOW - timedelta(hours=1)),)
    assert one.lag == timedelta(hours=1)
    assert not one.holes


def test_what_is_missing_between_walks_is_a_hole() -> None:
    (one,) = statuses([walk("a", 9, 7), walk("a", 3, 1)])

    assert one.holes == (Window(NOW - timedelta(hours=7), NOW - timedelta(hours=3)),)


def test_each_feed_and_set_of_filters_stands_for_itself() -> None:
    found = statuses([walk("b", 2, 1), walk("a", 2, 1, filters='{"x":["y"]}'), walk("a", 2, 1)])

    assert [(one.feed, one.filters) for one in found] == [("a", '{"x":["y"]}'), ("a", "{}"), ("b", "{}")]


def test_the_last_walk_is_the_one_that_ended_last() -> None:
    late, early = walk("a", 9, 8, walked_at=ago(minutes=1)), walk("a", 2, 1, walked_at=ago(minutes=9))

    (one,) = statuses([late, early])

    assert one.last_walk == late


def test_requests_are_those_of_walks_that_ended_within_the_time() -> None:
    walks = [
        walk("a", 2, 1, walked_at=ago(seconds=59), pages=1),
        walk("a", 2, 1, walked_at=ago(minutes=30), pages=10),
        walk("a", 2, 1, walked_at=ago(minutes=90), pages=100),
    ]

    (one,) = statuses(walks)

    assert (one.requests_last_minute, one.requests_last_hour) == (1, 11)


def test_new_and_repeated_activities_are_distinguished() -> None:
    (one,) = statuses([walk("a", 2, 1, new=10), walk("a", 2, 1, new=3)])

    assert (one.walks, one.new, one.repeated) == (2, 13, 7)


def test_a_coverage_ahead_of_the_clock_has_no_lag() -> None:
    (one,) = statuses([walk("a", 1, -1)])

    assert one.lag == timedelta(0)


def test_an_archive_that_was_never_walked_has_the_configured_feeds() -> None:
    (one,) = statuses([])

    assert (one.feed, one.state, one.lag, one.last_walk, one.holes) == ("a", FeedState.NEVER_COLLECTED, None, None, ())


def test_what_has_no_event_waits_to_be_normalized() -> None:
    assert RecordCounts({"a": 5, "b": 2}, 6).not_normalized == 1


@pytest.mark.parametrize(
    ("hours", "settings", "state"),
    [
        pytest.param(0.25, {}, FeedState.CURRENT, id="a quarter of an hour, as coverage ends `settle` before now"),
        pytest.param(0.3, {}, FeedState.BEHIND, id="18 minutes"),
        pytest.param(0.9, {"interval": "1h"}, FeedState.CURRENT, id="less than three long intervals"),
        pytest.param(3.1, {"interval": "1h"}, FeedState.BEHIND, id="more than three long intervals"),
        pytest.param(2.2, {"settle": "2h"}, FeedState.CURRENT, id="a long settle"),
        pytest.param(0.2, {"max_lag": "10m"}, FeedState.BEHIND, id="a limit of its own"),
        pytest.param(5, {"max_lag": "6h"}, FeedState.CURRENT, id="a longer limit of its own"),
        pytest.param(-5, {}, FeedState.CURRENT, id="ahead of our clock"),
    ],
)
def test_the_limit_is_one_setting_of_the_feed(hours: float, settings: dict[str, str], state: FeedState) -> None:
    feed = FeedSettings.model_validate({"name": "a", "initial_interval": "7d", **settings})

    (one,) = statuses([walk("a", 48, 0, window=Window(ago(days=2), ago(hours=hours)))], feed)

    assert one.state is state


def test_changed_filters_retire_the_old_ones_and_need_a_walk_of_their_own() -> None:
    changed = FeedSettings(name="a", activity_types=("claude_chat_created",))

    found = {one.filters: one.state for one in statuses([walk("a", 2, 0)], changed)}

    assert found == {"{}": FeedState.RETIRED, changed.filters.key(): FeedState.NEVER_COLLECTED}


def test_without_configured_feeds_the_filters_that_were_walked_last_count() -> None:
    walks = [walk("a", 2, 0, filters="{1}", walked_at=ago(days=3)), walk("a", 2, 0), walk("b", 9, 5)]

    found = {(one.feed, one.filters): one.state for one in feed_statuses(walks, [], NOW)}

    assert found == {("a", "{1}"): FeedState.RETIRED, ("a", "{}"): FeedState.CURRENT, ("b", "{}"): FeedState.BEHIND}
