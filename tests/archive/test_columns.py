"""The columns of events, read together and one by one."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.archive import columns
from anthropic_audit.archive.columns import columns_of
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.simulator.world import World, WorldSettings

CATALOGUE = load()


def plainly(found: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: value if isinstance(value, list) else value.to_pylist() for name, value in found.items()}


def one_by_one(texts: list[bytes], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    def refuse(_: object) -> None:
        raise pa.ArrowInvalid

    with monkeypatch.context() as patch:
        patch.setattr(columns, "_read_together", refuse)
        return plainly(columns_of(texts))


def test_both_ways_read_the_same_of_every_type(monkeypatch: pytest.MonkeyPatch) -> None:
    world, normalizer, chance = World(WorldSettings(), CATALOGUE), Normalizer(CATALOGUE), Random(3)
    raws = [orjson.dumps(world.example(name, kind.actors[0], chance)) for name, kind in CATALOGUE.types.items()]
    texts = [text for text, _ in normalizer.events(raws, Options(preserve_original_event=True))]

    together = columns._read_together(texts)

    assert plainly(together) == one_by_one(texts, monkeypatch)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ip", "id", "geo", "x"]), inner),
    max_leaves=5,
)
PARTS = st.sampled_from(["event", "user", "source", "http", "related", "organization", "user_agent", "file", "other"])
NAMES = st.sampled_from(["action", "category", "type", "id", "email", "ip", "as", "target", "original", "user", "name"])
FITTING = st.dictionaries(PARTS, st.dictionaries(NAMES, st.text(max_size=5)))


@settings(max_examples=120)
@given(st.lists(st.dictionaries(PARTS, st.dictionaries(NAMES, VALUES) | VALUES) | FITTING, max_size=5))
def test_both_ways_read_the_same_of_anything(documents: list[dict[str, Any]]) -> None:
    texts = [msgspec.json.encode(document) for document in documents]

    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = one_by_one(texts, monkeypatch)

    assert plainly(columns_of(texts)) == expected


def test_a_long_document_is_read_with_the_others() -> None:
    texts = [orjson.dumps({"event": {"action": "a"}, "x": "y" * 3_000_000}), orjson.dumps({"event": {"action": "b"}})]

    assert plainly(columns._read_together(texts))["event_action"] == ["a", "b"]
