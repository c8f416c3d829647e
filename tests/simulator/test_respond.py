from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator import Request, respond

Query = tuple[tuple[str, str], ...]

REFUSED: dict[str, Query] = {
    "an unknown parameter": (("page", "2"),),
    "a list without its brackets": (("activity_types", "claude_chat_created"),),
    "brackets instead of a dot": (("created_at[gte]", "2026-11-23T09:00:00Z"),),
    "an unknown type": (("activity_types[]", "no_such_type"),),
    "an empty type": (("activity_types[]", ""),),
    "one unknown type among known ones": (
        ("activity_types[]", "claude_chat_created"),
        ("activity_types[]", "claude_chat_creatd"),
    ),
    "an unknown excluded type": (("exclude_activity_types[]", "no_such_type"),),
    "both filters of types": (
        ("activity_types[]", "claude_chat_created"),
        ("exclude_activity_types[]", "claude_chat_viewed"),
    ),
    "limit zero": (("limit", "0"),),
    "limit too large": (("limit", "5001"),),
    "limit negative": (("limit", "-1"),),
    "limit with a sign": (("limit", "+5"),),
    "limit empty": (("limit", ""),),
    "limit a word": (("limit", "all"),),
    "limit a fraction": (("limit", "1.5"),),
    "limit in other digits": (("limit", "\u0665"),),
    "limit endless": (("limit", "9" * 5000),),
    "limit twice": (("limit", "5"), ("limit", "6")),
    "order unknown": (("order", "up"),),
    "order in capitals": (("order", "ASC"),),
    "order empty": (("order", ""),),
    "time without an offset": (("created_at.gte", "2026-11-23T09:00:00"),),
    "time that is a date": (("created_at.lt", "2026-11-23"),),
    "time that is a number": (("created_at.gt", "1763888400"),),
    "time empty": (("created_at.lte", ""),),
    "time that does not exist": (("created_at.gte", "2026-02-30T00:00:00Z"),),
    "time whose plus became a space": (("created_at.gte", "2026-11-23T09:00:00 00:00"),),
    "time before the calendar": (("created_at.gte", "0001-01-01T00:00:00+14:00"),),
    "time twice": (("created_at.gt", "2026-11-23T09:00:00Z"), ("created_at.gt", "2026-11-23T09:00:00Z")),
    "both cursors": (("after_id", "x"), ("before_id", "y")),
    "an invalid cursor": (("after_id", "activity_01AAA"),),
    "an empty cursor": (("before_id", ""),),
    "a cursor with other characters": (("after_id", "\u00fc" * 40),),
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED.keys())
def test_a_question_that_breaks_a_rule_is_refused(query: Query, call: Callable[..., Any]) -> None:
    response = call().ask(*query)

    assert response.status == 400
    error = json.loads(response.body)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]


ACCEPTED: dict[str, Query] = {
    "nothing at all": (),
    "limit one": (("limit", "1"),),
    "limit largest": (("limit", "5000"),),
    "limit with zeros before": (("limit", "007"),),
    "order ascending": (("order", "asc"),),
    "order descending": (("order", "desc"),),
    "each bound": (
        ("created_at.gt", "2026-11-01T00:00:00Z"),
        ("created_at.gte", "2026-11-01T00:00:00+01:00"),
        ("created_at.lt", "2026-12-01T00:00:00.5Z"),
        ("created_at.lte", "2026-12-01T00:00:00.123456789-11:30"),
    ),
    "small letters in a time": (("created_at.gt", "2026-11-01t00:00:00z"),),
    "types": (("activity_types[]", "claude_chat_created"), ("activity_types[]", "claude_chat_viewed")),
    "excluded types": (("exclude_activity_types[]", "claude_chat_created"),),
    "both names for actors": (("actor_ids[]", "user_01AAA"), ("user_ids[]", "user_01BBB")),
    "organizations by both ids": (("organization_ids[]", "org_01BBB"), ("organization_ids[]", "aaaaaaaa-0000")),
}


@pytest.mark.parametrize("query", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_question_that_keeps_the_rules_is_answered(query: Query, call: Callable[..., Any]) -> None:
    response = call().ask(*query)

    assert response.status == 200
    assert list(json.loads(response.body)) == ["data", "has_more", "first_id", "last_id"]


def test_a_question_without_limit_gets_a_hundred_of_the_newest(call: Callable[..., Any]) -> None:
    caller = call(per_minute=5)

    page = caller.page()

    newest = [seen.id for seen in caller.truth()][-100:]
    assert [activity["id"] for activity in page["data"]] == newest[::-1]


def test_a_page_carries_each_activity_as_the_world_wrote_it(
    call: Callable[..., Any], row: Callable[..., Any], at_us: Callable[[float], int]
) -> None:
    written = [row(at_us(300), 1), row(at_us(200), 2)]

    body = call(written).ask(("order", "asc")).body

    assert body.startswith(b'{"data":[' + written[0].raw + b"," + written[1].raw + b'],"has_more":false,"first_id":"')


def test_an_empty_page_has_no_ids(call: Callable[..., Any]) -> None:
    page = call([]).page()

    assert page == {"data": [], "has_more": False, "first_id": None, "last_id": None}


def test_the_last_page_has_a_last_id_too(call: Callable[..., Any]) -> None:
    page = call().page(("limit", "5000"))

    assert page["has_more"] is False
    assert page["last_id"]


BOUNDS = {
    "gt": (("created_at.gt", 0), [3, 4]),
    "gte": (("created_at.gte", 0), [2, 3, 4]),
    "lt": (("created_at.lt", 0), [0, 1]),
    "lte": (("created_at.lte", 0), [0, 1, 2]),
}


@pytest.mark.parametrize(("bound", "expected"), BOUNDS.values(), ids=BOUNDS.keys())
def test_a_bound_is_exact_to_the_microsecond(
    bound: tuple[str, int],
    expected: list[int],
    *,
    call: Callable[..., Any],
    row: Callable[..., Any],
    at_us: Callable[[float], int],
) -> None:
    edge = at_us(600)
    written = [row(edge + offset, number) for number, offset in enumerate((-60_000_000, -1, 0, 1, 60_000_000))]
    caller = call(written)

    page = caller.page((bound[0], (caller.now - timedelta(seconds=600)).isoformat()), ("order", "asc"))

    assert [activity["id"] for activity in page["data"]] == [written[number].id for number in expected]


def test_bounds_that_leave_nothing_give_an_empty_page(call: Callable[..., Any]) -> None:
    page = call().page(("created_at.gt", "2026-11-23T09:00:00Z"), ("created_at.lt", "2026-11-23T08:00:00Z"))

    assert page["data"] == []


FILTERS: dict[str, tuple[Query, set[int]]] = {
    "one type": ((("activity_types[]", "claude_chat_created"),), {0, 1}),
    "two types": ((("activity_types[]", "claude_chat_created"), ("activity_types[]", "claude_chat_viewed")), {0, 1, 2}),
    "a type that never occurred": ((("activity_types[]", "api_key_created"),), set()),
    "all but a type": ((("exclude_activity_types[]", "claude_chat_created"),), {2, 3}),
    "an actor": ((("actor_ids[]", "user_01AAA"),), {0, 3}),
    "an actor by the older name": ((("user_ids[]", "user_01BBB"),), {1}),
    "actors by both names": ((("actor_ids[]", "user_01AAA"), ("user_ids[]", "user_01BBB")), {0, 1, 3}),
    "an unknown actor": ((("actor_ids[]", "user_01ZZZ"),), set()),
    "an organization and what has none": ((("organization_ids[]", "org_01AAA"),), {0, 2}),
    "an organization by its uuid": ((("organization_ids[]", "aaaaaaaa-0000-4000-8000-000000000001"),), {0, 2}),
    "an organization that does not exist": ((("organization_ids[]", "org_01ZZZ"),), {2}),
    "type and actor": ((("activity_types[]", "claude_chat_created"), ("actor_ids[]", "user_01AAA")), {0}),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_a_filter_selects(query: Query, expected: set[int], call_over: Callable[..., Any]) -> None:
    caller = call_over([(400, 0, 0, 0), (300, 0, 1, 1), (200, 1, 2, 2), (100, 2, 0, 1)])
    written = [seen.id for seen in caller.truth()]

    page = caller.page(*query)

    assert {activity["id"] for activity in page["data"]} == {written[number] for number in expected}


KEYS = {
    "a Compliance Access Key": ("compliance", 200, None),
    "an Admin API key": ("admin", 200, None),
    "an Admin API key from before": ("early_admin", 403, "permission_error"),
    "a key without the scope": ("narrow", 403, "permission_error"),
    "a revoked key": ("revoked", 401, "authentication_error"),
    "a Claude API key": ("claude", 404, "not_found_error"),
}


@pytest.mark.parametrize(("name", "status", "kind"), KEYS.values(), ids=KEYS.keys())
def test_a_key_opens_what_its_kind_and_scopes_allow(
    name: str, status: int, kind: str | None, call: Callable[..., Any]
) -> None:
    caller = call()
    caller.key = caller.vendor.keys.named(name).secret.reveal()

    response = caller.ask()

    assert (response.status, json.loads(response.body).get("error", {}).get("type")) == (status, kind)


NO_KEYS = {"none": (None, 404), "empty": ("", 401), "unknown": ("sk-ant-api01-TEST", 401), "other": ("x", 401)}


@pytest.mark.parametrize(("key", "status"), NO_KEYS.values(), ids=NO_KEYS.keys())
def test_what_is_no_key_opens_nothing(key: str | None, status: int, call: Callable[..., Any]) -> None:
    caller = call()
    caller.key = key

    response = caller.ask()

    assert response.status == status
    assert "anthropic-ratelimit-requests-remaining" not in response.headers


def test_a_missing_scope_is_named_and_costs_one_request(call: Callable[..., Any]) -> None:
    caller = call()
    caller.key = caller.vendor.keys.named("narrow").secret.reveal()

    response = caller.ask()

    message = json.loads(response.body)["error"]["message"]
    assert "Got: [read:compliance_org_data] Needed: [read:compliance_activities]" in message
    assert response.headers["anthropic-ratelimit-requests-remaining"] == "599"


def test_a_scope_of_the_older_name_is_enough(call: Callable[..., Any]) -> None:
    caller = call()
    caller.key = caller.control("keys", {"create": "older", "scopes": ["read:org_audit"]})["secret"]

    assert caller.ask().status == 200


PLACES = {
    "elsewhere": ("GET", "/v1/messages", 404),
    "below": ("GET", "/v1/compliance/activities/activity_01", 404),
    "with a slash": ("GET", "/v1/compliance/activities/", 404),
    "root": ("GET", "/", 404),
    "POST": ("POST", "/v1/compliance/activities", 405),
    "DELETE": ("DELETE", "/v1/compliance/activities", 405),
    "HEAD": ("HEAD", "/v1/compliance/activities", 405),
}


@pytest.mark.parametrize(("method", "path", "status"), PLACES.values(), ids=PLACES.keys())
def test_other_places_and_methods_are_refused_without_a_redirect(
    method: str, path: str, status: int, call: Callable[..., Any]
) -> None:
    response = call().ask(method=method, path=path)

    assert response.status == status
    assert "location" not in response.headers
    assert response.headers["request-id"].startswith("req_")


def test_every_answer_has_an_id_of_its_own_and_the_servers_time(call: Callable[..., Any]) -> None:
    caller = call()

    answers = [caller.ask(), caller.ask(), caller.ask(("limit", "0")), caller.ask(path="/nowhere")]

    assert len({answer.headers["request-id"] for answer in answers}) == 4
    assert {answer.headers["date"] for answer in answers} == {"Mon, 23 Nov 2026 09:00:30 GMT"}
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


OLDER = {
    "order": ({"has_order": False}, (("order", "asc"),)),
    "exclusion": ({"has_exclude": False}, (("exclude_activity_types[]", "claude_chat_created"),)),
}


@pytest.mark.parametrize(("settings", "query"), OLDER.values(), ids=OLDER.keys())
def test_an_older_server_does_not_know_the_newer_parameters(
    settings: dict[str, bool], query: Query, call: Callable[..., Any]
) -> None:
    caller = call(**settings)

    assert caller.ask(*query).status == 400
    assert caller.ask().status == 200


def test_two_vendors_of_one_seed_say_the_same(call: Callable[..., Any]) -> None:
    questions: list[Query] = [
        (),
        (("order", "asc"), ("limit", "7")),
        (("limit", "0"),),
        (("actor_ids[]", "user_01AAA"),),
    ]
    one, other = call(logs_accesses=True), call(logs_accesses=True)

    assert [one.ask(*query) for query in questions] == [other.ask(*query) for query in questions]


def test_another_seed_has_other_keys(call: Callable[..., Any]) -> None:
    caller = call()
    caller.key = call(seed=2).key

    assert caller.ask().status == 401


def test_a_request_from_nowhere_in_time_is_answered(call: Callable[..., Any]) -> None:
    caller = call()
    headers = {"x-api-key": caller.key}

    response = respond(
        caller.vendor, Request("GET", "/v1/compliance/activities", (), headers), caller.now - timedelta(days=400)
    )

    assert json.loads(response.body)["data"] == []
