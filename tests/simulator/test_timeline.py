from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator.chunk import EVERYTHING
from anthropic_audit.simulator.delivery import IndexingBehavior
from anthropic_audit.simulator.index import IndexSpan
from anthropic_audit.simulator.timeline import MINUTE_US, Timeline, TimelineExtent, microseconds

Call = Callable[..., Any]
ALL_US = 2**62


class CountingWorld:
    """A world that records the requested minutes."""

    def __init__(self, row: Call, per_minute: int) -> None:
        self.requested: list[int] = []
        self._row = row
        self._per_minute = per_minute

    def rows(self, minute: int) -> list[Any]:
        self.requested.append(minute)
        return [self._row(minute * MINUTE_US + n, minute * 1000 + n) for n in range(self._per_minute)]


@pytest.fixture
def world(row: Call) -> CountingWorld:
    return CountingWorld(row, 3)


def timeline(world: CountingWorld, end_us: int | None = None) -> Timeline:
    return Timeline(world, 1, IndexingBehavior(lag=timedelta(0)), TimelineExtent(100, end_us))


def ids(grown: Timeline) -> list[str]:
    return [seen.id for seen in grown.visible_activities(IndexSpan(), ALL_US)]


def test_each_minute_is_taken_in_once(world: CountingWorld) -> None:
    grown = timeline(world)

    for minute in (102, 102, 101, 105):
        grown.grow(minute * MINUTE_US + 30)

    assert world.requested == [100, 101, 102, 103, 104, 105]
    assert ids(grown) == [one.id for minute in range(100, 106) for one in CountingWorld(world._row, 3).rows(minute)]


def test_growing_in_many_threads_takes_each_minute_in_once(world: CountingWorld) -> None:
    grown = timeline(world)
    threads = [threading.Thread(target=grown.grow, args=((100 + n) * MINUTE_US,)) for n in range(20)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.requested == list(range(100, 120))
    assert len(ids(grown)) == 60


def test_a_world_that_ends_does_not_grow_beyond(world: CountingWorld) -> None:
    grown = timeline(world, end_us=102 * MINUTE_US + 2)

    grown.grow(200 * MINUTE_US)

    assert world.requested == [100, 101, 102]
    assert len(ids(grown)) == 3 + 3 + 2


def test_growing_reports_each_minute(world: CountingWorld) -> None:
    minutes: list[int] = []

    timeline(world).grow(102 * MINUTE_US, minutes.append)

    assert minutes == [100, 101, 102]


def test_growing_by_minutes_or_at_once_comes_to_the_same(row: Call) -> None:
    slowly, at_once = timeline(CountingWorld(row, 700)), timeline(CountingWorld(row, 700))

    for minute in range(100, 120):
        slowly.grow(minute * MINUTE_US)
    at_once.grow(119 * MINUTE_US)

    assert ids(slowly) == ids(at_once)
    assert len(slowly._index.chunks) < 20


def test_small_chunks_of_a_quiet_world_do_not_pile_up(row: Call) -> None:
    grown = timeline(CountingWorld(row, 1))

    for minute in range(100, 1100):
        grown.grow(minute * MINUTE_US)

    assert len(grown._index.chunks) < 10


def test_a_row_put_in_is_seen_from_its_moment_on(world: CountingWorld, row: Call) -> None:
    grown = timeline(world)
    grown.grow(102 * MINUTE_US)
    late = row(101 * MINUTE_US + 1, 7)

    grown.insert(late, 105 * MINUTE_US)

    before = [seen.id for seen in grown.visible_activities(IndexSpan(), 105 * MINUTE_US - 1)]
    assert late.id not in before
    assert set(ids(grown)) - set(before) == {late.id}
    assert [seen.raw for seen in grown.visible_activities(IndexSpan(), ALL_US) if seen.id == late.id] == [late.raw]


def test_what_is_wanted_comes_from_the_end_that_is_asked(world: CountingWorld) -> None:
    grown = timeline(world)
    grown.grow(110 * MINUTE_US)

    oldest = grown.oldest(IndexSpan(), 4, selection=EVERYTHING, now_us=ALL_US)
    newest = grown.newest(IndexSpan(), 4, selection=EVERYTHING, now_us=ALL_US)

    def picked(picks: list[Any]) -> list[str]:
        return [pick.chunk.ids.one(position).decode() for pick in picks for position in pick.positions]

    assert picked(oldest) == ids(grown)[:4]
    assert picked(newest) == ids(grown)[-4:]


def test_the_truth_of_a_span_is_what_was_visible_of_it_by_then(call: Call) -> None:
    caller = call(per_minute=6, delivery=IndexingBehavior(lag=timedelta(seconds=60)), until=None)
    start, end = caller.now - timedelta(minutes=10), caller.now

    truth = list(caller.vendor.truth(start, end, caller.now))

    assert all(start <= seen.created_at < end and seen.visible_at <= caller.now for seen in truth)
    assert 50 < len(truth) < 60
    assert len(list(caller.vendor.truth(start, end, caller.now + timedelta(minutes=2)))) == 60


def test_counting_agrees_with_the_truth(call: Call) -> None:
    caller = call(per_minute=6, delivery=IndexingBehavior(lag=timedelta(seconds=60)))

    truth = list(caller.vendor.truth(caller.now - timedelta(days=1), caller.now, caller.now))

    assert caller.vendor.activities(caller.now) == len(truth)
    assert microseconds(caller.vendor.history_start) <= microseconds(truth[0].created_at)
