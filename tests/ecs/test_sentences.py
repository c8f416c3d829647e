"""Sentences that describe events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from random import Random
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batches import batches

from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.sentences import parse_sentence
from anthropic_audit.ecs import Normalizer
from anthropic_audit.ecs.sentences import SentenceWriter
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any
Normalize = Callable[..., dict[str, Json]]

CATALOGUE = load()
NORMALIZER = Normalizer(CATALOGUE)
WORLD = World(WorldSettings(), CATALOGUE)


def teller(**sentences: str) -> SentenceWriter:
    """Return a writer with these sentences instead of the catalogue's."""
    types = {
        name: replace(CATALOGUE.types[name], sentence=parse_sentence(sentence)) for name, sentence in sentences.items()
    }
    return SentenceWriter(replace(CATALOGUE, types=MappingProxyType({**CATALOGUE.types, **types})))


@pytest.mark.parametrize(
    ("kind", "sentence", "fields", "expected"),
    [
        pytest.param(
            "claude_chat_created",
            "{actor} started chat {claude_chat_id}",
            {"claude_chat_id": "c1"},
            "alice@acme.example started chat c1",
            id="a-field-that-stays",
        ),
        pytest.param(
            "claude_file_uploaded",
            "{actor} uploaded {filename}",
            {"filename": "a.pdf"},
            "alice@acme.example uploaded a.pdf",
            id="a-field-that-moved",
        ),
        pytest.param(
            "org_user_deleted",
            "{actor} removed {target}",
            {"deleted_user_email": "bob@acme.example"},
            "alice@acme.example removed bob@acme.example",
            id="a-target",
        ),
        pytest.param(
            "claude_chat_created",
            "{actor} started a chat[ in {claude_project_id}]",
            {},
            "alice@acme.example started a chat",
            id="left-out",
        ),
        pytest.param(
            "claude_chat_created",
            "{actor} started {claude_chat_id}",
            {},
            "alice@acme.example started (not given)",
            id="missing",
        ),
        pytest.param(
            "admin_api_key_created",
            "{actor} allowed {scopes}",
            {"scopes": list("abcde")},
            "alice@acme.example allowed a, b, c and 2 more",
            id="a-list",
        ),
        pytest.param(
            "platform_app_attest_authentication",
            "{actor} attested: {status.outcome}",
            {"status": {"outcome": "denied"}},
            "alice@acme.example attested: denied (failed)",
            id="a-member-and-a-failure",
        ),
        pytest.param(
            "org_join_proposal_decided",
            "{actor} decided",
            {"approved": False},
            "alice@acme.example decided (failed)",
            id="a-failure",
        ),
        pytest.param(
            "claude_user_role_updated",
            "{actor} changed a role",
            {"previous_role": "user", "current_role": "owner"},
            "alice@acme.example changed a role (role: user → owner)",
            id="a-change",
        ),
    ],
)
def test_a_sentence_is_told(normalize: Normalize, *, kind: str, sentence: str, fields: Json, expected: str) -> None:
    assert teller(**{kind: sentence}).write(normalize(kind, **fields)) == expected


def test_an_unknown_type_is_told_by_its_name(normalize: Normalize) -> None:
    assert (
        SentenceWriter(CATALOGUE).write(normalize("robot_dance_started")) == "alice@acme.example: robot dance started"
    )


def test_what_is_no_activity_is_told_by_its_error() -> None:
    assert SentenceWriter(CATALOGUE).write(NORMALIZER.document(b"[]")).startswith("the activity can't be read")


@pytest.mark.parametrize("kinds", batches(CATALOGUE.types), ids=itemgetter(0))
def test_the_sentence_of_every_type_has_no_gap(kinds: list[str]) -> None:
    writer = SentenceWriter(CATALOGUE)
    made = [WORLD.example(kind, actor, Random(kind)) for kind in kinds for actor in CATALOGUE.types[kind].actors]

    sentences = [writer.write(NORMALIZER.document(orjson.dumps(activity))) for activity in made]

    assert [sentence for sentence in sentences if "(not given)" in sentence or "An unknown actor" in sentence] == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["event", "action", "anthropic", "audit", "changes", "user", "email"]),
                inner,
                max_size=3,
            )
        ),
    )
)
def test_telling_never_fails(document: Json) -> None:
    assert isinstance(SentenceWriter(CATALOGUE).write(document if isinstance(document, dict) else {}), str)
