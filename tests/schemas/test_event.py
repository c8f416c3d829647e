"""Events validated against their schema and ECS: all types by all their actors, and generated ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.ecs.timestamps import read_time
from anthropic_audit.ecs.values import is_empty
from anthropic_audit.redact import safe_url

Json = Any
Check = Callable[[Json], list[str]]
Examples = Callable[[str, str], Iterator[bytes]]
FAMILIES = sorted({kind.family for kind in load().types.values()})
ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "198.51.100.10",
    "user_agent": "Mozilla/5.0",
}
LOGIN = {
    "id": "activity_1",
    "created_at": "2026-05-22T09:00:00Z",
    "organization_id": "org_1",
    "type": "sso_login_succeeded",
    "actor": ALICE,
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_type_by_every_actor_makes_valid_events(
    family: str, *, normalizer: Normalizer, examples: Examples, against_schema: Check, against_ecs: Check
) -> None:
    kinds = [kind for kind in load().types.values() if kind.family == family]
    made = [(kind.name, raw) for kind in kinds for actor in kind.actors for raw in examples(kind.name, actor)]

    documents = [(name, normalizer.document(raw)) for name, raw in made]

    assert [(name, found) for name, one in documents if (found := against_schema(one) + against_ecs(one))] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_as_documented_is_not_flagged(family: str, normalizer: Normalizer, examples: Examples) -> None:
    kinds = [kind for kind in load().types.values() if kind.family == family]
    made = [raw for kind in kinds for actor in kind.actors for raw in examples(kind.name, actor)]

    flags = [set(normalizer.document(raw)["anthropic"]["audit"]["catalogue"]) for raw in made]

    assert flags == [{"version"}] * len(made)


def changed(document: Json, path: str, value: Json) -> Json:
    copied = orjson.loads(orjson.dumps(document))
    *steps, last = path.split(".")
    place = copied
    for step in steps:
        place = place.setdefault(step, {})
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copied


FAULTS = {
    "unknown-field": ("colour", "red"),
    "unknown-field-inside": ("user.colour", "red"),
    "unknown-audit-field": ("anthropic.audit.colour", "red"),
    "no-category": ("event.category", ["party"]),
    "no-type": ("event.type", ["party"]),
    "a-type-that-is-not-expected": ("event.type", ["deletion"]),
    "no-list": ("event.category", "iam"),
    "a-list": ("user.email", ["alice@acme.example"]),
    "no-outcome": ("event.outcome", "maybe"),
    "no-time": ("@timestamp", "yesterday"),
    "another-form-of-time": ("@timestamp", "2026-05-22T09:00:00Z"),
    "no-address": ("source.ip", "nowhere"),
    "empty-text": ("user.email", ""),
    "empty-list": ("related.user", []),
    "the-same-twice": ("related.user", ["a", "a"]),
    "empty-object": ("anthropic.audit.metadata", {}),
    "an-object-for-a-keyword": ("anthropic.audit.auth_method", {"a": 1}),
    "a-text-for-a-boolean": ("anthropic.audit.enabled", "true"),
    "a-text-for-a-number": ("anthropic.audit.seat_count", "7"),
    "too-large-a-number": ("anthropic.audit.seat_count", 2**63),
    "a-list-of-texts-for-an-object": ("anthropic.audit.metadata", ["a"]),
    "nowhere-on-earth": ("source.geo.location", {"lat": 91, "lon": 0}),
    "half-a-place": ("source.geo.location", {"lat": 1}),
    "another-schema": ("ecs.version", "8.0.0"),
    "another-stream": ("data_stream.dataset", "other"),
    "no-action": ("event.action", ...),
    "no-audit": ("anthropic", ...),
    "no-catalogue": ("anthropic.audit.catalogue", ...),
    "no-event": ("event", ...),
}


@pytest.mark.parametrize(("path", "value"), FAULTS.values(), ids=FAULTS)
def test_the_schema_refuses_what_is_wrong(
    normalizer: Normalizer, against_schema: Check, path: str, value: Json
) -> None:
    document = normalizer.document(orjson.dumps(LOGIN))
    assert against_schema(document) == []

    assert against_schema(changed(document, path, value)) != []


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"type":', id="cut-off"),
        pytest.param(b'{"type":"claude_orbit_created","orbit":{"a":[1,{"b":null}]}}', id="unknown-type"),
        pytest.param(b'{"type":"x","actor":{"type":"ghost_actor","hat":{"a":1}}}', id="unknown-actor"),
        pytest.param(b'{"type":7,"id":[],"created_at":{},"organization_id":9,"actor":"me"}', id="nothing-fits"),
        pytest.param(b'{"type":"x","n":NaN,"d":' + b"[" * 60 + b"]" * 60 + b"}", id="odd"),
        pytest.param(b'{"type":"claude_chat_created","claude_chat_id":"' + b"x" * 2**20 + b'"}', id="huge"),
        pytest.param(b'{"type":"x","s":"\\ud800","raw":"\xff\xfe"}', id="no-unicode"),
    ],
)
@pytest.mark.parametrize("options", [Options(), Options(preserve_original_event=True)], ids=["plain", "original"])
def test_what_is_odd_makes_valid_events(
    normalizer: Normalizer, *, against_schema: Check, against_ecs: Check, raw: bytes, options: Options
) -> None:
    document = orjson.loads(orjson.dumps(normalizer.document(raw, options)))

    assert against_schema(document) + against_ecs(document) == []


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["x" * 300, "\u202e\u0000\u00e9", "2026-11-23T09:00:00Z", "198.51.100.10", "https://u:p@h:1/p?q#f"]
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted(load().fields)) | st.text(max_size=8)
TYPES = st.sampled_from(sorted(load().types)) | st.text(max_size=12) | VALUES
ACTORS = st.one_of(
    VALUES,
    st.just(ALICE),
    st.dictionaries(
        st.sampled_from(["email_address", "user_id", "ip_address", "user_agent", "provider", "subject", "hat", "name"]),
        VALUES,
        max_size=4,
    ).flatmap(
        lambda members: st.sampled_from([*load().actors, "ghost_actor"]).map(lambda kind: {**members, "type": kind})
    ),
)
ACTIVITIES = st.builds(
    lambda kind, actor, envelope, fields: {**envelope, **fields, "type": kind, "actor": actor},
    TYPES,
    ACTORS,
    st.dictionaries(st.sampled_from(["id", "created_at", "organization_id", "organization_uuid"]), TEXTS | VALUES),
    st.dictionaries(FIELDS, VALUES, max_size=6),
)


def as_json(value: Json) -> bytes:
    return json.dumps(value).encode()


def leaves(value: Json) -> Iterator[Json]:
    """Yield the values other than objects and lists, without null and empty texts, which are dropped."""
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from leaves(member)
    elif not is_empty(value):
        yield value


def forms(leaf: Json) -> set[str]:
    """Return the forms of a value in a document: as it is, as text, as a time in UTC, with its password masked."""
    text = leaf if isinstance(leaf, str) else json.dumps(leaf)
    return {json.dumps(one) for one in (leaf, text, read_time(leaf), shown_url(text)) if one is not None}


def shown_url(text: str) -> str | None:
    try:
        return safe_url(text)
    except ValueError:
        return None


@settings(max_examples=120)
@given(activity=ACTIVITIES)
def test_whatever_comes_makes_a_valid_event(
    normalizer: Normalizer, against_schema: Check, against_ecs: Check, activity: Json
) -> None:
    document = normalizer.document(as_json(activity))

    assert against_schema(document) + against_ecs(document) == []


@settings(max_examples=120)
@given(activity=ACTIVITIES)
def test_whatever_comes_nothing_of_it_is_lost(normalizer: Normalizer, activity: Json) -> None:
    document = normalizer.document(as_json(activity))

    kept = {json.dumps(leaf) for leaf in leaves(document)}
    assert [leaf for leaf in leaves(activity) if not forms(leaf) & kept] == []
