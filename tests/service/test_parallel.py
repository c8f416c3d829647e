"""Functions in parallel, and background work."""

from __future__ import annotations

import threading

import pytest
from tests.collecting import NOW

from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.service.background import BackgroundWorker
from anthropic_audit.service.feeds import Slots
from anthropic_audit.service.parallel import side_by_side
from anthropic_audit.testing import FakeClock

FULL = "the disk is full"


def test_results_come_in_the_order_of_the_functions() -> None:
    together = threading.Barrier(3)

    def wait(number: int) -> int:
        together.wait(5)
        return number

    assert side_by_side([lambda: wait(1), lambda: wait(2), lambda: wait(3)]) == [1, 2, 3]
    assert side_by_side([lambda: 7]) == [7]
    assert side_by_side([]) == []


def test_the_first_exception_waits_for_the_others_only_so_long() -> None:
    never = threading.Event()

    def fail() -> None:
        raise InterruptedRunError(FULL)

    with pytest.raises(InterruptedRunError):
        side_by_side([lambda: never.wait(20), fail], patience_seconds=0.2)


def test_the_others_have_ended_when_the_first_exception_is_raised() -> None:
    done: list[int] = []

    def work() -> None:
        threading.Event().wait(0.3)
        done.append(1)

    def fail() -> None:
        raise InterruptedRunError(FULL)

    with pytest.raises(InterruptedRunError):
        side_by_side([work, fail])

    assert done == [1]


def test_work_is_done_after_each_poke_and_at_the_end() -> None:
    done: list[int] = []
    ready = threading.Event()

    def work() -> bool:
        done.append(1)
        ready.set()
        return True

    with BackgroundWorker(work, "test") as beside:
        beside.poke()
        assert ready.wait(5)
        count = len(done)

    assert len(done) > count, "what was made since the last poke is not left"


def test_work_that_failed_is_tried_again_without_a_poke() -> None:
    outcomes = [False, False, True]
    went_well = threading.Event()

    def work() -> bool:
        outcome = outcomes.pop(0) if outcomes else True
        if outcome:
            went_well.set()
        return outcome

    with BackgroundWorker(work, "test", first_pause_seconds=0.01) as beside:
        beside.poke()

        assert went_well.wait(5)


def test_no_more_walks_hold_pages_than_there_are_slots() -> None:
    clock = FakeClock(NOW)
    slots = Slots(clock, 2)
    slots.enter()
    slots.enter()
    threading.Timer(0.1, slots.leave).start()

    slots.enter()
    clock.interrupt()

    with pytest.raises(InterruptedRunError):
        slots.enter()
