"""Drift in activities, and the proposals for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit import catalogue as room
from anthropic_audit.catalogue import Catalogue, load, read_catalogue
from anthropic_audit.catalogue.drift import (
    MAX_SIGHTINGS,
    Drift,
    MissingEntry,
    MissingKind,
    watched_actors,
    watched_types,
)
from anthropic_audit.catalogue.proposal import Proposal, family_of, propose, write_proposals
from anthropic_audit.ecs import Normalizer

Json = dict[str, Any]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "198.51.100.10",
    "user_agent": "Mozilla/5.0",
}


def activity(kind: str = "claude_chat_created", /, **fields: Any) -> Json:
    envelope = {"id": "activity_1", "created_at": "2026-11-23T09:00:00Z", "organization_id": "org_1", "actor": ALICE}
    return {**envelope, "type": kind, **fields}


def drift_of(*activities: object, catalogue: Catalogue | None = None) -> Drift:
    drift = Drift(catalogue or load())
    for number, one in enumerate(activities):
        drift.compare(one, f"activity_{number}", NOW + timedelta(minutes=number))
    return drift


def keys(*activities: object) -> list[MissingEntry]:
    return [one.key for one in drift_of(*activities).sightings]


UPDATES = [{"type": "colour", "previous_value": "red", "current_value": "blue"}]
ECS = (resources.files(room) / "ecs.yaml").read_text()
LACKS = {
    "nothing": (activity(claude_chat_id="c"), []),
    "type": (
        activity("claude_orbit_created", orbit_id="o"),
        [MissingEntry(MissingKind.TYPE, "", "claude_orbit_created")],
    ),
    "field": (activity(mood="good"), [MissingEntry(MissingKind.FIELD, "claude_chat_created", "mood")]),
    "actor": (
        activity(actor={"type": "ghost_actor", "ghost_id": "g"}),
        [MissingEntry(MissingKind.ACTOR, "", "ghost_actor")],
    ),
    "member": (activity(actor={**ALICE, "hat": "red"}), [MissingEntry(MissingKind.MEMBER, "user_actor", "hat")]),
    "enum": (
        activity("compliance_api_accessed", request_method="BREW"),
        [MissingEntry(MissingKind.VALUE, "compliance_api_accessed", "request_method", "BREW")],
    ),
    "enum-in-a-list": (
        activity("admin_api_key_updated", updates=UPDATES),
        [MissingEntry(MissingKind.VALUE, "admin_api_key_updated", "updates.type", "colour")],
    ),
    "enum-of-variants": (
        activity("claude_organization_settings_updated", updates=UPDATES),
        [MissingEntry(MissingKind.VALUE, "claude_organization_settings_updated", "updates.type", "colour")],
    ),
    "enum-of-an-actor": (
        activity(actor={"type": "federated_actor", "provider": {"type": "moon", "issuer": "https://moon.example"}}),
        [MissingEntry(MissingKind.VALUE, "federated_actor", "provider.type", "moon")],
    ),
    "open-object-in-a-variant": (
        activity("claude_organization_settings_updated", updates=[{"type": "name", "current_value": {"anything": 1}}]),
        [],
    ),
    "member-of-an-object": (
        activity("anthropic_access", resource_details={"type": "chat", "id": "c", "mood": 1}),
        [MissingEntry(MissingKind.FIELD, "anthropic_access", "resource_details.mood")],
    ),
}


@pytest.mark.parametrize(("one", "lacking"), LACKS.values(), ids=LACKS)
def test_what_the_catalogue_lacks_is_seen(one: Json, lacking: list[MissingEntry]) -> None:
    assert keys(one) == lacking


def test_a_sighting_has_count_times_and_first_activity() -> None:
    drift = Drift(load())
    for number, minutes in enumerate((5, 1, 9)):
        drift.compare(activity("claude_orbit_created"), f"activity_{number}", NOW + timedelta(minutes=minutes))

    (one,) = drift.sightings

    assert (one.times, one.example_id) == (3, "activity_1")
    assert (one.first_seen, one.last_seen) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=9))


@pytest.mark.parametrize("odd", [None, [], "text", {}, {"type": 7}, {"type": ""}], ids=repr)
def test_what_is_no_activity_is_counted(odd: object) -> None:
    drift = drift_of(odd)

    assert (drift.activities, drift.unreadable, drift.sightings) == (1, 1, [])


def test_memory_is_bounded_and_what_has_no_room_is_counted() -> None:
    drift = drift_of(*({**activity(), f"field_{number}": 1} for number in range(MAX_SIGHTINGS + 5)))

    assert (len(drift.sightings), drift.untold) == (MAX_SIGHTINGS, 5)


def test_types_without_enums_and_objects_need_not_be_watched() -> None:
    watched = set(watched_types(load()))

    assert {"compliance_api_accessed", "admin_api_key_updated", "anthropic_access"} <= watched
    assert "claude_chat_created" not in watched
    assert watched_actors(load()) == ["federated_actor"]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        pytest.param("claude_chat_pinned", "chats_and_files", id="same-object"),
        pytest.param("platform_agent_session_paused", "platform_agents", id="longest-beginning"),
        pytest.param("zzz_created", "organization", id="nothing-alike"),
    ],
)
def test_a_new_type_is_put_to_its_relatives(name: str, family: str) -> None:
    assert family_of(name, load()) == family


ORBITS = [
    activity("claude_orbit_created", orbit_id="orbit_1", size=3, ratio=0.5, is_open=True, at="2026-11-23T09:00:00Z"),
    activity(
        "claude_orbit_created",
        **{"orbit_id": "orbit_2", "size": None, "ratio": 1, "tags": ["a"], "odd name": 1, "on": "x"},
        parts=[{"kind": "a", "weight": 1}, {"kind": "b"}],
        mixed="text",
        empty=[],
    ),
    activity("claude_orbit_created", orbit_id="orbit_3", mixed=7, deep={"a": {"odd name": 1}}, nested=[[1]]),
]


def test_a_proposal_is_in_the_catalogues_own_notation() -> None:
    types, fields = propose(drift_of(*ORBITS).sightings, load())

    assert types == Proposal(
        "types/projects.yaml",
        "append",
        "claude_orbit_created:\n"
        '  description: "Claude orbit created; not documented yet."\n'
        '  sentence: "{actor} created claude orbit {orbit_id}"\n'
        "  sensitivity: notable\n"
        "  category: [configuration]\n"
        "  type: [creation]\n"
        "  outcome: success\n"
        "  actors: [user_actor]\n"
        "  fields:\n"
        "    at: string\n"
        "    deep: object(a=object!)\n"
        "    empty: list(unknown)\n"
        "    is_open: boolean\n"
        "    mixed: unknown\n"
        "    nested: list(unknown)\n"
        '    "odd name": number\n'
        '    "on": string\n'
        "    orbit_id: string!\n"
        "    parts: list(object(kind=string!, weight=number))\n"
        "    ratio: number\n"
        "    size: number?\n"
        "    tags: list(string)\n",
    )
    assert fields.file == "fields.yaml"
    assert '  at: {type: date, description: "At; not documented yet"}\n' in fields.text
    assert '  "odd name": {type: long, description: "Odd name; not documented yet"}\n' in fields.text
    assert "  ratio: {type: double," in fields.text
    assert "  size: {type: long," in fields.text
    assert "  parts: {type: flattened," in fields.text


Grown = Callable[..., Catalogue]


@pytest.fixture
def grown(tmp_path: Path) -> Grown:
    """Insert proposals into a copy of our catalogue, and read it."""
    folder = tmp_path / "catalogue"
    shutil.copytree(str(resources.files(room)), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))

    def grow(proposals: list[Proposal]) -> Catalogue:
        for one in proposals:
            file = folder / one.file
            text = file.read_text()
            if one.how == "append":
                file.write_text(f"{text}\n{one.text}")
                continue
            assert one.how.startswith("insert below ")
            below = one.how.removeprefix("insert below ").strip("`") + "\n"
            assert text.count(f"\n{below}") == 1
            file.write_text(text.replace(f"\n{below}", f"\n{below}{one.text}"))
        return read_catalogue(folder)

    return grow


def test_a_catalogue_that_took_the_proposals_knows_everything(grown: Grown) -> None:
    ghost = {"type": "ghost_actor", "ghost_id": "g", "haunts": {"house": "h"}}
    seen = [*ORBITS[:1], *ORBITS[2:], activity("claude_orbit_created", orbit_id="orbit_4", actor=ghost)]

    catalogue = grown(propose(drift_of(*seen).sightings, load()))

    assert drift_of(*seen, catalogue=catalogue).sightings == []
    assert catalogue.types["claude_orbit_created"].actors == ("user_actor",)
    document = Normalizer(catalogue).document(orjson.dumps(ORBITS[0]))
    assert document["anthropic"]["audit"]["orbit_id"] == "orbit_1"
    assert set(document["anthropic"]["audit"]["catalogue"]) == {"version"}


@given(
    name=st.text(min_size=1, max_size=20),
    fields=st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    ),
)
def test_whatever_is_seen_its_proposal_can_be_read(write: Callable[..., Path], name: str, fields: Json) -> None:
    catalogue = read_catalogue(write(ecs=ECS))
    sightings = drift_of({"type": name, **fields}, catalogue=catalogue).sightings

    texts = {one.file: one.text for one in propose(sightings, catalogue)}

    written = next(text for file, text in texts.items() if file.startswith("types/"))
    assert list(read_catalogue(write(ecs=ECS, types__members=written)).types) == [name]


def test_changes_of_what_is_known_say_below_what_they_go() -> None:
    seen = [
        activity(mood="good"),
        activity("compliance_api_accessed", request_method="BREW"),
        activity("claude_organization_settings_updated", updates=UPDATES),
        activity(actor={**ALICE, "hat": "red"}),
        activity("anthropic_access", resource_details={"type": "chat", "mood": {"deep": 1}}),
        activity(actor={"type": "federated_actor", "provider": {"type": "moon"}}),
    ]

    written = write_proposals(propose(drift_of(*seen).sightings, load()))

    assert "# types/chats_and_files.yaml: below `claude_chat_created: fields:`\n    mood: string\n" in written
    assert "    request_method: enum(BREW, DELETE, GET, POST, PUT)!\n" in written
    assert "        - current_value=unknown?, previous_value=unknown?, type=enum(colour)!\n" in written
    assert (
        "    resource_details: object(type=string, id=string, parent=unknown, mood=object(deep=number!))\n" in written
    )
    assert "        - account_id=unknown?, signed_principal=unknown?, type=enum(moon)!\n" in written
    assert "# actors.yaml: below `user_actor: fields:`\n    hat: string\n" in written
    assert (
        '# fields.yaml: insert below `newer:`\n  mood: {type: keyword, description: "Mood; not documented yet"}'
        in written
    )
    assert (
        '# fields.yaml: insert below `actor:`\n  hat: {type: keyword, description: "Hat; not documented yet"}'
        in written
    )
