"""The searchable fields, and suggestions for unknown ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import orjson
import pytest

from anthropic_audit.archive.schema import EVENTS
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.errors import SetupError
from anthropic_audit.query import check_fields, document_fields, known_fields
from anthropic_audit.query.fields import COLUMNS, suggest
from anthropic_audit.simulator.world import World, WorldSettings

KNOWN = known_fields(["anthropic.audit.claude_chat_id", "anthropic.audit.updates", "user_agent.original"])


def paths(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_whatever_the_normalizer_makes_can_be_searched() -> None:
    catalogue, chance = load(), Random(1)
    world, normalizer = World(WorldSettings(), catalogue), Normalizer(catalogue)
    options = Options(preserve_original_event=True)
    activities = [
        world.example(kind.name, actor, chance) for kind in catalogue.types.values() for actor in kind.actors[:1]
    ]
    activities += [world.example("api_key_created", actor, chance) for actor in catalogue.actors]

    found = {path for one in activities for path in paths(normalizer.document(orjson.dumps(one), options))}

    check_fields(sorted(found), known_fields(document_fields(catalogue)))


def test_every_column_is_one_of_the_archive() -> None:
    assert {column.name for column in COLUMNS.values()} <= set(EVENTS.schema.names)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("event.action", id="column"),
        pytest.param("anthropic.audit.claude_chat_id", id="of the catalogue"),
        pytest.param("anthropic.audit.metadata.anything.new", id="below the catch-all"),
        pytest.param("anthropic.audit.updates.name", id="below an object of the catalogue"),
    ],
)
def test_a_field_that_can_occur_is_accepted(name: str) -> None:
    check_fields([name], KNOWN)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("event.actoin", "event.action", id="misspelled"),
        pytest.param("action", "event.action", id="only the end"),
        pytest.param("claude_chat_id", "anthropic.audit.claude_chat_id", id="only the end, of the catalogue"),
        pytest.param("email", "user.email", id="the shortest of several ends"),
        pytest.param("claude_chat_idd", "anthropic.audit.claude_chat_id", id="only the end, misspelled"),
        pytest.param("xyzzy", None, id="nothing like it"),
    ],
)
def test_what_was_meant_is_suggested(name: str, meant: str | None) -> None:
    assert suggest(name, KNOWN) == meant


def test_every_unknown_field_is_named_with_a_suggestion() -> None:
    with pytest.raises(SetupError) as caught:
        check_fields(["event.action", "actoin", "user.mail"], KNOWN)

    assert "`actoin`, `user.mail`" in str(caught.value)
    assert caught.value.hint == "did you mean `event.action`, `user.email`?"


def test_the_error_about_an_unknown_field_names_the_prefix_of_new_ones() -> None:
    with pytest.raises(SetupError) as caught:
        check_fields(["xyzzy"], KNOWN)

    assert caught.value.hint is not None
    assert "anthropic.audit.metadata." in caught.value.hint
