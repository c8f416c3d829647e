"""Every event is valid, agrees with its document, and loses no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import batches

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options, SentenceWriter, to_json
from anthropic_audit.ocsf import Translator, load_rules, to_ocsf
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any
Mistakes = Callable[[Json], list[str]]

GOLDEN = Path(__file__).parent / "golden"
CATALOGUE = load()
NORMALIZER = Normalizer(CATALOGUE)
WORLD = World(WorldSettings(), CATALOGUE)
TYPES = [*sorted(CATALOGUE.types), "unheard_of_created", "heard", "x_", "", None, 7]
FIELDS = sorted(CATALOGUE.fields)
MEMBERS = sorted({name for kind in CATALOGUE.actors.values() for name in kind.fields})
REPLACED = {"@timestamp", "event.created", "event.outcome", "cloud.origin.provider"}
"""Fields whose values OCSF writes in another format."""

DOCUMENT = {
    "@timestamp": "2026-05-22T09:00:00.123Z",
    "anthropic": {"audit": {"actor": {"type": "user_actor", "name": "Alice"}, "sensitivity": "routine"}},
    "event": {
        "action": "claude_chat_viewed",
        "category": ["web"],
        "id": "activity_1",
        "kind": "event",
        "outcome": "success",
        "type": ["access"],
    },
    "source": {"ip": "203.0.113.5"},
    "user": {"email": "alice@acme.example", "id": "user_a", "name": "alice"},
}

texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.one_of(
    texts,
    st.booleans(),
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.ip_addresses().map(str),
    st.emails(),
    st.sampled_from(
        ["user", "group", "2026-05-22T09:00:00Z", "https://a.example:99999/b.c?d#e", "a@b", "GET", "not_used"]
    ),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
actors = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=6).flatmap(
    lambda members: st.one_of(st.sampled_from(sorted(CATALOGUE.actors)), values).map(
        lambda kind: {**members, "type": kind}
    )
)
activities = st.builds(
    lambda kind, actor, fields, envelope: {**fields, **envelope, "type": kind, "actor": actor},
    st.sampled_from(TYPES),
    st.one_of(actors, values),
    st.dictionaries(st.one_of(st.sampled_from(FIELDS), texts), values, max_size=6),
    st.fixed_dictionaries({}, optional={"id": values, "created_at": values, "organization_id": values}),
)


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for element in value:
            yield from leaves(element, path)
    else:
        yield path, value


def lost(document: Json, event: Json) -> list[tuple[str, Json]]:
    """Return the values of a document that its event lacks."""
    kept = {repr(value) for _, value in leaves(event)}
    parts = {name: part for name, part in document.items() if name not in {"ecs", "data_stream"}}
    return [(path, value) for path, value in leaves(parts) if path not in REPLACED and repr(value) not in kept]


def changed(**parts: Json) -> dict[str, Json]:
    """Return a document of an activity by Alice with some parts changed."""
    document = deepcopy(DOCUMENT)
    for name, part in parts.items():
        document[name] = {**document.get(name, {}), **part} if isinstance(part, dict) else part  # type: ignore[dict-item]  # a literal's type
    return document


def audited(kind: str, outcome: str = "success", **audit: Json) -> dict[str, Json]:
    """Return a document of a type with these fields below `anthropic.audit`."""
    return changed(event={"action": kind, "outcome": outcome}, anthropic={"audit": audit})


@pytest.mark.parametrize("kinds", batches(CATALOGUE.types), ids=itemgetter(0))
def test_every_type_is_valid_and_whole_whoever_acts(mistakes: Mistakes, kinds: list[str]) -> None:
    writer = SentenceWriter(CATALOGUE)
    for kind in kinds:
        chance = Random(kind)
        made = [WORLD.example(kind, actor, chance) for actor in CATALOGUE.types[kind].actors]
        documents = [NORMALIZER.document(orjson.dumps(one), Options(preserve_original_event=True)) for one in made]

        events = [to_ocsf(document, writer.write(document)) for document in documents]

        assert [mistakes(event) for event in events] == [[]] * len(events), kind
        assert [lost(*pair) for pair in zip(documents, events, strict=True)] == [[]] * len(events), kind
        assert {event["metadata"]["event_code"] for event in events} == {kind}


def examples() -> list[Json]:
    """Return an event of each type, by any kind of actor."""
    chance = Random(7)
    made = [WORLD.example(name, chance.choice(kind.actors), chance) for name, kind in CATALOGUE.types.items()]
    raws = [orjson.dumps(one) for one in made]
    return [to_ocsf(NORMALIZER.document(raw), raw=raw) for raw in raws]


def test_events_of_all_types_are_valid_in_1_7(mistakes_of_1_7: Mistakes) -> None:
    found = [mistakes_of_1_7(event) for event in examples()]

    assert [mistakes for mistakes in found if mistakes] == []


def test_version_1_6_knows_all_of_an_event_but_the_source_s_id(mistakes_of_1_6: Mistakes) -> None:
    events = examples()

    assert {one for event in events for one in mistakes_of_1_6(event)} == {
        "$.metadata: Additional properties are not allowed ('original_event_uid' was unexpected)"
    }
    for event in events:
        assert event["metadata"].pop("original_event_uid") == event["metadata"]["uid"]
    assert [found for event in events if (found := mistakes_of_1_6(event))] == []


def test_no_attribute_is_deprecated(outdated: Mistakes) -> None:
    assert [name for event in examples() for name in outdated(event)] == []


def test_the_validator_finds_what_is_wrong(mistakes: Mistakes, outdated: Mistakes) -> None:
    event = to_ocsf(DOCUMENT)
    wrong = {**event, "unheard_of": 1, "activity_id": 77, "time": "now", "src_endpoint": {"ip": "x", "os": {}}}
    old = {**event, "src_endpoint": {"ip": "203.0.113.5", "location": {"city": "Graz", "coordinates": [15.4, 47.1]}}}

    assert len(mistakes(wrong)) >= 5
    assert outdated(old) == ["coordinates"]


@settings(max_examples=150)
@given(activities)
def test_any_activity_is_valid_and_whole(mistakes: Mistakes, activity: Json) -> None:
    document = NORMALIZER.document(json.dumps(activity).encode())

    event = to_ocsf(document)

    assert json.loads(to_json(event))
    assert mistakes(event) == []
    assert lost(document, event) == []


@settings(max_examples=150)
@given(st.sampled_from(TYPES[:-4]), st.data())
def test_a_document_that_somebody_has_changed_is_valid_and_whole(
    mistakes: Mistakes, kind: str, data: st.DataObject
) -> None:
    document = audited(kind) | {
        part: data.draw(st.dictionaries(st.sampled_from(names), values))
        for part, names in {
            "source": ["ip", "address", "geo", "as"],
            "user": ["id", "name", "email", "domain", "target"],
            "http": ["request", "response"],
            "url": ["original", "port", "domain", "path"],
            "related": ["ip", "user", "hosts"],
            "organization": ["id", "name"],
            "cloud": ["origin"],
        }.items()
    }

    event = to_ocsf(document)

    assert mistakes(event) == []
    assert lost(document, event) == []


@pytest.mark.parametrize("raw", [b"", b"{nonsense", b"[1]", b"7", "{\x00ü".encode()])
def test_what_is_no_activity_is_a_base_event(mistakes: Mistakes, raw: bytes) -> None:
    document = NORMALIZER.document(raw)

    event = to_ocsf(document)

    assert mistakes(event) == []
    assert (event["class_uid"], event["activity_id"], event["type_uid"], event["time"]) == (0, 0, 0, 0)
    assert event["message"] == document["error"]["message"]
    assert event.get("raw_data", "") == raw.decode()


def test_an_activity_without_a_type_is_a_base_event(mistakes: Mistakes) -> None:
    event = to_ocsf(NORMALIZER.document(b'{"id": "activity_1", "created_at": "2026-05-22T09:00:00Z"}'))

    assert mistakes(event) == []
    assert (event["class_uid"], event["metadata"]["uid"]) == (0, "activity_1")


@pytest.mark.parametrize("name", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_a_document_becomes_its_event(mistakes: Mistakes, name: str) -> None:
    event = to_ocsf(json.loads((GOLDEN / name / "document.json").read_text()))

    assert event == json.loads((GOLDEN / name / "event.json").read_text())
    assert mistakes(event) == []


def test_a_document_stays_as_it_is() -> None:
    document = audited("claude_file_uploaded", claude_file_id="file_1") | {"file": {"name": "a.b", "extension": "b"}}
    before = deepcopy(document)

    to_ocsf(document)

    assert document == before


def test_any_number_of_types_is_translated() -> None:
    translator = Translator(load_rules())

    events = [translator.translate({"event": {"action": f"orbit_{number}_created"}}) for number in range(10_050)]

    assert {event["type_name"] for event in events} == {"Entity Management: Create"}


def test_the_sentence_is_the_message() -> None:
    assert to_ocsf(DOCUMENT, "Alice looked at a chat")["message"] == "Alice looked at a chat"


def test_without_a_sentence_the_type_is_the_message() -> None:
    assert to_ocsf(DOCUMENT)["message"] == "claude chat viewed"


@pytest.mark.parametrize(
    ("sensitivity", "outcome", "severity"),
    [
        ("routine", "success", "Informational"),
        ("routine", "failure", "Low"),
        ("notable", "success", "Low"),
        ("notable", "failure", "Medium"),
        ("critical", "success", "High"),
        ("critical", "failure", "High"),
        ("unheard of", "success", "Unknown"),
        (None, "failure", "Unknown"),
    ],
)
def test_the_severity_follows_sensitivity_and_outcome(sensitivity: str | None, outcome: str, severity: str) -> None:
    document = audited("claude_chat_viewed", outcome, **({"sensitivity": sensitivity} if sensitivity else {}))

    assert to_ocsf(document)["severity"] == severity


@pytest.mark.parametrize(
    ("outcome", "status"), [("success", (1, "Success")), ("failure", (2, "Failure")), ("unknown", (0, "Unknown"))]
)
def test_the_status_is_the_outcome(outcome: str, status: tuple[int, str]) -> None:
    event = to_ocsf(audited("sso_login_failed", outcome))

    assert (event["status_id"], event["status"]) == status


def test_a_finding_is_new_and_keeps_its_outcome() -> None:
    event = to_ocsf(audited("abuse_decision_received", abuse_session_id="session_1"))

    assert (event["class_uid"], event["status"], event["unmapped"]["event"]["outcome"]) == (2004, "New", "success")
    assert event["resources"] == [{"uid": "session_1", "type": "abuse session"}]


@pytest.mark.parametrize(
    ("created", "time"),
    [
        ("2026-05-22T09:00:00.123Z", 1_779_440_400_123),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-05-22T09:00:00", 0),
        ("soon", 0),
        (None, 0),
        (7, 0),
    ],
)
def test_the_time_is_in_milliseconds(created: Json, time: int) -> None:
    assert to_ocsf(changed() | {"@timestamp": created})["time"] == time


def test_where_it_came_from_is_told_with_what_is_known_of_the_address() -> None:
    place = {"city_name": "Graz", "country_iso_code": "AT", "location": {"lat": 47.07, "lon": 15.4}, "timezone": "CET"}
    network = {"number": 64500, "organization": {"name": "Example"}}

    event = to_ocsf(changed(source={"geo": place, "as": network}))

    assert event["src_endpoint"] == {
        "ip": "203.0.113.5",
        "location": {"city": "Graz", "country": "AT", "lat": 47.07, "long": 15.4},
        "autonomous_system": {"number": 64500, "name": "Example"},
    }
    assert event["unmapped"]["source"] == {"geo": {"timezone": "CET"}}


def test_coordinates_alone_are_no_location(mistakes: Mistakes) -> None:
    event = to_ocsf(changed(source={"geo": {"location": {"lat": 47.07, "lon": 15.4}}}))

    assert event["src_endpoint"] == {"ip": "203.0.113.5"}
    assert mistakes(event) == []


@pytest.mark.parametrize(("name", "type_id"), [("Windows", 100), ("Mac OS X", 300), ("iOS", 301), ("Plan 9", 99)])
def test_the_system_of_the_user_agent_is_the_endpoint_s(mistakes: Mistakes, name: str, type_id: int) -> None:
    agent = {"original": "x", "os": {"name": name, "version": "11"}, "name": "Firefox"}

    event = to_ocsf(changed(user_agent=agent))

    system = event["src_endpoint"]["os"]
    assert (system["type_id"], system["version"], event["http_request"]["user_agent"]) == (type_id, "11", "x")
    assert event["unmapped"]["user_agent"] == {"name": "Firefox"}
    assert mistakes(event) == []


@pytest.mark.parametrize(
    ("method", "activity"),
    [("GET", "Read"), ("POST", "Create"), ("PATCH", "Update"), ("DELETE", "Delete"), ("BREW", "Read"), (None, "Read")],
)
def test_a_request_does_what_its_method_says(mistakes: Mistakes, method: str | None, activity: str) -> None:
    request = {"id": "req_1", **({"method": method} if method else {})}
    document = audited("compliance_api_accessed")
    document["event"]["type"] = ["access"]

    event = to_ocsf(document | {"http": {"request": request, "response": {"status_code": 200}}})

    assert (event["class_uid"], event["activity_name"]) == (6003, activity)
    assert event["api"] == {
        "operation": "compliance_api_accessed",
        "request": {"uid": "req_1"},
        "response": {"code": 200},
    }
    assert mistakes(event) == []


def test_a_url_that_was_set_up_is_not_the_request_s() -> None:
    url = {"original": "https://hooks.example/a"}

    document = {"event": {"action": "claude_code_security_webhook_created"}, "url": url}

    event = to_ocsf(document | {"anthropic": {"audit": {"webhook_id": "webhook_1"}}})

    assert event["entity"] == {"uid": "webhook_1", "type": "webhook", "type_id": 99}
    assert "url" not in event.get("http_request", {})
    assert event["unmapped"]["url"] == url


def test_a_class_that_asks_for_an_address_says_when_there_is_none(mistakes: Mistakes) -> None:
    event = to_ocsf({"event": {"action": "claude_file_viewed"}})

    assert event["src_endpoint"] == {"name": "Unknown"}
    assert event["actor"]["user"]["name"] == "Unknown"
    assert "observables" not in event
    assert mistakes(event) == []
