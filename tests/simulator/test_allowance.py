from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

Call = Callable[..., Any]
REMAINING = "anthropic-ratelimit-requests-remaining"
RESET = "anthropic-ratelimit-requests-reset"


@pytest.fixture
def caller(call: Call) -> Any:
    return call(requests_per_minute=3)


def test_each_request_takes_one_from_the_budget(caller: Any) -> None:
    answers = [caller.ask() for _ in range(3)]

    assert [answer.headers[REMAINING] for answer in answers] == ["2", "1", "0"]
    assert {answer.headers["anthropic-ratelimit-requests-limit"] for answer in answers} == {"3"}
    assert {answer.headers[RESET] for answer in answers} == {"2026-11-23T09:01:30Z"}


def test_a_request_over_the_limit_gets_the_time_to_wait(caller: Any) -> None:
    for _ in range(3):
        caller.ask()
    caller.now += timedelta(seconds=12, milliseconds=300)

    answer = caller.ask()

    assert answer.status == 429
    assert json.loads(answer.body)["error"]["type"] == "rate_limit_error"
    assert answer.headers["retry-after"] == "48"
    assert answer.headers[REMAINING] == "0"


def test_a_request_after_the_wait_is_answered(caller: Any) -> None:
    for _ in range(3):
        caller.ask()
    caller.now += timedelta(seconds=3, milliseconds=1)
    refused = caller.ask()

    caller.now += timedelta(seconds=int(refused.headers["retry-after"]))

    assert caller.ask().status == 200


def test_the_moment_of_the_reset_belongs_to_the_next_window(caller: Any) -> None:
    caller.now += timedelta(milliseconds=1)
    answers = [caller.ask() for _ in range(4)]
    assert answers[-1].status == 429

    caller.now = datetime.fromisoformat(answers[0].headers[RESET])

    assert caller.ask().headers[REMAINING] == "2"


def test_refused_requests_cost_nothing_more(caller: Any) -> None:
    for _ in range(10):
        caller.ask()

    caller.now += timedelta(minutes=1)

    assert caller.ask().headers[REMAINING] == "2"


def test_all_keys_share_one_budget(caller: Any) -> None:
    for name in ("compliance", "admin", "narrow"):
        caller.key = caller.vendor.keys.named(name).secret.reveal()
        caller.ask()

    assert caller.ask().status == 429


def test_a_failed_authentication_costs_nothing(caller: Any) -> None:
    right, caller.key = caller.key, "sk-ant-api01-TEST"
    for _ in range(5):
        caller.ask()
    caller.key = right

    assert caller.ask().headers[REMAINING] == "2"


def test_a_wrong_question_costs_one_request(caller: Any) -> None:
    assert caller.ask(("limit", "0")).headers[REMAINING] == "2"


def test_a_clock_that_is_set_back_does_not_close_the_budget_for_long(caller: Any) -> None:
    for _ in range(4):
        caller.ask()

    caller.now -= timedelta(hours=1)

    assert caller.ask().status == 200
