from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator import IndexingBehavior, Request, respond

Call = Callable[..., Any]
ACCESSED = (("activity_types[]", "compliance_api_accessed"), ("limit", "5000"))


@pytest.fixture
def caller(call: Call) -> Any:
    return call([], logs_accesses=True)


def accesses(caller: Any) -> list[dict[str, Any]]:
    caller.now += timedelta(seconds=1)
    data: list[dict[str, Any]] = caller.page(*ACCESSED)["data"]
    return data


def test_a_request_comes_back_as_an_activity(caller: Any) -> None:
    headers = {"x-api-key": caller.key, "user-agent": "anthropic-audit"}
    request = Request("GET", "/v1/compliance/activities", (("limit", "3"),), headers, client="192.0.2.7")
    asked_at = caller.now
    answer = respond(caller.vendor, request, asked_at)

    (activity,) = accesses(caller)

    key = caller.vendor.keys.named("compliance")
    assert activity.pop("id").startswith("activity_")
    assert activity == {
        "type": "compliance_api_accessed",
        "created_at": asked_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "organization_id": None,
        "organization_uuid": None,
        "actor": {
            "type": "api_actor",
            "api_key_id": key.id,
            "ip_address": "192.0.2.7",
            "user_agent": "anthropic-audit",
        },
        "request_id": answer.headers["request-id"],
        "request_method": "GET",
        "status_code": 200,
        "url": "https://api.anthropic.com/v1/compliance/activities?limit=3",
        "request_body": None,
    }


def test_an_admin_key_is_named_as_one(caller: Any) -> None:
    caller.key = caller.vendor.keys.named("admin").secret.reveal()
    caller.ask()

    (activity,) = accesses(caller)

    assert activity["actor"]["type"] == "admin_api_key_actor"
    assert activity["actor"]["admin_api_key_id"] == caller.vendor.keys.named("admin").id


def test_refusals_come_back_with_their_status(caller: Any) -> None:
    caller.ask(("limit", "0"))
    caller.vendor.keys.add(caller.vendor.keys.named("narrow"))
    right, caller.key = caller.key, caller.vendor.keys.named("narrow").secret.reveal()
    caller.ask()
    caller.key = right

    assert sorted(activity["status_code"] for activity in accesses(caller)) == [400, 403]


def test_an_unauthenticated_request_is_not_recorded(caller: Any) -> None:
    right, caller.key = caller.key, "sk-ant-api01-TEST"
    caller.ask()
    caller.key = right
    caller.ask(path="/elsewhere")
    caller.control("state")

    assert accesses(caller) == []


def test_an_access_is_visible_after_the_lag_at_the_latest(call: Call) -> None:
    caller = call([], logs_accesses=True, delivery=IndexingBehavior(lag=timedelta(seconds=30)))
    for _ in range(20):
        caller.ask()
    at_first = len(caller.page(*ACCESSED)["data"])

    caller.now += timedelta(seconds=30)

    assert at_first < 20
    assert len(caller.page(*ACCESSED)["data"]) >= 20


def test_no_two_accesses_have_one_id_even_after_a_restart(call: Call) -> None:
    before, after = call([], logs_accesses=True), call([], logs_accesses=True)
    after.now += timedelta(seconds=5)
    for caller in (before, after):
        for _ in range(5):
            caller.ask()

    ids = [activity["id"] for caller in (before, after) for activity in accesses(caller)]

    assert len(set(ids)) == len(ids) == 10


def test_accesses_are_part_of_the_truth(caller: Any) -> None:
    answer = caller.ask()

    caller.now += timedelta(seconds=1)

    assert [json.loads(seen.raw)["request_id"] for seen in caller.truth()] == [answer.headers["request-id"]]


def test_a_world_that_has_ended_logs_nothing(call: Call) -> None:
    caller = call([])
    caller.ask()

    assert accesses(caller) == []
