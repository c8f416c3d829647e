"""Properties of every activity: no value is lost, normalizing never fails, and documents do not affect each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from operator import itemgetter
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.batches import batches

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options, to_json
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any
Normalize = Callable[..., dict[str, Json]]

CATALOGUE = load()
NORMALIZER = Normalizer(CATALOGUE)
WORLD = World(WorldSettings(), CATALOGUE)
NAMES = [*sorted(CATALOGUE.fields), "metadata", "setting_metadata", "catalogue", "actor", "event", "id", "a.b", ""]
MEMBERS = sorted({name for kind in CATALOGUE.actors.values() for name in kind.fields} | {"type", "metadata"})
TYPES = [*sorted(CATALOGUE.types), "unheard_of_created", "", None, 7, ["x"]]

texts = st.text(st.characters(codec="utf-8"), max_size=20)
leaves = st.one_of(
    texts,
    st.booleans(),
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["user", "2026-05-22T09:00:00Z", "10.0.0.1", "https://a.example:1/b.c?d#e", "a@b"]),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
actors = st.one_of(
    values,
    st.fixed_dictionaries({"type": st.sampled_from(sorted(CATALOGUE.actors))}).flatmap(
        lambda kind: st.dictionaries(st.sampled_from(MEMBERS) | texts, values, max_size=5).map(
            lambda more: {**more, **kind}
        )
    ),
)
activities = st.builds(
    lambda fields, kind, actor, created_at: {**fields, "type": kind, "actor": actor, "created_at": created_at},
    st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=6),
    st.sampled_from(TYPES),
    actors,
    st.one_of(leaves, st.just("2026-05-22T09:00:00.123456Z")),
)


def leaves_of(value: Json) -> Iterator[Json]:
    """Yield the non-empty leaves of a value, at any depth."""
    if isinstance(value, dict):
        for member in value.values():
            yield from leaves_of(member)
    elif isinstance(value, list):
        for element in value:
            yield from leaves_of(element)
    elif value not in (None, ""):
        yield value


def shown(value: Json) -> str:
    """Return a leaf as a document's text has it: a date with milliseconds, a webhook's id as text."""
    return value if isinstance(value, str) else json.dumps(value)


def is_found(leaf: Json, document: str, events: set[str]) -> bool:
    """Return whether a document has a leaf; 3.0 may be 3 in a `long` field."""
    forms = {shown(leaf)}
    if isinstance(leaf, float) and leaf.is_integer():
        forms.add(str(int(leaf)))
    return any(form in events or form[:19] in document for form in forms)


@settings(max_examples=100, deadline=None)
@given(activities)
@example({"type": "abuse_decision_received", "added_seats": 0.0, "actor": [], "created_at": ""})
def test_no_leaf_of_any_activity_is_lost(activity: dict[str, Json]) -> None:
    document = NORMALIZER.document(json.dumps(activity, ensure_ascii=False).encode())

    found = {shown(leaf) for leaf in leaves_of(document)}
    text = " ".join(found)
    lost = [leaf for leaf in leaves_of(activity) if not is_found(leaf, text, found)]
    assert "error" not in document
    assert lost == []


@settings(max_examples=120, deadline=None)
@given(activities)
def test_every_document_can_be_written_and_has_nothing_empty(activity: dict[str, Json]) -> None:
    document = NORMALIZER.document(json.dumps(activity).encode())

    read = json.loads(to_json(document))

    def has_empty(value: Json) -> bool:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return value is None or (not value and not isinstance(value, int | float)) or any(map(has_empty, inner))

    assert not has_empty(read)


@settings(max_examples=120, deadline=None)
@given(st.one_of(st.binary(), st.text(alphabet='{}[]",:\\ud80f 1eE+-.', max_size=60).map(str.encode)))
def test_no_bytes_ever_raise(raw: bytes) -> None:
    document = NORMALIZER.document(raw, Options(preserve_original_event=True))

    assert json.loads(to_json(document))


@pytest.mark.parametrize("kinds", batches(CATALOGUE.types), ids=itemgetter(0))
def test_what_the_catalogue_documents_carries_no_flags_whoever_acts(kinds: list[str]) -> None:
    for kind in kinds:
        made = [WORLD.example(kind, actor, Random(kind)) for actor in CATALOGUE.types[kind].actors]

        documents = [NORMALIZER.document(orjson.dumps(activity)) for activity in made]

        assert {tuple(document["anthropic"]["audit"]["catalogue"]) for document in documents} == {("version",)}, kind
        assert [document["event"]["action"] for document in documents] == [kind] * len(made)


def test_documents_of_one_actor_do_not_reach_into_each_other(normalize: Normalize) -> None:
    before = deepcopy(normalize())

    normalize("unheard_of", user_id="user_b", member_ids=["user_c"], url="https://a.example", reason="x", new=[1])
    normalize("unheard_of", organization_name="Other", status_code=404, filename="f")

    assert normalize() == before


def test_an_actor_is_told_from_another_one_with_the_same_values(normalize: Normalize) -> None:
    first = normalize(actor={"type": "user_actor", "user_id": "a", "email_address": "b"})
    second = normalize(actor={"type": "user_actor", "user_id": "b", "email_address": "a"})
    third = normalize(actor={"type": "user_actor", "email_address": "a", "user_id": "b"})

    assert first["user"] == {"id": "a", "email": "b", "name": "b"}
    assert second["user"] == third["user"] == {"id": "b", "email": "a", "name": "a"}


def test_remembering_actors_and_unknown_types_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anthropic_audit.ecs.normalizer._MAX_CACHED_CONTEXTS", 3)
    monkeypatch.setattr("anthropic_audit.ecs.normalizer._MAX_UNKNOWN_TYPES", 3)
    normalizer = Normalizer(CATALOGUE)
    known = len(normalizer._plans)

    for number in range(20):
        activity = {"type": f"unheard_of_{number}", "actor": {"type": "user_actor", "user_id": str(number)}}
        assert normalizer.document(orjson.dumps(activity))["user"] == {"id": str(number)}

    assert len(normalizer._actors) <= 3
    assert len(normalizer._plans) == known + 3


@pytest.mark.parametrize("actor", [..., None, {}], ids=["missing", "null", "empty"])
def test_an_activity_without_an_actor_is_complete(normalize: Normalize, actor: Json) -> None:
    document = normalize(actor=actor)

    assert "actor" not in document["anthropic"]["audit"]
    assert document["event"]["id"] == "activity_1"


@pytest.mark.parametrize("actor", ["alice", 7, ["a"], True])
def test_an_actor_that_is_no_object_is_kept_aside(normalize: Normalize, actor: Json) -> None:
    audit = normalize(actor=actor)["anthropic"]["audit"]

    assert audit["metadata"] == {"actor": actor}
    assert audit["catalogue"]["mistyped_fields"] == ["actor"]


@pytest.mark.parametrize("value", [7, {"a": 1}, ["x"], True], ids=repr)
@pytest.mark.parametrize(("name", "place"), [("id", ("event", "id")), ("organization_id", ("organization", "id"))])
def test_an_envelope_of_the_wrong_type_is_kept_aside(
    normalize: Normalize, *, name: str, place: tuple[str, str], value: Json
) -> None:
    document = normalize(**{name: value})

    assert document["anthropic"]["audit"]["metadata"] == {name: value}
    assert place[1] not in document.get(place[0], {})


@pytest.mark.parametrize("kind", [..., None, "", 7, ["x"], {"a": 1}], ids=repr)
def test_an_activity_without_a_type_is_complete_but_for_its_meaning(normalize: Normalize, kind: Json) -> None:
    document = normalize(kind, claude_chat_id="c")

    assert document["event"].keys() == {"dataset", "id", "kind", "module"}
    assert document["anthropic"]["audit"]["catalogue"]["known"] is False
    assert document["anthropic"]["audit"]["claude_chat_id"] == "c"


def test_a_known_field_in_a_type_that_should_not_have_it_is_kept_in_its_place_and_flagged(normalize: Normalize) -> None:
    audit = normalize("claude_chat_created", workspace_id="w")["anthropic"]["audit"]

    assert audit["workspace_id"] == "w"
    assert audit["catalogue"]["unknown_fields"] == ["workspace_id"]


def test_without_a_time_the_time_of_receiving_is_taken(normalize: Normalize, received: Options) -> None:
    assert normalize(options=received, created_at=...)["@timestamp"] == "2026-05-22T09:01:00.250Z"
    assert "@timestamp" not in normalize(created_at=...)


def test_tags_and_namespace_are_the_feeds(normalize: Normalize) -> None:
    document = normalize(options=Options(("a", "b", "a", ""), namespace="prod"))

    assert document["tags"] == ["a", "b"]
    assert document["data_stream"]["namespace"] == "prod"


def test_no_tags_are_no_field(normalize: Normalize) -> None:
    assert "tags" not in normalize(options=Options(tags=()))


def test_an_error_document_has_the_time_of_receiving(received: Options) -> None:
    document = NORMALIZER.document(b"{", received)

    assert document["@timestamp"] == document["event"]["created"] == "2026-05-22T09:01:00.250Z"


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        pytest.param({"type": "user_actor", "email_address": "a@b", "user_id": "u"}, "a@b", id="user"),
        pytest.param({"type": "user_actor", "user_id": "u"}, "user u", id="user-without-an-address"),
        pytest.param({"type": "api_actor", "api_key_id": "k"}, "API key k", id="key"),
        pytest.param({"type": "admin_api_key_actor", "admin_api_key_id": "k"}, "admin API key k", id="admin-key"),
        pytest.param({"type": "service_account_actor", "service_account_id": "s"}, "service account s", id="account"),
        pytest.param({"type": "scim_directory_sync_actor", "directory_id": "d"}, "SCIM directory d", id="scim"),
        pytest.param({"type": "federated_identity_actor", "issuer": "i", "subject": "s"}, "s of i", id="identity"),
        pytest.param(
            {"type": "federated_actor", "provider": {"type": "gcp", "project_number": "7"}, "subject": "s"},
            "gcp workload s of 7",
            id="gcp",
        ),
        pytest.param(
            {"type": "federated_actor", "provider": {"type": "azure", "subscription_id": "7"}},
            "azure workload of 7",
            id="azure",
        ),
        pytest.param({"type": "attested_device_actor", "kid_hash": "h"}, "attested device h", id="device"),
        pytest.param({"type": "system_actor", "service": "billing"}, "the system (billing)", id="system"),
        pytest.param({"type": "system_actor", "service": None}, "the system", id="system-alone"),
        pytest.param({"type": "anthropic_actor", "email_address": None}, "Anthropic", id="anthropic"),
        pytest.param(
            {"type": "unauthenticated_user_actor", "unauthenticated_email_address": "a@b"},
            "an unauthenticated person (a@b)",
            id="unauthenticated",
        ),
        pytest.param({"type": "robot_actor", "arms": 2, "robot_id": "r"}, "robot r", id="unknown"),
        pytest.param({"type": "robot_actor", "arms": 2}, "robot", id="unknown-without-an-identifier"),
        pytest.param({"robot_id": 7}, "unknown", id="no-type"),
        pytest.param({"type": "user_actor", "email_address": "a@b", "name": "Mallory"}, "a@b", id="a-member-name"),
    ],
)
def test_every_kind_of_actor_has_a_name_that_a_person_can_read(normalize: Normalize, actor: Json, name: str) -> None:
    assert normalize(actor=actor)["anthropic"]["audit"]["actor"]["name"] == name


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        pytest.param({"filename": "a.tar.gz"}, ("file",), {"name": "a.tar.gz", "extension": "gz"}, id="extension"),
        pytest.param({"filename": ".profile"}, ("file",), {"name": ".profile"}, id="a-hidden-file"),
        pytest.param({"filename": "a/b.c/d"}, ("file",), {"name": "a/b.c/d"}, id="a-dot-in-a-folder"),
        pytest.param({"filename": "a."}, ("file",), {"name": "a."}, id="nothing-behind-the-dot"),
    ],
)
def test_a_file_has_the_extension_of_its_name(normalize: Normalize, fields: Json, path: Json, expected: Json) -> None:
    assert normalize("claude_file_viewed", **fields)[path[0]] == expected
