from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator import FAULTS, Ending, Fault

Call = Callable[..., Any]


@pytest.fixture
def caller(call: Call) -> Any:
    return call()


ANSWERS = {
    "429": (429, "rate_limit_error", {"retry-after": "1"}),
    "500": (500, "api_error", {}),
    "500-final": (500, "api_error", {"x-should-retry": "false"}),
    "502": (502, "api_error", {}),
    "503": (503, "api_error", {}),
    "504": (504, "api_error", {}),
    "529": (529, "overloaded_error", {}),
    "unauthorized": (401, "authentication_error", {}),
}


@pytest.mark.parametrize(("kind", "expected"), ANSWERS.items(), ids=ANSWERS.keys())
def test_a_refusal_is_worded_as_documented_and_then_over(
    kind: str, expected: tuple[int, str, dict[str, str]], caller: Any
) -> None:
    caller.vendor.faults.queue(Fault(kind))

    answer = caller.ask()

    status, error_type, headers = expected
    assert answer.status == status
    assert json.loads(answer.body)["error"]["type"] == error_type
    assert headers.items() <= answer.headers.items()
    assert answer.headers["request-id"].startswith("req_")
    assert caller.ask().status == 200


def test_a_silent_429_names_no_time(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("429-silent"))

    answer = caller.ask()

    assert answer.status == 429
    assert "retry-after" not in answer.headers


def test_a_429_names_the_time_that_was_chosen(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("429", retry_after=7))

    assert caller.ask().headers["retry-after"] == "7"


def test_faults_are_met_in_their_order_and_as_often_as_asked(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("503", times=2))
    caller.vendor.faults.queue(Fault("500"))

    assert [caller.ask().status for _ in range(4)] == [503, 503, 500, 200]


def test_a_slow_answer_is_whole(caller: Any) -> None:
    expected = caller.ask().body
    caller.vendor.faults.queue(Fault("slow", seconds=2.5))

    answer = caller.ask()

    assert (answer.wait_seconds, answer.body, answer.ending) == (2.5, expected, Ending.WHOLE)


@pytest.mark.parametrize(("kind", "ending"), [("reset", Ending.RESET), ("truncated", Ending.TRUNCATED)])
def test_a_fault_of_the_network_is_left_to_the_network(kind: str, ending: Ending, caller: Any) -> None:
    caller.vendor.faults.queue(Fault(kind))

    assert caller.ask().ending is ending


def test_a_page_in_html_is_no_json(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("html"))

    answer = caller.ask()

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.body.startswith(b"<")


def test_an_empty_page_promises_more(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("empty"))

    assert caller.page() == {"data": [], "has_more": True, "first_id": None, "last_id": None}


def test_a_frozen_cursor_gives_the_same_page_again(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("frozen"))
    first = caller.page(("limit", "10"))

    second = caller.page(("limit", "10"), ("after_id", first["last_id"]))

    third = caller.page(("limit", "10"), ("after_id", first["last_id"]))
    assert second == first
    assert third["data"] != first["data"]


def test_a_cursor_can_be_refused_once(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("cursor"))
    first = caller.page(("limit", "10"))
    step = (("limit", "10"), ("after_id", first["last_id"]))

    refused, accepted = caller.ask(*step), caller.ask(*step)

    assert (refused.status, json.loads(refused.body)["error"]["type"]) == (400, "invalid_request_error")
    assert accepted.status == 200


def test_all_cursors_issued_so_far_can_be_refused_for_good(caller: Any) -> None:
    first = caller.page(("limit", "10"))
    step = (("limit", "10"), ("after_id", first["last_id"]))
    caller.vendor.faults.queue(Fault("cursors"))

    assert [caller.ask(*step).status for _ in range(3)] == [400, 400, 400]
    fresh = caller.page(("limit", "10"))["last_id"]
    assert caller.ask(("after_id", fresh)).status == 200


def test_a_fault_about_cursors_waits_for_one(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("cursor"))

    assert [caller.ask().status for _ in range(3)] == [200, 200, 200]
    assert len(caller.control("faults")["queue"]) == 1


def test_chance_meets_its_share(call: Call) -> None:
    caller = call(faults={"500": 0.2, "reset": 0.1}, requests_per_minute=10_000)

    answers = [caller.ask(("limit", "1")) for _ in range(2000)]

    assert 330 < sum(answer.status == 500 for answer in answers) < 470
    assert 150 < sum(answer.ending is Ending.RESET for answer in answers) < 250


def test_chance_repeats_itself(call: Call) -> None:
    statuses = [
        [caller.ask(("limit", "1")).status for _ in range(100)]
        for caller in (call(faults={"500": 0.3}), call(faults={"500": 0.3}))
    ]

    assert statuses[0] == statuses[1]
    assert set(statuses[0]) == {200, 500}


def test_a_key_that_is_refused_meets_no_fault(caller: Any) -> None:
    caller.vendor.faults.queue(Fault("503"))
    right, caller.key = caller.key, "sk-ant-api01-TEST"

    assert caller.ask().status == 401
    caller.key = right
    assert caller.ask().status == 503


def test_a_fault_neither_loses_nor_moves_anything(caller: Any) -> None:
    whole = caller.page(("limit", "5000"), ("order", "asc"))["data"]
    for kind in FAULTS:
        caller.vendor.faults.queue(Fault(kind))
    for _ in range(3 * len(FAULTS)):
        caller.ask()
    caller.vendor.faults.clear()
    caller.now += timedelta(minutes=1)

    assert caller.page(("limit", "5000"), ("order", "asc"))["data"] == whole
