"""Collecting with the real client from the simulator into a real archive."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from tests.collecting import NOTHING_WRONG, NOW, House, settings

from anthropic_audit.archive import ArchiveWriter, GapRow, append_to_ledger, open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer
from anthropic_audit.errors import ArchiveError, FeedDeniedError, FeedUnreachableError, InterruptedRunError
from anthropic_audit.follow import NormalizeRules
from anthropic_audit.model import Page, Purpose, Query, Window
from anthropic_audit.plan import GapEntry, GapState, Margins
from anthropic_audit.progress import CursorLost, Progress, WalkFailed, WalkFinished
from anthropic_audit.redact import Secret
from anthropic_audit.service import Collector, open_feeds
from anthropic_audit.service.collector import pause_after
from anthropic_audit.settings import FeedSettings
from anthropic_audit.simulator import Fault, IndexingBehavior
from anthropic_audit.simulator.world import WorldSettings


def test_a_feed_is_collected_normalized_and_covered(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    (outcome,) = house.collect(house.feed())

    assert (outcome.exit_code, outcome.is_covered, outcome.error) == (0, True, None)
    assert house.missing() == NOTHING_WRONG
    (walk,) = open_reader(str(tmp_path)).coverage("acme")
    assert (walk.requests_limit, walk.requests_remaining) == (600, 600 - walk.pages)


def test_collecting_again_adds_what_is_new_and_nothing_else(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.collect(house.feed())

    for _ in range(4):
        house.clock.advance(timedelta(minutes=5))
        house.collect(house.feed())

    assert house.missing() == NOTHING_WRONG
    covered_to = [one.coverage.window.end for one in house.told if isinstance(one, WalkFinished)]
    assert covered_to == sorted(covered_to)
    assert house.clock.now() - covered_to[-1] < timedelta(minutes=2)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"has_order": False, "has_exclude": False}, id="the API of May 2026"),
        pytest.param({"delivery": IndexingBehavior(repeat_share=0.2)}, id="every fifth comes twice"),
        pytest.param({"growth_share": 0.5, "growth_from": NOW - timedelta(days=2)}, id="half of it is undocumented"),
        pytest.param({"faults": {"500": 0.1, "reset": 0.1, "truncated": 0.1, "html": 0.05, "529": 0.05}}, id="faults"),
        pytest.param({"faults": {"cursor": 0.2, "frozen": 0.05, "empty": 0.05}}, id="cursors are lost"),
        pytest.param({"requests_per_minute": 5}, id="a small budget"),
    ],
)
def test_whatever_the_server_does_everything_covered_is_stored_once(tmp_path: Path, changes: dict[str, object]) -> None:
    house = House(tmp_path, settings(**changes))

    for _ in range(6):
        house.collect(house.feed(give_up_after="30m"))
        house.clock.advance(timedelta(minutes=5))

    assert house.missing() == NOTHING_WRONG


def test_what_is_late_by_less_than_the_overlap_is_found(tmp_path: Path) -> None:
    house = House(tmp_path, settings(delivery=IndexingBehavior(late_share=0.2, lateness=timedelta(minutes=30))))

    for _ in range(12):
        house.clock.advance(timedelta(minutes=5))
        house.collect(house.feed(overlap="40m"))

    assert house.missing() == NOTHING_WRONG


def test_what_is_later_than_the_overlap_is_found_by_reading_again(tmp_path: Path) -> None:
    late = IndexingBehavior(late_share=0.2, lateness=timedelta(hours=50), disclosure_lateness=timedelta(days=5))
    small = WorldSettings(seed=5, activities_per_day=400, people=10)
    house = House(tmp_path, settings(world=small, delivery=late))

    for _ in range(20):
        house.clock.advance(timedelta(hours=13))
        house.collect(house.feed())

    assert house.missing(until=NOW + timedelta(days=2)) == NOTHING_WRONG
    walks = open_reader(str(tmp_path)).coverage("acme")
    assert sum(walk.new for walk in walks if walk.purpose is Purpose.RECONCILE) > 0


def test_an_outage_is_made_up_for(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.collect(house.feed())

    house.clock.advance(timedelta(hours=9))
    house.vendor.faults.queue(Fault("503", times=1000))
    (during,) = house.collect(house.feed())
    house.vendor.faults.clear()
    (after,) = house.collect(house.feed())

    assert (during.exit_code, during.is_covered) == (1, False)
    assert (after.exit_code, after.is_covered) == (0, True)
    assert house.missing() == NOTHING_WRONG


def test_a_walk_that_fails_half_way_keeps_what_it_stored_and_claims_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed(give_up_after="1s")
    feed, asked = run.feed, [0]

    class Breaking:
        def read_page(self, query: object) -> object:
            asked[0] += 1
            if asked[0] > 8:
                message = "no answer"
                raise FeedUnreachableError(message)
            return feed.read_page(query)  # type: ignore[arg-type] # passed on

    (broken,) = house.collect(replace(run, feed=Breaking()))  # type: ignore[arg-type] # a feed by its one method
    with open_reader(str(tmp_path)).connect() as connection:
        kept = connection.sql("SELECT count(*) FROM activities").fetchall()[0][0]
        claims = connection.sql("SELECT count(*) FROM coverage").fetchall()[0][0]
    (whole,) = house.collect(house.feed())

    assert (broken.exit_code, kept, claims) == (1, 4000, 0)
    assert whole.is_covered
    assert house.missing() == NOTHING_WRONG


def test_one_feed_that_fails_does_not_keep_the_other(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    denied, fine = house.collect(house.feed("denied", key="revoked"), house.feed())

    assert isinstance(denied.error, FeedDeniedError)
    assert (denied.exit_code, denied.covered_to) == (1, None)
    assert fine.exit_code == 0
    assert [one.feed for one in house.told if isinstance(one, WalkFailed)] == ["denied"]


def test_two_feeds_of_one_organization_store_an_activity_once(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    house.collect(house.feed(), house.feed("again", key="admin"))

    assert house.missing("acme") == NOTHING_WRONG
    assert house.missing("again") == NOTHING_WRONG


def test_other_filters_have_a_coverage_of_their_own(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    types = ["claude_chat_created", "api_key_created"]

    house.collect(house.feed(activity_types=types))
    with open_reader(str(tmp_path)).connect() as connection:
        stored = connection.sql("SELECT DISTINCT type FROM activities").fetchall()
    (outcome,) = house.collect(house.feed())

    assert {row[0] for row in stored} <= set(types)
    assert outcome.is_covered
    assert house.missing() == NOTHING_WRONG


def test_a_walk_that_goes_on_by_time_after_an_empty_page_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.vendor.faults.queue(Fault("html", times=1))
    house.collect(house.feed(batch_size=1000, initial_interval="1h"))
    house.vendor.faults.queue(Fault("empty", times=1))

    house.clock.advance(timedelta(hours=30))
    house.collect(house.feed(batch_size=200))

    assert [one.feed for one in house.told if isinstance(one, CursorLost)] == ["acme"]
    assert house.missing() == NOTHING_WRONG


def test_following_collects_at_the_interval_until_it_is_stopped(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    finished: list[datetime] = []

    def watch(event: Progress) -> None:
        if isinstance(event, WalkFinished):
            finished.append(event.coverage.walked_at)
            if len(finished) == 5:
                house.clock.interrupt()

    with open_writer(str(tmp_path), house.clock) as archive:
        collector = Collector(archive, house.clock, normalizer=Normalizer(load()), rules=NormalizeRules(), watch=watch)
        with pytest.raises(InterruptedRunError):
            collector.follow([house.feed(interval="7m")])

    gaps = [after - before for before, after in pairwise(finished[1:])]
    assert all(timedelta(minutes=6) < gap < timedelta(minutes=8) for gap in gaps), finished


def test_an_archive_that_can_not_be_written_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    class Full(ArchiveWriter):
        def append(self, received: object) -> int:
            message = "no space left on device"
            raise ArchiveError(message)

    with Full(str(tmp_path), house.clock) as archive:
        (outcome,) = house._collector(archive).once([house.feed()])

    assert isinstance(outcome.error, ArchiveError)
    assert (outcome.exit_code, outcome.is_covered) == (1, False)


def test_events_carry_what_their_feed_is_told_to(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    house.collect(house.feed())

    with open_reader(str(tmp_path)).connect() as connection:
        tags = connection.sql("SELECT DISTINCT json_extract_string(document, '$.tags[0]') FROM events").fetchall()
    assert tags == [("ours",)]


def test_feeds_under_one_key_share_a_budget(tmp_path: Path) -> None:
    house = House(tmp_path, settings(requests_per_minute=6))

    house.collect(house.feed(), house.feed("again"))

    assert house.missing("again") == NOTHING_WRONG
    assert sum(house.clock.waited) >= 60


def test_a_key_is_sent_and_shown_nowhere(tmp_path: Path) -> None:
    key, seen = "sk-ant-api01-TESTTESTTEST", list[str]()

    def answering(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["x-api-key"])
        return httpx2.Response(
            401, content=b'{"error":{"type":"authentication_error","message":"bad ' + key.encode() + b'"}}'
        )

    house = House(tmp_path / "archive", settings())
    tracing = FeedSettings(enable_request_tracer=True, request_tracer_folder=str(tmp_path / "traces"))
    runs = open_feeds([(tracing, Secret(key))], house.clock, house.told.append, httpx2.MockTransport(answering))
    (outcome,) = house.collect(*runs)

    everything = [str(outcome.error), repr(outcome), repr(runs), *map(repr, house.told)]
    everything += [path.read_bytes().decode("latin1") for path in tmp_path.rglob("*") if path.is_file()]
    assert seen == [key]
    assert not [text for text in everything if key in text]


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 5), (1, 5), (2, 10), (3, 15), (50, 15)],
    ids=["fine", "once", "twice", "thrice", "long"],
)
def test_a_feed_that_fails_again_and_again_is_asked_less_often(failures: int, minutes: int) -> None:
    assert pause_after(failures, timedelta(minutes=5)) == timedelta(minutes=minutes)
    assert pause_after(failures, timedelta(hours=2)) == timedelta(hours=2)


def test_feeds_that_do_not_answer_hold_up_nobody(tmp_path: Path) -> None:
    """More unresponsive feeds than slots; the responsive feeds are still collected."""
    house = House(tmp_path, settings())
    silent = threading.Event()

    class Silent:
        def read_page(self, _: Query) -> Page:
            silent.wait(15)
            message = "no answer"
            raise FeedUnreachableError(message)

    good = [house.feed(f"good{number}") for number in range(4)]
    bad = [replace(house.feed(f"bad{number}"), feed=Silent()) for number in range(20)]
    covered: list[str] = []

    def watch(event: Progress) -> None:
        if isinstance(event, WalkFinished):
            covered.append(event.coverage.feed)
            if len(set(covered)) == len(good):
                silent.set()

    with open_writer(str(tmp_path), house.clock) as archive:
        collector = Collector(archive, house.clock, normalizer=Normalizer(load()), rules=NormalizeRules(), watch=watch)
        started = time.monotonic()
        outcomes = collector.once([*bad, *good])

    assert time.monotonic() - started < 14, "nobody waited until the silent ones gave up"
    assert [one.feed for one in outcomes if one.is_covered] == [one.settings.name for one in good]
    assert [one.exit_code for one in outcomes if not one.is_covered] == [1] * len(bad)


def test_history_is_filled_in_beside_the_tail(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    (outcome,) = house.collect(house.feed(initial_interval="6h", backfill="2d"))

    assert outcome.is_covered
    assert house.missing() == NOTHING_WRONG
    walks = [one.coverage for one in house.told if isinstance(one, WalkFinished)]
    assert NOW - min(walk.window.start for walk in walks) == timedelta(days=2)
    assert walks[0].purpose is Purpose.TAIL, "the tail comes first"
    assert {walk.purpose for walk in walks[1:]} == {Purpose.BACKFILL}


def test_an_outage_is_in_the_ledger_of_gaps_with_its_cause_and_its_end(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.collect(house.feed())
    house.vendor.faults.queue(Fault("500-final", times=1))
    house.clock.advance(timedelta(hours=2))
    house.collect(house.feed())
    (opened,) = open_reader(str(tmp_path)).gaps("acme")

    house.clock.advance(timedelta(minutes=5))
    house.collect(house.feed())

    *_, closed = open_reader(str(tmp_path)).gaps("acme")
    assert opened.entry.state is GapState.OPENED
    assert opened.entry.cause is not None
    assert "500" in opened.entry.cause
    assert closed.entry.state is GapState.CLOSED
    assert closed.entry.recorded_by == "tail"
    assert house.missing() == NOTHING_WRONG


def test_what_is_declared_lost_is_not_walked_again(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed(initial_interval="1h", backfill="2d")
    lost = Window(NOW - timedelta(hours=30), NOW - timedelta(hours=20))
    with house.collector():
        pass
    entry = GapEntry(lost, GapState.PERMANENT, NOW, "the vendor has deleted it", "alice")
    append_to_ledger(str(tmp_path), [GapRow("acme", run.settings.filters.key(), entry)])

    first, second = house.collect(run), house.collect(run)

    walks = [one.coverage.window for one in house.told if isinstance(one, WalkFinished)]
    assert [walk for walk in walks if walk.start < lost.end and lost.start < walk.end] == []
    assert min(walk.start for walk in walks) == NOW - timedelta(days=2)
    assert [one.exit_code for one in (*first, *second)] == [0, 0]


def test_the_tail_does_not_wait_for_a_long_gap(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.collect(house.feed(initial_interval="2h"))
    with open_writer(str(tmp_path), house.clock) as archive:
        (old,) = open_reader(str(tmp_path)).coverage("acme")
        early = Window(NOW - timedelta(days=2, hours=1), NOW - timedelta(days=2))
        archive.claim(replace(old, window=early, walk_id="early"))
    house.told.clear()
    house.clock.advance(timedelta(minutes=5))

    (outcome,) = house.collect(house.feed())

    purposes = [one.coverage.purpose for one in house.told if isinstance(one, WalkFinished)]
    assert purposes[0] is Purpose.TAIL
    assert Purpose.GAP in purposes
    assert outcome.is_covered


def test_margins_follow_the_measured_lateness_where_that_is_wanted(tmp_path: Path) -> None:
    house = House(tmp_path, settings(delivery=IndexingBehavior(late_share=0.2, lateness=timedelta(minutes=30))))
    following, fixed = house.feed(follow_lateness=True), house.feed("fixed")

    with house.collector() as collector:
        collector.follow_lateness(Margins(timedelta(seconds=90), timedelta(minutes=40)))
        collector.follow_lateness(Margins(timedelta(seconds=60), timedelta(minutes=20)))
        for _ in range(12):
            house.clock.advance(timedelta(minutes=5))
            collector.once([following, fixed])

    ends = {one.coverage.feed: one.coverage.window.end for one in house.told if isinstance(one, WalkFinished)}
    assert house.missing() == NOTHING_WRONG
    assert ends["acme"] < ends["fixed"], "the longer settle counts"
