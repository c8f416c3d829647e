"""The progress display on a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from anthropic_audit.cli.progress_display import FeedTally, ProgressDisplay, tallied
from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.progress import (
    CursorLost,
    Normalized,
    PageRead,
    Progress,
    RangeRead,
    Stored,
    Waiting,
    WalkFailed,
    WalkFinished,
    WalkStarted,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW)
FINISHED = WalkFinished(Coverage("acme", "{}", HOUR, Purpose.TAIL, "w", NOW, 3, 20, 12, "a", "b", "req_1"))


def shown(*events: Progress) -> str:
    """Return the display's text after ten seconds."""
    times = iter([0.0, *[10.0] * 100])
    console = Console(file=io.StringIO(), width=160)
    display = ProgressDisplay(console, monotonic=lambda: next(times))
    for event in events:
        display.watch(event)
    with console.capture() as captured:
        console.print(display.render())
    return captured.get()


@pytest.mark.parametrize(
    ("event", "tally"),
    [
        pytest.param(WalkStarted("a", HOUR, Purpose.GAP), FeedTally(state="walking (gap)"), id="start"),
        pytest.param(PageRead("a", 5, NOW, 0), FeedTally(pages=1, read=5, newest=NOW), id="page"),
        pytest.param(PageRead("a", 0, None, 0), FeedTally(pages=1), id="empty page"),
        pytest.param(Stored("a", 5, 3), FeedTally(stored=5, new=3), id="stored"),
        pytest.param(FINISHED, FeedTally(state="covered", covered_to=NOW), id="finished"),
        pytest.param(WalkFailed("a", "x", None), FeedTally(state="failed"), id="failed"),
        pytest.param(CursorLost("a", NOW), FeedTally(), id="lost cursor"),
    ],
)
def test_each_event_is_counted(event: Progress, tally: FeedTally) -> None:
    assert tallied(FeedTally(), event) == tally


def test_repeated_activities_are_those_that_were_stored_already() -> None:
    assert FeedTally(stored=5, new=3).repeated == 2


def test_a_feed_has_a_line_with_its_rate() -> None:
    text = shown(WalkStarted("acme", HOUR, Purpose.TAIL), PageRead("acme", 5000, NOW, 0), Stored("acme", 5000, 4000))

    line = next(line.split() for line in text.splitlines() if "acme" in line)
    assert line == ["acme", "walking", "(tail)", "2026-11-23T12:00:00Z", "1", "5,000", "4,000", "1,000", "500", "-"]


def test_waiting_is_shown_until_something_happens() -> None:
    waiting = Waiting(7, "the feed answered 429")

    assert "waiting 7 s: the feed answered 429" in shown(waiting)
    assert "waiting" not in shown(waiting, PageRead("acme", 1, NOW, 0))


def test_events_are_counted() -> None:
    assert "12,000 events normalized" in shown(Normalized(10_000, 1), Normalized(2_000, 2))


def test_failures_stay_as_lines_and_show_no_key() -> None:
    console = Console(file=io.StringIO(), width=160)
    key = "sk-ant-api01-TEST0000000000"

    with ProgressDisplay(console) as display, console.capture() as captured:
        display.watch(WalkFailed("acme", f"denied {key}", None))
        display.watch(CursorLost("acme", NOW))

    assert "acme: denied sk-ant-api01-***" in captured.get()
    assert "continuing at 2026-11-23T12:00:00Z" in captured.get()


def test_a_long_range_has_a_bar_with_an_estimate() -> None:
    now = [0.0]
    console = Console(file=io.StringIO(), width=160)
    display = ProgressDisplay(console, lambda: now[0])
    now[0] = 30.0

    display.watch(RangeRead("acme", timedelta(days=25), timedelta(days=100)))

    with console.capture() as capture:
        console.print(display.render())
    assert "25% of 100d, about 1m30s left" in capture.get()
