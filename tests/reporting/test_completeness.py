"""How complete a period is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.reporting.conftest import DAY, HOUR, NOW, walked

from anthropic_audit.archive import GapRow
from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import GapEntry, GapState
from anthropic_audit.reporting.completeness import FeedCoverage, MissingReason, coverages, past, shared
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedState, current_gaps, feed_statuses

WEEK = Window(NOW - 7 * DAY, NOW)
MINUTES = timedelta(minutes=2)
FEEDS = [FeedSettings(name="acme")]


def covered(walks: Sequence[Coverage], *rows: GapRow) -> tuple[FeedCoverage, ...]:
    return coverages(feed_statuses(walks, FEEDS, NOW), current_gaps(walks, rows, FEEDS, NOW), WEEK)


def row(start: timedelta, end: timedelta, state: GapState, cause: str) -> GapRow:
    return GapRow("acme", "{}", GapEntry(Window(NOW - start, NOW - end), state, NOW - end, cause, "maria"))


@pytest.mark.parametrize(
    ("walks", "why", "is_complete"),
    [
        pytest.param([walked(8 * DAY, timedelta(0))], [], True, id="all"),
        pytest.param([walked(8 * DAY, MINUTES)], [MissingReason.NOT_DUE], True, id="up to two minutes ago"),
        pytest.param([walked(8 * DAY, HOUR)], [MissingReason.LATE], False, id="up to an hour ago"),
        pytest.param([walked(6 * DAY, timedelta(0))], [MissingReason.BEFORE], False, id="from the second day on"),
        pytest.param(
            [walked(8 * DAY, 3 * DAY), walked(2 * DAY, timedelta(0))], [MissingReason.HOLE], False, id="with a hole"
        ),
        pytest.param([walked(12 * DAY, 9 * DAY)], [MissingReason.LATE], False, id="before the period only"),
    ],
)
def test_what_is_missing_is_told_with_its_reason(
    walks: list[Coverage], why: list[MissingReason], is_complete: bool
) -> None:
    (one,) = covered(walks)

    assert [part.why for part in one.missing] == why
    assert one.is_complete is is_complete
    missing = sum((part.length for part in one.missing), timedelta(0))
    assert one.share == pytest.approx(1 - missing / (7 * DAY))


def test_what_was_declared_lost_keeps_its_reason() -> None:
    walks = [walked(8 * DAY, 3 * DAY), walked(2 * DAY, timedelta(0))]

    (one,) = covered(walks, row(3 * DAY, 2 * DAY + 6 * HOUR, GapState.PERMANENT, "the key was gone"))

    assert [(part.why, part.length, part.declared_by) for part in one.missing] == [
        (MissingReason.LOST, 18 * HOUR, "maria"),
        (MissingReason.HOLE, 6 * HOUR, None),
    ]
    assert one.missing[0].cause == "the key was gone"


def test_a_hole_that_was_filled_is_not_forgotten() -> None:
    opened = row(3 * DAY, 2 * DAY, GapState.OPENED, "the feed answered 503")
    closed = row(3 * DAY, 2 * DAY, GapState.CLOSED, "walked")

    (one,) = covered([walked(8 * DAY, timedelta(0))], opened, closed)

    assert one.is_complete
    assert list(one.repaired) == [Window(NOW - 3 * DAY, NOW - 2 * DAY)]


def test_each_set_of_filters_stands_for_itself() -> None:
    found = covered([walked(8 * DAY, timedelta(0)), walked(2 * DAY, DAY, filters='{"actor_ids":["a"]}')])

    assert [(one.filters, one.state, one.is_complete) for one in found] == [
        ('{"actor_ids":["a"]}', FeedState.RETIRED, False),
        ("{}", FeedState.CURRENT, True),
    ]
    assert [part.why for part in found[0].missing] == [MissingReason.BEFORE, MissingReason.RETIRED]


def test_a_feed_that_was_never_collected_covers_nothing() -> None:
    (one,) = covered([])

    assert ([part.why for part in one.missing], one.share, one.is_complete) == ([MissingReason.NEVER], 0, False)


def test_only_what_is_over_can_be_complete() -> None:
    assert past(NOW - DAY, NOW + DAY, NOW) == Window(NOW - DAY, NOW)
    assert past(NOW + DAY, NOW + 2 * DAY, NOW) is None


def test_the_least_covered_feed_counts() -> None:
    walks = [walked(8 * DAY, timedelta(0)), walked(7 * DAY / 2, timedelta(0), feed="other")]

    assert shared(feed_statuses(walks, [], NOW), WEEK) == 0.5
    assert shared([], WEEK) is None
