from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.feed.budget import Allowance, Budget, allowance
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
    clock, told = FakeClock(NOW), list[Progress]()
    budget = Budget(clock, told.append)
    budget.learn(headers(1))

    budget.take()
    budget.take()
    budget.take()

    assert clock.waited == [42]
    assert [type(one) for one in told] == [Waiting]


def test_what_was_taken_counts_before_the_next_answer() -> None:
    clock = FakeClock(NOW)
    budget = Budget(clock, lambda _: None)
    budget.learn(headers(3))

    budget.take()

    assert budget.allowance == Allowance(600, 2, NOW + timedelta(seconds=42))


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

    assert said == Allowance(600, 5, NOW + timedelta(seconds=42))


def test_no_request_is_sent_after_an_interrupt() -> None:
    clock = FakeClock(NOW)
    clock.interrupt()

    with pytest.raises(InterruptedRunError):
        Budget(clock, lambda _: None).take()
