"""Functions side by side, and work beside others."""

from __future__ import annotations

import threading

import pytest
from tests.collecting import NOW

from anthropic_audit.errors import ArchiveError, InterruptedRunError
from anthropic_audit.service.beside import Beside
from anthropic_audit.service.feeds import Slots
from anthropic_audit.service.threads import side_by_side
from anthropic_audit.testing import FakeClock

FULL = "the disk is full"


def poke_for_a_while(beside: Beside) -> None:
    for _ in range(500):
        beside.poke()
        threading.Event().wait(0.01)


def test_results_come_in_the_order_of_the_functions() -> None:
    together = threading.Barrier(3)

    def wait(number: int) -> int:
        together.wait(5)
        return number

    assert side_by_side([lambda: wait(1), lambda: wait(2), lambda: wait(3)]) == [1, 2, 3]
    assert side_by_side([lambda: 7]) == [7]
    assert side_by_side([]) == []


def test_the_first_exception_does_not_wait_for_the_others() -> None:
    never = threading.Event()

    def fail() -> None:
        raise InterruptedRunError(FULL)

    with pytest.raises(InterruptedRunError):
        side_by_side([lambda: never.wait(20), fail])


def test_work_is_done_after_each_poke_and_at_the_end() -> None:
    done: list[int] = []
    ready = threading.Event()

    def work() -> None:
        done.append(1)
        ready.set()

    with Beside(work, "test") as beside:
        beside.poke()
        assert ready.wait(5)
        count = len(done)

    assert len(done) > count, "what was made since the last poke is not left"


def test_a_failure_is_raised_where_somebody_is() -> None:
    failures = [ArchiveError(FULL), None, None]
    tried = threading.Event()

    def work() -> None:
        tried.set()
        failure = failures.pop(0) if failures else None
        if failure:
            raise failure

    with Beside(work, "test") as beside:
        beside.poke()
        assert tried.wait(5)
        with pytest.raises(ArchiveError, match="disk"):
            poke_for_a_while(beside)
        beside.poke()


def test_a_failure_of_the_last_work_is_raised_at_the_end() -> None:
    def work() -> None:
        raise ArchiveError(FULL)

    with pytest.raises(ArchiveError), Beside(work, "test"):
        pass


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
