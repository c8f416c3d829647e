from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.feed.budget import Budget, ServerBudget, allowance
from anthropic_audit.progress import Progress, Waiting
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def headers(remaining: int, reset: str = "2026-11-23T12:00:42Z") -> dict[str, str]:
    return {
        "anthropic-ratelimit-requests-limit": "600",
        "anthropic-ratelimit-requests-remaining": str(remaining),
        "anthropic-ratelimit-requests-reset": reset,
    }


def test_a_spent_budget_waits_for_the_next_minute_and_says_so() -> None:
    clock, events = FakeClock(NOW), list[Progress]()
    budget = Budget(clock, events.append)
    budget.learn(headers(1))

    budget.take()
    budget.take()
    budget.take()

    assert clock.waited == [42]
    assert [type(one) for one in events] == [Waiting]


def test_what_was_taken_counts_before_the_next_answer() -> None:
    clock = FakeClock(NOW)
    budget = Budget(clock, lambda _: None)
    budget.learn(headers(3))

    for _ in range(3):
        budget.take()
    assert clock.waited == []

    budget.take()
    assert clock.waited == [42]


def test_a_request_without_an_answer_is_not_counted_any_more() -> None:
    clock = FakeClock(NOW)
    budget = Budget(clock, lambda _: None)
    budget.learn(headers(1))

    for _ in range(5):
        budget.take()
        budget.give_up()

    assert clock.waited == []


@pytest.mark.parametrize(
    ("reserve", "leave", "remaining", "waits"),
    [
        (0.0, 0.05, 31, False),
        (0.0, 0.05, 30, True),
        (0.5, 0.0, 301, False),
        (0.5, 0.0, 300, True),
        (0.5, 0.05, 330, True),
    ],
)
def test_a_share_is_left_to_others(reserve: float, leave: float, remaining: int, waits: bool) -> None:
    clock = FakeClock(NOW)
    budget = Budget(clock, lambda _: None, reserve=reserve)
    budget.learn(headers(remaining))

    budget.take(leave)

    assert bool(clock.waited) == waits


def test_threads_stay_inside_the_budget_together() -> None:
    """A server allows 20 requests a minute; 8 threads send 200, and none exceeds the budget."""
    clock, lock, sent = FakeClock(NOW), threading.Lock(), Counter[int]()
    budget = Budget(clock, lambda _: None)

    def minute() -> int:
        return int(clock.now().timestamp()) // 60

    def ask() -> None:
        for _ in range(25):
            budget.take()
            with lock:
                now = minute()
                sent[now] += 1
                left = max(0, 20 - sent[now])
            reset = datetime.fromtimestamp((now + 1) * 60, UTC).isoformat()
            budget.learn({**headers(left, reset), "anthropic-ratelimit-requests-limit": "20"})

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent.values()) == 200
    assert max(sent.values()) <= 20 + 8, "after a wait nothing is known: each thread may send one before it learns"


def test_before_the_first_answer_nothing_waits() -> None:
    clock = FakeClock(NOW)

    Budget(clock, lambda _: None).take()

    assert clock.waited == []


def test_a_reset_far_away_does_not_stop_the_collecting() -> None:
    clock = FakeClock(NOW)
    budget = Budget(clock, lambda _: None)
    budget.learn(headers(0, "2027-01-01T00:00:00Z"))

    budget.take()

    assert clock.waited == [60]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {**headers(1), "anthropic-ratelimit-requests-limit": "many"},
        {**headers(1), "anthropic-ratelimit-requests-reset": "soon"},
    ],
)
def test_headers_that_say_nothing_change_nothing(odd: dict[str, str]) -> None:
    budget = Budget(FakeClock(NOW), lambda _: None)
    budget.learn(headers(5))

    budget.learn(odd)

    assert budget.allowance is not None
    assert budget.allowance.remaining == 5


def test_a_reset_without_an_offset_is_taken_as_utc() -> None:
    said = allowance(headers(5, "2026-11-23T12:00:42"))

    assert said == ServerBudget(600, 5, NOW + timedelta(seconds=42))


def test_no_request_is_sent_after_an_interrupt() -> None:
    clock = FakeClock(NOW)
    clock.interrupt()

    with pytest.raises(InterruptedRunError):
        Budget(clock, lambda _: None).take()
