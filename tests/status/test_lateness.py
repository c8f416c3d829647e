"""The activities that count as late, and the statistics of their lateness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.collecting import House
from tests.collecting import settings as vendor_settings

from anthropic_audit.archive import ArchiveWriter, open_reader
from anthropic_audit.archive.duck import connect
from anthropic_audit.errors import ArchiveError
from anthropic_audit.model import Activity, Coverage, Filters, Purpose, Received, Window
from anthropic_audit.simulator.delivery import IndexingBehavior
from anthropic_audit.status.lateness import Lateness, first_claims, lateness, slices
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
CHATS = Filters(activity_types=("chat",)).key()


@dataclass
class Story:
    """An archive, built walk by walk; times are minutes before now."""

    archive: ArchiveWriter
    folder: Path
    stored: list[str] = field(default_factory=list)

    def claim(
        self, walk: str, span: tuple[int, int], at: float, *, purpose: Purpose = Purpose.TAIL, filters: str = "{}"
    ) -> None:
        window = Window(NOW - span[0] * MINUTE, NOW - span[1] * MINUTE)
        walked_at = NOW - at * MINUTE
        self.archive.claim(Coverage("acme", filters, window, purpose, walk, walked_at, 1, 0, 0, None, None, None))

    def store(self, created: float, at: float, walk: str, *, kind: str = "chat", feed: str = "acme") -> None:
        name = f"activity_{len(self.stored)}"
        self.stored.append(name)
        activity = Activity(name, kind, NOW - created * MINUTE, None, b"{}", b"0" * 32)
        self.archive.append([Received(activity, feed, NOW - at * MINUTE, "req_1", walk)])

    def measured(self) -> Lateness:
        with open_reader(str(self.folder)).connect() as connection:
            return lateness(connection)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with ArchiveWriter(str(tmp_path), FakeClock(NOW)) as archive:
        yield Story(archive, tmp_path)


def late(story: Story) -> dict[str, int]:
    return {kind: one.count for kind, one in story.measured().types.items()}


def test_what_its_own_walk_brought_is_not_late(story: Story) -> None:
    story.store(70, 60, "first")
    story.claim("first", (120, 61), 60)

    measured = story.measured()

    assert (measured.activities, measured.overall, measured.types) == (1, None, {})


def test_what_an_earlier_claim_had_covered_is_late_by_the_time_until_it_came(story: Story) -> None:
    story.claim("first", (120, 61), 60)
    story.store(70, 30, "second")
    story.claim("second", (75, 31), 30)

    measured = story.measured()

    assert measured.overall is not None
    assert measured.types["chat"] == measured.overall
    assert (measured.overall.count, measured.overall.largest) == (1, 40 * MINUTE)


def test_what_came_before_anybody_claimed_its_time_is_not_late(story: Story) -> None:
    story.store(70, 90, "before")
    story.claim("first", (120, 61), 60)
    story.claim("before", (200, 150), 90)

    assert late(story) == {}


@pytest.mark.parametrize(("created", "expected"), [(61.001, {"chat": 1}), (61, {}), (120, {"chat": 1}), (120.001, {})])
def test_a_claim_begins_with_its_start_and_ends_before_its_end(
    story: Story, created: float, expected: dict[str, int]
) -> None:
    story.claim("first", (120, 61), 60)
    story.store(created, 5, "second")
    story.claim("second", (300, 10), 4)

    assert late(story) == expected


def test_the_earliest_of_several_claims_counts(story: Story) -> None:
    story.claim("long", (500, 61), 60)
    story.claim("short", (80, 65), 20)
    story.store(70, 30, "third")
    story.claim("third", (90, 40), 29, purpose=Purpose.RECONCILE)

    assert late(story) == {"chat": 1}


def test_a_claim_for_other_filters_says_nothing(story: Story) -> None:
    story.claim("chats only", (120, 61), 60, filters=CHATS)
    story.store(70, 30, "all", kind="login")
    story.claim("all", (120, 31), 30)

    assert late(story) == {}


def test_a_walk_that_did_not_end_counts_when_the_feed_has_one_set_of_filters(story: Story) -> None:
    story.claim("first", (120, 61), 60)
    story.store(70, 30, "crashed")

    measured = story.measured()

    assert measured.overall is not None
    assert measured.overall.found_by == {"unfinished": 1}


def test_a_walk_that_did_not_end_counts_for_nothing_when_the_filters_changed(story: Story) -> None:
    story.claim("first", (120, 61), 60)
    story.claim("chats only", (120, 61), 60, filters=CHATS)
    story.store(70, 30, "crashed")

    assert late(story) == {}


def test_feeds_do_not_mix(story: Story) -> None:
    story.claim("first", (120, 61), 60)
    story.store(70, 30, "crashed", feed="other")

    assert late(story) == {}


def test_lateness_is_summed_up_by_type_and_by_who_found_it(story: Story) -> None:
    story.claim("first", (20_000, 61), 60)
    for minutes in (65, 100, 1000, 2000, 10_000, 15_000):
        story.store(minutes, 59, "tail")
    story.store(100, 50, "again", kind="login")
    story.claim("tail", (120, 58), 58)
    story.claim("again", (20_000, 58), 49, purpose=Purpose.RECONCILE)

    measured = story.measured()

    assert list(measured.types) == ["chat", "login"]
    chat = measured.types["chat"]
    assert chat.parts == (0, 1, 1, 0, 1, 1, 1, 1)
    assert (chat.median, chat.largest) == (941 * MINUTE, 14_941 * MINUTE)
    assert chat.found_by == {"tail": 6}
    assert measured.types["login"].found_by == {"reconcile": 1}
    assert measured.overall is not None
    assert measured.overall.found_by == {"tail": 6, "reconcile": 1}


def test_days_apart_are_measured_together(story: Story) -> None:
    story.claim("first", (10 * 1440, 61), 60)
    for day in range(9):
        story.store(day * 1440 + 100, 30, "second")
    story.claim("second", (10 * 1440, 31), 30)

    assert late(story) == {"chat": 9}


def test_margins_follow_what_was_late_and_say_how_much_they_catch(story: Story) -> None:
    story.claim("first", (5000, 61), 60)
    for minutes in [*range(65, 164), 4000]:
        story.store(minutes, 60 - 1, "second")
    story.claim("second", (5000, 61), 58)

    overall = story.measured().overall

    assert overall is not None
    assert overall.margins.settle == 10 * MINUTE
    assert overall.margins.overlap == 94 * MINUTE
    assert overall.caught(overall.margins) == 99


def test_an_archive_without_anything_has_nothing_late(story: Story) -> None:
    assert story.measured() == Lateness(0, None, {})


def test_an_archive_that_can_not_be_read_says_so() -> None:
    with connect() as connection, pytest.raises(ArchiveError, match="can't be searched"):
        lateness(connection)


def test_it_can_be_measured_twice_with_one_connection(story: Story) -> None:
    story.claim("first", (120, 61), 60)
    story.store(70, 30, "crashed")

    with open_reader(str(story.folder)).connect() as connection:
        assert lateness(connection) == lateness(connection)


claims = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15), st.integers(0, 100)), max_size=12).map(
    lambda found: [(start, start + length, when) for start, length, when in found]
)


@given(claims)
def test_steps_say_for_each_moment_when_it_was_first_claimed(given_claims: list[tuple[int, int, int]]) -> None:
    steps = list(first_claims(given_claims))

    for moment in range(60):
        first = next((claimed for start, claimed in reversed(steps) if start <= moment), None)
        assert first == min((when for start, end, when in given_claims if start <= moment < end), default=None)
    assert all(before[1] != after[1] for before, after in pairwise(steps))


@given(st.lists(st.integers(1, 50), max_size=12))
def test_slices_hold_every_day_once_and_no_more_than_asked_but_for_long_days(counts: list[int]) -> None:
    days = [(date(2026, 1, 1) + number * DAY, count) for number, count in enumerate(counts)]

    cut = list(slices(days, 40))

    held = [[count for day, count in days if first <= day <= last] for first, last in cut]
    assert [count for part in held for count in part] == counts
    assert all(sum(part) <= 40 or len(part) == 1 for part in held)


def test_many_claims_and_activities_are_measured_in_little_time() -> None:
    """An interval join of these would compare 4,000,000,000 pairs; it takes minutes."""
    with connect() as connection:
        connection.execute(
            """
            CREATE TABLE coverage AS SELECT 'acme' AS feed, '{}' AS filters, 'tail' AS purpose, 'walk_' || n AS walk_id,
                to_timestamp(n * 300) AS from_time, to_timestamp(n * 300 + 900) AS to_time,
                to_timestamp(n * 300 + 960) AS walked_at FROM range(20000) found(n)
            """
        )
        connection.execute(
            """
            CREATE TABLE activities AS SELECT 'acme' AS feed, 'type_' || n % 20 AS type, 'walk_' || n // 10 AS walk_id,
                to_timestamp(n * 30 + 600) AS created_at,
                to_timestamp(n * 30 + 601 + (n % 100 = 0)::INT * 3600) AS received_at,
                CAST(to_timestamp(n * 30 + 600) AS DATE) AS day FROM range(200000) found(n)
            """
        )
        measured = lateness(connection)

    assert measured.activities == 200_000
    assert measured.overall is not None
    assert measured.overall.count == 2_000


@pytest.mark.parametrize(("late_share", "is_late"), [(0.0, False), (0.1, True)])
def test_a_vendor_is_measured_as_late_as_it_is(tmp_path: Path, late_share: float, is_late: bool) -> None:
    delivery = IndexingBehavior(late_share=late_share, lateness=timedelta(minutes=8), lag=timedelta(seconds=30))
    house = House(tmp_path, vendor_settings(delivery=delivery))
    feed = house.feed(initial_interval="1d")
    for _ in range(15):
        house.collect(feed)
        house.clock.advance(5 * MINUTE)

    with open_reader(str(tmp_path)).connect() as connection:
        measured = lateness(connection)

    assert measured.activities > 1000
    assert (measured.overall is not None) is is_late
    if measured.overall is not None:
        assert set(measured.overall.found_by) <= {"tail", "reconcile"}
        assert MINUTE < min(measured.overall.percentiles) <= measured.overall.largest < 125 * MINUTE
