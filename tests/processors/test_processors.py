"""Processors: values that leave the archive, and values that do not."""

from __future__ import annotations

import copy
import hmac
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.catalogue import Catalogue, load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.errors import SetupError
from anthropic_audit.processors import Processors, open_processors
from anthropic_audit.redact import Secret
from anthropic_audit.settings import Settings
from anthropic_audit.simulator.world import World, WorldSettings

KEY = "a key that nobody guesses"
CATALOGUE = load()
WORLD = World(WorldSettings(), CATALOGUE)
NORMALIZER = Normalizer(CATALOGUE)

EVENT: dict[str, Any] = {
    "@timestamp": "2026-11-23T09:00:00.000Z",
    "event": {"action": "claude_user_role_updated", "category": ["iam"], "outcome": "success", "original": "{…}"},
    "user": {
        "email": "alice@acme.example",
        "id": "user_alice",
        "target": {"email": "bob@acme.example", "id": "user_bob", "roles": ["admin"]},
    },
    "source": {"ip": "203.0.113.5", "geo": {"country_iso_code": "ES", "location": {"lat": 40.4, "lon": -3.7}}},
    "related": {"user": ["alice@acme.example", "user_alice", "bob@acme.example", "user_bob"], "ip": ["203.0.113.5"]},
    "tags": ["forwarded"],
    "anthropic": {
        "audit": {
            "actor": {"name": "alice@acme.example", "type": "user_actor"},
            "seat_count": 5,
            "updates": [{"name": "role", "before": "user", "after": 7, "is_new": True}],
            "metadata": {"note": "call 555", "more": {"n": [1, None, False, "x"]}},
        }
    },
}


def chain(*tables: dict[str, Any]) -> Processors:
    processors = Settings.model_validate({"processors": list(tables)}).processors
    return open_processors(processors, CATALOGUE, lambda _: Secret(KEY))


def processed(*tables: dict[str, Any], event: dict[str, Any] = EVENT) -> Any:
    before = copy.deepcopy(event)
    result = chain(*tables).process(event)
    assert event == before, "documents share their parts"
    return result


def hashed(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), "sha256").hexdigest()


def test_no_processor_changes_nothing() -> None:
    assert processed() is EVENT
    assert not chain()


def test_fields_are_dropped_with_what_repeats_them() -> None:
    event = processed({"do": "drop_fields", "fields": ["user.email", "source", "anthropic.audit.updates"]})

    assert event["user"] == {"id": "user_alice", "target": EVENT["user"]["target"]}
    assert "source" not in event
    assert event["related"] == {"user": ["user_alice", "bob@acme.example", "user_bob"]}
    assert event["anthropic"]["audit"]["actor"] == {"type": "user_actor"}
    assert "updates" not in event["anthropic"]["audit"]


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        (["*.email"], ["alice@acme.example", "bob@acme.example"]),
        (["user.target"], ["bob@acme.example", "user_bob"]),
        (["user*"], ["alice@acme.example", "user_alice", "bob@acme.example", "user_bob"]),
        (["anthropic.audit.metadata.note"], ["555"]),
        (["anthropic.audit.metadata.*"], ["555", '"x"']),
        (["anthropic.audit.metadata"], ["555", '"x"']),
    ],
)
@pytest.mark.parametrize("do", ["drop_fields", "redact_fields", "hash_fields"])
def test_names_patterns_and_beginnings_are_understood(do: str, fields: list[str], gone: list[str]) -> None:
    key = {"key_env": "K"} if do == "hash_fields" else {}

    text = json.dumps(processed({"do": do, "fields": fields, **key}))

    assert [value for value in gone if value in text] == []
    assert "claude_user_role_updated" in text


def test_hashes_are_keyed_and_the_same_everywhere() -> None:
    event = processed({"do": "hash_fields", "fields": ["user.email", "source.ip"], "key_env": "K"})

    assert event["user"]["email"] == hashed("alice@acme.example") == event["anthropic"]["audit"]["actor"]["name"]
    assert event["related"] == {"user": [hashed("alice@acme.example"), "user_alice", "bob@acme.example", "user_bob"]}
    assert event["source"] == {"address": hashed("203.0.113.5"), "geo": EVENT["source"]["geo"]}


def test_what_has_no_room_for_a_text_is_removed() -> None:
    event = processed(
        {
            "do": "redact_fields",
            "fields": ["source.geo.location", "anthropic.audit.seat_count", "related.ip", "@timestamp"],
        }
    )

    assert event["source"]["geo"] == {"country_iso_code": "ES"}
    assert "seat_count" not in event["anthropic"]["audit"]
    assert "ip" not in event["related"]
    assert "@timestamp" not in event


def test_objects_and_lists_are_gone_through() -> None:
    event = processed(
        {"do": "redact_fields", "fields": ["anthropic.audit.metadata", "anthropic.audit.updates"], "mark": "-"}
    )

    audit = event["anthropic"]["audit"]
    assert audit["updates"] == [{"name": "-", "before": "-", "after": "-", "is_new": True}]
    assert audit["metadata"] == {"note": "-", "more": {"n": ["-", None, False, "-"]}}


def test_lists_of_marks_are_one_mark() -> None:
    assert processed({"do": "redact_fields", "fields": ["related.user"]})["related"]["user"] == ["[redacted]"]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"event.action": "claude_user_role_updated"}, True),
        ({"event.action": "*_updated"}, True),
        ({"event.action": ["*_viewed", "*_updated"]}, True),
        ({"event.action": "*_viewed"}, False),
        ({"event.action": "claude_user_role"}, False),
        ({"event.category": "iam"}, True),
        ({"event.action": "*_updated", "event.outcome": "failure"}, False),
        ({"user.email": "!*@acme.example"}, False),
        ({"user.email": "!*@other.example"}, True),
        ({"user.email": ["a*", "!*@other.example"]}, True),
        ({"anthropic.audit.seat_count": "5"}, True),
        ({"anthropic.audit.updates.is_new": "true"}, True),
        ({"anthropic.audit.metadata.more.n": "x"}, True),
        ({"anthropic.audit.model": "*"}, False),
        ({"anthropic.audit.model": "!*"}, True),
    ],
)
def test_conditions_choose_events(when: dict[str, Any], holds: bool) -> None:
    processors = chain({"do": "drop_events", "when": when})

    assert (processors.process(EVENT) is None) == holds
    assert processors.dropped == holds


def test_processors_work_in_their_order() -> None:
    redact_then_ask = (
        {"do": "redact_fields", "fields": ["user.email"]},
        {"do": "add_tags", "tags": ["seen", "forwarded"], "when": {"user.email": "alice*"}},
    )

    assert processed(*redact_then_ask)["tags"] == ["forwarded"]
    assert processed(*reversed(redact_then_ask))["tags"] == ["forwarded", "seen"]


def test_labels_are_added() -> None:
    first = {"do": "add_labels", "labels": {"tenant": "acme", "site": "a"}}

    assert processed(first, {"do": "add_labels", "labels": {"site": "b"}})["labels"] == {"tenant": "acme", "site": "b"}
    assert processed(first, {"do": "drop_fields", "fields": ["labels.site"]})["labels"] == {"tenant": "acme"}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"do": "drop_fields", "fields": ["user.mail"]}, "did you mean `user.email`?"),
        ({"do": "drop_fields", "fields": ["nonsense.*"]}, "no field of events matches `nonsense.*`"),
        ({"do": "drop_events", "when": {"event.acton": "x"}}, "did you mean `event.action`?"),
    ],
)
def test_a_name_that_means_nothing_is_named(table: dict[str, Any], words: str) -> None:
    with pytest.raises(SetupError) as caught:
        chain({"do": "add_tags", "tags": ["a"]}, table)

    assert words in f"{caught.value} {caught.value.hint}"
    assert f"processor 2 (`{table['do']}`)" in str(caught.value)


TYPES = sorted((kind.name, actor) for kind in CATALOGUE.types.values() for actor in kind.actors)
SIGNS = set("0123456789@/.")
"""A pattern of simulated personal data that matches no common word."""
PERSONAL_OF_ACTORS = ("email_address", "user_id", "ip_address")


def personal_values(activity: dict[str, Any], catalogue: Catalogue) -> set[str]:
    """Return the texts of an activity that are personal data by the catalogue."""
    said = [activity["actor"].get(name) for name in PERSONAL_OF_ACTORS]
    for name, value in activity.items():
        rule = catalogue.fields.get(name)
        if rule and rule.is_personal:
            said += value if isinstance(value, list) else [value]
    shared = json.dumps(activity["actor"].get("provider"))  # the simulator's cloud accounts are its people's ids
    return {
        value
        for value in said
        if isinstance(value, str) and len(value) > 8 and SIGNS & set(value) and value not in shared
    }


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TYPES), st.integers(0, 2**32), st.booleans(), st.sampled_from(["redact", "hash", "drop"]))
def test_nothing_personal_is_left(pair: tuple[str, str], seed: int, keeps: bool, how: str) -> None:
    activity = WORLD.example(*pair, Random(seed))
    document = NORMALIZER.document(json.dumps(activity).encode(), Options(preserve_original_event=keeps))
    key = {"key_env": "K"} if how == "hash" else {}

    event = chain({"do": f"{how}_fields", "personal": True, **key}).process(document)

    text = json.dumps(event, ensure_ascii=False)
    assert [value for value in personal_values(activity, CATALOGUE) if value in text] == []
    assert event is not None
    assert event["event"]["action"] == pair[0]
