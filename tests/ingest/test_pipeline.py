"""The pipeline makes the documents of the normalizer, in a real node."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from tests.ecs import odd
from tests.ecs.test_fast_path import nearly_documented
from tests.engines.launch import Engine

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer
from anthropic_audit.ingest import ingest_pipeline
from anthropic_audit.ingest.inference import alternatives
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any
Simulate = Callable[[Sequence[str]], list[Json]]
NORMALIZER = Normalizer(load())
LOGIN = {
    "id": "activity_1",
    "created_at": "2026-05-22T09:00:00Z",
    "organization_id": "org_1",
    "type": "sso_login_succeeded",
    "actor": {"type": "user_actor", "email_address": "alice@acme.example", "user_id": "user_1", "ip_address": "::1"},
}
EXACT = 2**53
DEEPEST = 16


def ours(text: str) -> Json:
    return json.loads(orjson.dumps(NORMALIZER.document(text.encode())))


def arrived(found: Sequence[Json]) -> list[Json]:
    """Remove the time of arrival, which an activity without a time gets."""
    for document in found:
        if "created" in document["event"]:
            assert document["event"].pop("created") == document.pop("@timestamp")
    return list(found)


def test_every_type_by_every_actor_gives_the_same(simulate: Simulate) -> None:
    world = World(WorldSettings(seed=11, people=20), load())
    texts = [
        orjson.dumps(world.example(kind.name, actor, Random(f"{kind.name} {actor}"))).decode()
        for kind in load().types.values()
        for actor in kind.actors
    ]

    found = simulate(texts)

    assert len(texts) > 3500
    assert [(text, one) for text, one in zip(texts, found, strict=True) if one != ours(text)] == []


ADDRESSES = (
    *("198.51.100.7", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "a.b.c.d", "1..2.3", "0.0.0.1"),
    *("::", "::1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9"),
    *("::ffff:198.51.100.7", "::ffff:1.2.3", "fe80::1%eth0", ":::", "1::2::3", ":1:2:3:4:5:6:7", "12345::", "g::1"),
    *("1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "localhost", ":", "1:"),
)
TIMES = (
    *(
        "2026-05-22T09:00:00.1239999Z",
        "2026-05-22T09:00:00+02:00",
        "2026-05-22T09:00:00.5+00:00",
        "2026-05-22t09:00:00z",
    ),
    *("2026-05-22 09:00:00Z", "2026-05-22T09:00:00", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "yesterday", ""),
    *(
        "2026-05-22",
        "9999-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59.9999999Z",
        "2026-05-22T09:00:00.123456Z",
    ),
    *("2026-05-22T09:00:00.9999999Z", f"2026-05-22T09:00:00.{'9' * 60}Z", "2026-06-30T23:59:60Z"),
    *("2026-06-30T23:59:60.5+02:00", "2026-05-22T24:00:00Z", "2026-12-31T24:00Z", "2026-05-22T24:00:01Z"),
    *("1779440400", "1779440400.25", " 2026-05-22 09:00:00 UTC", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"),
    *(1779440400, 1779440400123, 1779440400123456, 1779440400123456789, 1779440400.25, 17794404, 4102444800, -1, True),
)
NAMES = (
    *("brand_new_thing_created", "claude_chat_teleported", "org_unicorn_login_failed", "x", "_", "group_x_requested"),
    *(
        "compliance_api_exploded",
        "platform_file_downloaded",
        "rbac_thing_access_failed",
        "ünïcode_deleted",
        "a_tripped",
    ),
)


@pytest.mark.sampled(50)
@pytest.mark.parametrize(
    "changes",
    [
        *({"actor": {**LOGIN["actor"], "ip_address": address}} for address in ADDRESSES),  # type: ignore[dict-item]
        *({"created_at": time} for time in TIMES),
        *({"type": name, "field": 1, "claude_chat_id": "x", "old_x": 1, "new_x": [1, "a"]} for name in NAMES),
        *({name: None} for name in LOGIN),
        *({name: 7} for name in LOGIN),
        *({name: ""} for name in LOGIN),
        *({name: ["a", {"b": None}]} for name in LOGIN),
        *({name: f"https://u:{odd.SECRET}@h.example/x"} for name in LOGIN),
        *({"type": "compliance_api_accessed", "url": url} for url in (*odd.URLS_WITH_A_PASSWORD, *odd.URLS_WITHOUT)),
        {"new_thing": [f"see {url} or a@b" for url in (*odd.URLS_WITH_A_PASSWORD, *odd.URLS_WITHOUT)]},
        {"new_url": {"a": list(odd.URLS_WITH_A_PASSWORD)}, "updates": [{"type": "url", "current_value": "u:p@h"}]},
        {"previous_webhook_url": f"u:{odd.SECRET}@h", "webhook_url": f"https://u:{odd.SECRET}/@h"},
        *({"actor": {**LOGIN["actor"], "ip_address": address}} for address in odd.ADDRESSES),  # type: ignore[dict-item]
        {"new": {name: [{name: 1}] for name in odd.NAMES if name.isprintable()}},
        {name: 1 for name in odd.NAMES if name.isprintable() or name in ("a\x00b", "a\nb")},
        {"actor": {"type": "user_actor", **dict.fromkeys((n for n in odd.NAMES if n.isprintable()), 1)}},
        {"type": "org_seats_added", "added_seats": 3.5},
        {"type": "org_seats_added", "added_seats": 3.0},
        {"claude_chat_id": 7, "type": "claude_chat_created"},
        {"claude_chat_id": ["a"], "type": "claude_chat_created"},
        {"claude_chat_id": True, "type": "claude_chat_created"},
        {"previous_role": "user", "current_role": "user"},
        {"previous_role": 1, "current_role": True},
        {"previous_role": {"a": 1, "b": [True]}, "current_role": {"b": [True], "a": 1}},
        {"previous_role": {"a": 1}, "current_role": {"a": True}},
        {"updates": [{"type": "a", "previous_value": [1], "current_value": [1]}, {"type": "b", "previous_value": "x"}]},
        {"type": "role_assignment_granted", "target_id": 42, "expires_at": 1779440400},
        {"actor": {}},
        {"actor": {"type": "robot_actor", "robot_id": "r2", "parts": {"arm": None, "leg": {"left": 1}}}},
        {"actor": {"type": "user_actor", "email_address": "no-at", "user_id": 5, "extra": True}},
        {"updates": [{"type": "role", "previous_value": "user", "current_value": ["a", {"b": 1, "a": None}]}, {}, 3]},
        {"previous_role": "😀" * 300, "current_role": "😀" * 256},
        {"previous_role": "x" * 300, "current_role": 'q"\\\n\u0001é😀'},
        {
            "type": "compliance_api_accessed",
            "url": "https://u:p@api.example:8443/v1/a.b/c.tar.gz?x=1#y",
            "status_code": 404,
        },
        {"type": "compliance_api_accessed", "url": "/v1/x?y", "status_code": "404"},
        {"type": "compliance_api_accessed", "url": "https://[::1]:99999/x", "status_code": True},
    ],
    ids=lambda changes: json.dumps(changes)[:60],
)
def test_odd_activities_give_the_same(simulate: Simulate, changes: dict[str, Json]) -> None:
    text = json.dumps({**LOGIN, **changes})

    assert arrived(simulate([text])) == [ours(text)]


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("a|b", ["a", "b"]),
        ("x(a|b)?y", ["xy", "xay", "xby"]),
        ("(^|_)role_", ["^role_", "_role_"]),
        ("_(failed|denied)(_|$)", ["_failed_", "_failed$", "_denied_", "_denied$"]),
    ],
)
def test_alternatives_are_listed(pattern: str, texts: list[str]) -> None:
    assert alternatives(pattern) == texts


@pytest.mark.parametrize("pattern", [r"\w+", "a*", "a.b", "[ab]"])
def test_what_is_more_than_alternatives_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="more than alternatives"):
        alternatives(pattern)


def is_read_alike(value: Json, depth: int = 0) -> bool:
    """Remove what docs/reference/ingest-pipeline.md lists: long numbers, fractions, deep nesting, odd times."""
    if isinstance(value, dict):
        return depth < DEEPEST and all(is_read_alike(one, depth + 1) for one in value.values())
    if isinstance(value, list):
        return depth < DEEPEST and all(is_read_alike(one, depth + 1) for one in value)
    if isinstance(value, float):
        return False
    return not isinstance(value, int) or abs(value) < EXACT


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(activity=nearly_documented())
def test_what_is_nearly_documented_gives_the_same(simulate: Simulate, activity: dict[str, Json]) -> None:
    text = json.dumps(activity)
    if not is_read_alike(activity) or "W" in str(activity.get("created_at")):
        return

    assert arrived(simulate([text])) == [ours(text)]


@pytest.mark.parametrize("kind", ["compliance_api_accessed", "brand_new_thing_created"])
def test_no_password_of_a_url_comes_through(simulate: Simulate, kind: str) -> None:
    texts = [
        json.dumps({**LOGIN, "type": kind, "url": url, "new_url": [url], "note": f"see {url}"})
        for url in odd.URLS_WITH_A_PASSWORD
        if "://" in url
    ]

    assert [text for text, one in zip(texts, simulate(texts), strict=True) if odd.SECRET in json.dumps(one)] == []


def nested(levels: int) -> Json:
    return "bottom" if levels == 0 else {"a": nested(levels - 1)}


def bottom_of(value: Json) -> Json:
    return bottom_of(value["a"]) if isinstance(value, dict) else value


@pytest.mark.parametrize("levels", [16, 17, 18, 100])
def test_what_is_nested_deeper_than_we_store_becomes_text(simulate: Simulate, levels: int) -> None:
    text = json.dumps({**LOGIN, "thing": nested(levels)}, separators=(",", ":"))

    (found,) = simulate([text])

    assert bottom_of(found["anthropic"]["audit"]["metadata"]["thing"]) == bottom_of(
        ours(text)["anthropic"]["audit"]["metadata"]["thing"]
    )


def test_a_whole_number_beyond_64_bits_is_no_json_to_the_cluster(simulate: Simulate) -> None:
    longest, longer = (json.dumps({**LOGIN, "thing": number}) for number in (2**63 - 1, 2**63))

    same, refused = simulate([longest, longer])

    assert same == ours(longest)
    assert ours(longer)["anthropic"]["audit"]["metadata"]["thing"] == 2**63
    assert refused["event"]["kind"] == "pipeline_error"
    assert refused["event"]["original"] == longer


def test_fractions_in_changes_are_formatted_as_java_does(simulate: Simulate) -> None:
    text = json.dumps({**LOGIN, "type": "org_unicorn_updated", "previous_limit": 1e22, "current_limit": 0.5})

    (found,) = simulate([text])

    assert found["anthropic"]["audit"]["changes"] == ["limit: 1.0E22 → 0.5"]
    assert ours(text)["anthropic"]["audit"]["changes"] == ["limit: 1e+22 → 0.5"]


@pytest.mark.parametrize("time", ["2026-W21-5T09:00:00Z", "20260522T090000Z", "2026-05-22T09Z"])
def test_rare_forms_of_times_are_kept_and_the_event_has_that_of_its_arrival(simulate: Simulate, time: str) -> None:
    text = json.dumps({**LOGIN, "created_at": time})

    (found,) = simulate([text])

    assert ours(text)["@timestamp"] == "2026-05-22T09:00:00.000Z"
    assert found["anthropic"]["audit"]["metadata"]["created_at"] == time
    assert found["@timestamp"] == found["event"]["created"] > "2026-05-23"


def test_an_activity_without_a_time_is_taken_by_a_data_stream(opensearch: Engine) -> None:
    url, stream = opensearch.url, "untimed-activities"
    httpx2.put(f"{url}/_ingest/pipeline/untimed", json=ingest_pipeline(load()), timeout=60).raise_for_status()
    template = {"index_patterns": [stream], "data_stream": {}}
    httpx2.put(f"{url}/_index_template/{stream}", json=template).raise_for_status()
    text = json.dumps({**LOGIN, "created_at": "yesterday"})

    put = httpx2.put(f"{url}/{stream}/_create/any?pipeline=untimed", json={"message": text})

    assert put.status_code == 201, put.text


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "7", '"text"', '{"id": ', "null"])
def test_what_is_no_activity_is_kept_and_said(simulate: Simulate, text: str) -> None:
    (found,) = simulate([text])

    assert found["event"]["kind"] == "pipeline_error"
    assert found["event"].get("original", "") == text
    assert found["error"]["message"].startswith("the activity can't be read: ")
    assert "preserve_original_event" in found["tags"]
    assert found["@timestamp"]


@pytest.mark.parametrize("kind", ["sso_login_succeeded", "brand_new_thing_created"])
def test_what_a_processor_behind_it_changes_stays_in_its_own_event(opensearch: Engine, kind: str) -> None:
    place = f"{opensearch.url}/_ingest/pipeline/followed"
    made = ingest_pipeline(load(), sets_id=False)
    changed = {"tags": "mine", "event.category": "mine", "event.type": "mine", "data_stream.namespace": "mine"}
    behind = [{"append": {"field": name, "value": value}} for name, value in changed.items()]
    behind.append({"set": {"field": "ecs.version", "value": "{{{ecs.version}}}!"}})
    followed = {**made, "processors": [*made["processors"], *behind]}
    httpx2.put(place, json=followed, timeout=60).raise_for_status()
    docs = {"docs": [{"_source": {"message": json.dumps({**LOGIN, "type": kind})}}]}

    first, second = (httpx2.post(f"{place}/_simulate", json=docs).json()["docs"][0]["doc"]["_source"] for _ in range(2))

    assert first["tags"][-1] == "mine"
    assert second == first


def test_an_index_with_the_pipeline_takes_raw_activities(opensearch: Engine) -> None:
    url = opensearch.url
    httpx2.put(f"{url}/_ingest/pipeline/stored", json=ingest_pipeline(load()), timeout=60).raise_for_status()
    httpx2.put(f"{url}/raw-activities", json={"settings": {"default_pipeline": "stored"}}).raise_for_status()
    statuses = [
        httpx2.post(f"{url}/raw-activities/_doc?refresh=true", json={"message": json.dumps(LOGIN)}).status_code
        for _ in range(2)
    ]

    found = httpx2.get(f"{url}/raw-activities/_search").json()["hits"]["hits"]

    assert statuses == [201, 409]
    assert [(hit["_id"], hit["_source"]) for hit in found] == [("activity_1", ours(json.dumps(LOGIN)))]
