"""A long range is read by several workers, each activity once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.collecting import NOTHING_WRONG, NOW, House, settings

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer
from anthropic_audit.errors import FeedDeniedError, InterruptedRunError
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Filters, Purpose, Window
from anthropic_audit.plan import BackfillRules
from anthropic_audit.progress import Progress, WalkFinished, ignore_progress
from anthropic_audit.service import HistoryRead, HistoryReader, HistoryRules
from anthropic_audit.simulator import Fault, IndexingBehavior

WINDOWS = BackfillRules(target=300, first=timedelta(hours=3))
RANGE = Window(NOW - timedelta(days=4), NOW)
NORMALIZER = Normalizer(load())


class _Tripping(list[Progress]):
    """A watch that makes the vendor fail from the third finished walk on."""

    def __init__(self, house: House, fault: Fault) -> None:
        super().__init__()
        self._house = house
        self._fault = fault

    def append(self, event: Progress) -> None:
        super().append(event)
        if isinstance(event, WalkFinished) and sum(isinstance(one, WalkFinished) for one in self) == 3:
            self._house.vendor.faults.queue(self._fault)


def read(
    house: House, window: Window = RANGE, purpose: Purpose = Purpose.BACKFILL, workers: int = 4, **changes: Any
) -> HistoryRead:
    with open_writer(str(house.folder), house.clock) as archive:
        run = house.feed(batch_size=50, **changes)
        history = HistoryReader(
            run, archive, house.clock, rules=HistoryRules(purpose, workers, WINDOWS), watch=house.told.append
        )

        def normalize() -> None:
            normalize_pending(archive, NORMALIZER, NormalizeRules(), ignore_progress)

        done = history.read(window, normalize)
        normalize()
        return done


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_a_range_is_collected_whole_and_each_activity_once(tmp_path: Path, workers: int) -> None:
    house = House(tmp_path, settings(delivery=IndexingBehavior(repeat_share=0.05)))

    done = read(house, workers=workers)

    assert done.error is None
    assert not done.left
    assert done.windows > 5
    assert house.missing() == NOTHING_WRONG
    walks = open_reader(str(tmp_path)).coverage("acme")
    assert {walk.purpose for walk in walks} == {Purpose.BACKFILL}
    assert done.new == sum(walk.new for walk in walks) > 1000


def test_what_is_covered_is_not_read_again(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    read(house, Window(NOW - timedelta(days=2), NOW - timedelta(days=1)))
    house.told.clear()

    again = read(house, Window(NOW - timedelta(days=2), NOW - timedelta(days=1)))

    assert (again.windows, again.activities) == (0, 0)
    assert house.told == []


def test_a_range_that_failed_goes_on_where_it_was(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    house.told = _Tripping(house, Fault("unauthorized", times=1000))

    first = read(house)
    house.vendor.faults.clear()
    second = read(house)

    assert isinstance(first.error, FeedDeniedError)
    assert first.left
    assert second.error is None
    assert not second.left
    assert house.missing() == NOTHING_WRONG


def test_faults_on_the_way_lose_nothing(tmp_path: Path) -> None:
    faults = {"500": 0.1, "reset": 0.1, "truncated": 0.05, "cursor": 0.05}
    house = House(tmp_path, settings(faults=faults))

    done = read(house, give_up_after="2h")

    assert done.error is None
    assert house.missing() == NOTHING_WRONG


def test_what_is_younger_than_settle_is_not_read(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    read(house, Window(NOW - timedelta(hours=3), NOW + timedelta(days=1)), settle="10m")

    with open_writer(str(tmp_path), house.clock) as archive:
        assert archive.covered("acme", Filters()).end == NOW - timedelta(minutes=10)


def test_reconciling_reads_what_is_covered_and_counts_what_was_late(tmp_path: Path) -> None:
    house = House(tmp_path, settings(delivery=IndexingBehavior(late_share=0.3, lateness=timedelta(hours=20))))
    read(house)
    house.clock.advance(timedelta(days=2))

    done = read(house, RANGE, Purpose.RECONCILE)

    assert done.new > 0
    assert done.activities > done.new
    assert house.missing(until=NOW - timedelta(minutes=2)) == NOTHING_WRONG


def test_an_operator_ends_it_and_what_was_read_stays(tmp_path: Path) -> None:
    house = House(tmp_path, settings())

    def stop() -> None:
        house.clock.interrupt()

    with open_writer(str(tmp_path), house.clock) as archive:
        run = house.feed(batch_size=5)
        history = HistoryReader(
            run, archive, house.clock, rules=HistoryRules(Purpose.BACKFILL, 2, WINDOWS), watch=ignore_progress
        )
        with pytest.raises(InterruptedRunError):
            history.read(RANGE, stop)
