"""JSON that a fast parser refuses or changes is read leniently, without losses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anthropic_audit.ecs import Normalizer, to_json
from anthropic_audit.ecs.lenient_json import read_leniently

Json = Any


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b'{"a": NaN}', {"a": "NaN"}, id="nan"),
        pytest.param(b'{"a": -Infinity}', {"a": "-Infinity"}, id="infinity"),
        pytest.param(b'{"a": 1e999}', {"a": "1e999"}, id="float-beyond-double"),
        pytest.param(
            b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}, id="long-integer"
        ),
        pytest.param(b'{"a": %s}' % (b"9" * 5000), {"a": "9" * 5000}, id="integer-of-5000-digits"),
        pytest.param(b'{"a": "\\ud800x"}', {"a": "\\ud800x"}, id="lone-surrogate"),
        pytest.param(b'{"\\ud800": 1}', {"\ud800": 1}, id="lone-surrogate-in-a-name"),
        pytest.param(b'{"a": "\xff"}', {"a": "\\udcff"}, id="no-utf-8"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="byte-order-mark"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="name-twice"),
    ],
)
def test_odd_json_is_read(text: bytes, expected: Json) -> None:
    read = read_leniently(text)

    assert not isinstance(read, str)
    assert read.activity == expected


@pytest.mark.parametrize("depth", [40, 2_000, 100_000])
def test_what_is_nested_too_deep_becomes_text(depth: int) -> None:
    deep = (
        b'{"id": "activity_1", "new": '
        + b'[{"a": ' * depth
        + b'"x]}"'
        + b"}]" * depth
        + b', "type": "claude_chat_created"}'
    )

    read = read_leniently(deep)

    assert not isinstance(read, str)
    assert (read.activity["id"], read.activity["type"]) == ("activity_1", "claude_chat_created")
    inner = read.activity["new"]
    while isinstance(inner, list | dict):
        inner = inner[0] if isinstance(inner, list) else inner["a"]
    assert inner.count('[{"a": ') == inner.count("}]") > depth - 20


@pytest.mark.parametrize("depth", [30, 500, 5_000])
def test_a_deep_activity_becomes_a_complete_document(normalizer: Normalizer, depth: int) -> None:
    deep = b'{"id": "activity_1", "type": "claude_chat_created", "new": ' + b"[" * depth + b"7" + b"]" * depth + b"}"

    document = normalizer.document(deep)

    assert document["event"]["id"] == "activity_1"
    assert "7" in json.dumps(document["anthropic"]["audit"]["metadata"]["new"])
    assert json.loads(to_json(document))


@pytest.mark.parametrize("number", [2**65 + 1, -(2**63) - 1, 10**30, -(10**30)])
def test_a_number_that_the_fast_parser_would_round_keeps_its_digits(normalizer: Normalizer, number: int) -> None:
    document = normalizer.document(b'{"type": "claude_chat_created", "new": {"n": %d}}' % number)

    assert document["anthropic"]["audit"]["metadata"] == {"new": {"n": number}}
    assert str(number).encode() in to_json(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(b"", "no JSON: Expecting value at character 1", id="nothing"),
        pytest.param(b'{"a": ', "no JSON: Expecting value at character 7", id="cut-off"),
        pytest.param(b'{"a": "b', "no JSON: Unterminated string starting at at character 7", id="cut-in-a-text"),
        pytest.param(b"[1]", "no JSON object: a list", id="list"),
        pytest.param(b"null", "no JSON object: null", id="null"),
        pytest.param(b"1", "no JSON object: a number", id="number"),
        pytest.param(b"true", "no JSON object: true or false", id="boolean"),
        pytest.param(b'"a"', "no JSON object: a text", id="text"),
        pytest.param(b"[" * 100_000, "no JSON: ", id="open-without-end"),
        pytest.param(b'"\\"' * 50_000, "no JSON: ", id="quotes-without-end"),
    ],
)
def test_what_is_no_object_has_a_reason(text: bytes, reason: str) -> None:
    read = read_leniently(text)

    assert isinstance(read, str)
    assert read.startswith(reason)
