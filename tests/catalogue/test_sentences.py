"""Sentences with placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.errors import NotationError
from anthropic_audit.catalogue.sentences import parse_sentence

VALUES = {"actor": "Alice", "key": "key_1", "actor.provider.type": "aws"}


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{actor} made key {key}", "Alice made key key_1"),
        ("{actor} made a key[ in workspace {workspace}]", "Alice made a key"),
        ("{actor} made a key[ named {key}][ in {workspace}] today", "Alice made a key named key_1 today"),
        ("made by {workspace}", "made by (not given)"),
        ("[{workspace}: ]{actor}", "Alice"),
        ("an {actor.provider.type} workload", "an aws workload"),
        ("nothing varies", "nothing varies"),
        ("", ""),
    ],
)
def test_placeholders_are_replaced_by_values(template: str, sentence: str) -> None:
    assert parse_sentence(template).fill(VALUES.get) == sentence


def test_a_sentence_knows_what_it_tells_of() -> None:
    sentence = parse_sentence("{actor} made a key[ in workspace {workspace}]")

    assert sentence.names == {"actor", "workspace"}
    assert not sentence.lacks(VALUES.get), "what stands in brackets is no need"
    assert parse_sentence("by {workspace}").lacks(VALUES.get)
    assert not parse_sentence("")


@pytest.mark.parametrize("template", ["{actor", "actor}", "{Actor}", "{}", "[a", "a]", "[a[b]]", "{a[b]}"])
def test_what_has_no_partner_is_a_mistake(template: str) -> None:
    with pytest.raises(NotationError, match="has no partner"):
        parse_sentence(template)


@given(st.text(st.sampled_from("ab{}[]. ")))
def test_any_text_is_a_sentence_or_a_mistake(text: str) -> None:
    try:
        sentence = parse_sentence(text)
    except NotationError:
        return
    assert "(not given)" not in sentence.fill(lambda name: name)
    assert sentence.fill(lambda name: name) == text.translate(str.maketrans("", "", "{}[]"))


def test_every_type_has_words_of_its_own() -> None:
    kinds = load().types.values()

    assert [kind.name for kind in kinds if not kind.description or not kind.sentence] == []
    assert len({kind.description for kind in kinds}) > len(kinds) * 0.95
