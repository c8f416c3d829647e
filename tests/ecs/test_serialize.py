"""Serialized documents."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from anthropic_audit.ecs import to_json


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"a": "ü", "b": [1, None]}, '{"a":"ü","b":[1,null]}', id="plain"),
        pytest.param({"a": 2**80, "b": "ü"}, '{"a":1208925819614629174706176,"b":"ü"}', id="beyond-64-bits"),
        pytest.param({"a": "\ud800"}, '{"a":"\\\\ud800"}', id="lone-surrogate"),
        pytest.param({"a": object}, '{"a":"<class \'object\'>"}', id="what-is-no-json"),
    ],
)
def test_a_document_is_one_line_of_json(document: dict[str, Any], expected: str) -> None:
    written = to_json(document)

    assert written == expected.encode()
    assert b"\n" not in written
    assert json.loads(written)


def test_a_lone_surrogate_is_written_as_a_visible_escape_that_every_reader_takes() -> None:
    written = to_json({"a\udcff": ["\ud83d", "b"], "n": 2**70})

    assert written == b'{"a\\\\udcff":["\\\\ud83d","b"],"n":1180591620717411303424}'
    assert msgspec.json.decode(written)["a\\udcff"] == ["\\ud83d", "b"]
