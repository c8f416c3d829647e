"""The responses to our requests, and the days with late finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from tests.status.test_feeds import NOW, walk

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.model import Activity, Coverage, Purpose, Received, RequestMade, Window
from anthropic_audit.status.requests import RequestOutcomes, answers, late_finds
from anthropic_audit.testing import FakeClock

SINCE = NOW - timedelta(days=90)
HOUR = timedelta(hours=1)


def received(number: int, when: datetime, walk_id: str, feed: str = "acme") -> Received:
    activity = Activity(f"activity_{feed}_{number}", "claude_chat_viewed", when, None, b"{}", bytes(32))
    return Received(activity, feed, NOW, "req", walk_id)


def again(walk_id: str, start: datetime, end: datetime, *, new: int, purpose: Purpose = Purpose.RECONCILE) -> Coverage:
    return replace(walk("acme", 1, 0), window=Window(start, end), walk_id=walk_id, new=new, purpose=purpose)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two feeds' activities of three days, some found by reconciling, and requests with all kinds of responses."""
    days = [datetime(2026, 11, day, 23, 30, tzinfo=UTC) for day in (19, 20, 21)]
    with open_writer(str(tmp_path), FakeClock(NOW)) as writer:
        writer.append([received(number, when, "tail") for number, when in enumerate(days)])
        writer.append([received(number, when, "again") for number, when in enumerate([*days, days[2] + HOUR], 10)])
        writer.append([received(number, when, "again") for number, when in enumerate(days)])
        writer.append([received(30, days[0], "again", feed="other")])
        asked = [(200, 1), (200, 2), (429, 3), (429, 23), (503, 5), (503, 25)]
        writer.record_requests(
            [RequestMade("acme", f"req_{hours}", NOW - hours * HOUR, status) for status, hours in asked]
        )
    with open_reader(str(tmp_path)).connect() as connection:
        yield connection


def test_answers_of_the_last_day_are_counted_by_status(archive: duckdb.DuckDBPyConnection) -> None:
    found = answers(archive, NOW)

    assert found == [
        RequestOutcomes("acme", 200, 2, NOW - HOUR),
        RequestOutcomes("acme", 429, 2, NOW - 3 * HOUR),
        RequestOutcomes("acme", 503, 1, NOW - 5 * HOUR),
    ]
    assert [one.is_refusal for one in found] == [False, True, True]


def test_late_finds_count_on_the_day_on_which_the_activity_happened(archive: duckdb.DuckDBPyConnection) -> None:
    walks = [
        again("again", datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC), new=4),
        again("tail", datetime(2026, 11, 19, tzinfo=UTC), NOW, new=3, purpose=Purpose.TAIL),
    ]

    assert late_finds(archive, walks, SINCE) == {
        ("acme", date(2026, 11, 19)): 1,
        ("acme", date(2026, 11, 20)): 1,
        ("acme", date(2026, 11, 21)): 1,
        ("acme", date(2026, 11, 22)): 1,
        ("other", date(2026, 11, 19)): 1,
    }


@pytest.mark.parametrize(
    "walks",
    [
        pytest.param([], id="no walk"),
        pytest.param([again("again", NOW - 2 * HOUR, NOW, new=0)], id="one that found nothing"),
        pytest.param([again("again", SINCE - 2 * HOUR, SINCE - HOUR, new=4)], id="one of a time long ago"),
        pytest.param([again("again", NOW - 90 * HOUR, NOW, new=4, purpose=Purpose.GAP)], id="one that closed a gap"),
    ],
)
def test_nothing_else_is_a_late_find(archive: duckdb.DuckDBPyConnection, walks: list[Coverage]) -> None:
    assert late_finds(archive, walks, SINCE) == {}
