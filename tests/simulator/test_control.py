from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from anthropic_audit.simulator import FAULTS, IndexingBehavior, Request, respond

Call = Callable[..., Any]


@pytest.fixture
def caller(call: Call) -> Any:
    return call(logs_accesses=True)


def lines_of(caller: Any, path: str, *query: tuple[str, str]) -> list[dict[str, str]]:
    response = respond(caller.vendor, Request("GET", f"/_simulator/{path}", query), caller.now)
    assert response.status == 200
    assert response.parts is not None
    return [json.loads(line) for line in b"".join(response.parts).splitlines()]


def test_the_truth_lists_every_activity_that_was_ever_visible(call: Call) -> None:
    caller = call(per_minute=6, delivery=IndexingBehavior(lag=timedelta(minutes=1)))

    truth = lines_of(caller, "truth")

    page = caller.page(("order", "asc"), ("limit", "5000"))
    assert [line["id"] for line in truth] == [activity["id"] for activity in page["data"]]
    times = [[datetime.fromisoformat(line[name]) for name in ("created_at", "visible_at")] for line in truth]
    assert all(created_at <= visible_at for created_at, visible_at in times)


def test_the_truth_can_be_bounded(caller: Any) -> None:
    truth = lines_of(caller, "truth", ("from", "2026-11-23T08:30:00Z"), ("to", "2026-11-23T08:40:00Z"))

    assert len(truth) == 20
    assert truth[0]["created_at"] == "2026-11-23T08:30:00Z"
    assert truth[-1]["created_at"] == "2026-11-23T08:39:30Z"


def test_the_truth_has_digests_on_request(caller: Any) -> None:
    truth = lines_of(caller, "truth", ("digest", "sha256"))

    assert [line["sha256"] for line in truth] == [sha256(seen.raw).hexdigest() for seen in caller.truth()]


def test_the_state_names_no_secret(caller: Any) -> None:
    caller.ask()

    state = caller.control("state")

    assert state["seed"] == 1
    assert state["requests_served"] == 1
    assert state["activities_visible"] == len(caller.truth())
    assert {key["name"] for key in state["keys"]} >= {"compliance", "admin", "revoked"}
    for key in caller.vendor.keys.each():
        assert key.secret.reveal() not in json.dumps(state)


def test_faults_are_queued_listed_and_cleared(caller: Any) -> None:
    caller.control("faults", {"kind": "503", "times": 2})
    caller.control("faults", {"kind": "slow", "seconds": 1.5})
    caller.ask()

    plan = caller.control("faults")

    assert [(fault["kind"], fault["times"]) for fault in plan["queue"]] == [("503", 1), ("slow", 1)]
    assert plan["met"] == {"503": 1}
    assert caller.control("faults", method="DELETE")["queue"] == []
    assert caller.ask().status == 200


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_of_fault_can_be_queued(kind: str, caller: Any) -> None:
    assert caller.control("faults", {"kind": kind})["queue"][0]["kind"] == kind


def test_keys_are_revoked_and_restored_at_once(caller: Any) -> None:
    caller.control("keys", {"revoke": "compliance"})
    revoked = caller.ask().status
    caller.control("keys", {"restore": "compliance"})

    assert (revoked, caller.ask().status) == (401, 200)


def test_a_new_key_replaces_an_old_one(caller: Any) -> None:
    first = caller.page(("limit", "10"))
    caller.key = caller.control("keys", {"create": "next", "kind": "admin", "revoke": "compliance"})["secret"]

    assert caller.key.startswith("sk-ant-admin01-SIM")
    assert caller.page(("limit", "10"), ("after_id", first["last_id"]))["data"]


def test_storylines_are_those_of_the_world(caller: Any) -> None:
    assert caller.control("storylines") == []


WRONG: dict[str, tuple[str, str, bytes]] = {
    "not JSON": ("POST", "faults", b"{"),
    "not an object": ("POST", "faults", b"[]"),
    "an unknown fault": ("POST", "faults", b'{"kind":"flood"}'),
    "an unknown member": ("POST", "faults", b'{"kind":"500","count":1}'),
    "a member of another type": ("POST", "faults", b'{"kind":"slow","seconds":"1"}'),
    "not a number": ("POST", "faults", b'{"kind":"500","times":true}'),
    "no times": ("POST", "faults", b'{"kind":"500","times":0}'),
    "a share of two": ("POST", "faults", b'{"kind":"growth","share":2}'),
    "an unknown key": ("POST", "keys", b'{"revoke":"unknown"}'),
    "an unknown kind of key": ("POST", "keys", b'{"create":"x","kind":"golden"}'),
}


@pytest.mark.parametrize(("method", "path", "body"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_order_is_refused(method: str, path: str, body: bytes, caller: Any) -> None:
    response = respond(caller.vendor, Request(method, f"/_simulator/{path}", (), {}, body), caller.now)

    assert response.status == 400
    assert json.loads(response.body)["error"]["message"]


@pytest.mark.parametrize("query", [(("from", "soon"),), (("since", "1h"),), (("digest", "md5"),)])
def test_a_wrong_question_for_the_truth_is_refused(query: tuple[tuple[str, str], ...], caller: Any) -> None:
    assert respond(caller.vendor, Request("GET", "/_simulator/truth", query), caller.now).status == 400


@pytest.mark.parametrize("path", ["", "nothing", "faults/1"])
def test_there_is_nothing_else(path: str, caller: Any) -> None:
    assert respond(caller.vendor, Request("GET", f"/_simulator/{path}"), caller.now).status == 404


@pytest.mark.parametrize("client", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "unix"])
def test_other_machines_have_no_control(client: str, caller: Any) -> None:
    response = respond(caller.vendor, Request("GET", "/_simulator/state", client=client), caller.now)

    assert response.status == 404


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_control(client: str, caller: Any) -> None:
    response = respond(caller.vendor, Request("GET", "/_simulator/state", client=client), caller.now)

    assert response.status == 200


def test_control_costs_no_budget_and_leaves_no_activity(caller: Any) -> None:
    before = len(caller.truth())

    for _ in range(5):
        caller.control("state")
    caller.now += timedelta(seconds=1)

    assert len(caller.truth()) == before
    assert caller.ask().headers["anthropic-ratelimit-requests-remaining"] == "599"
