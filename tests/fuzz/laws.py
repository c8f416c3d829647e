"""What holds of every document that is made of an activity, whatever it was made of."""

from __future__ import annotations

import json
from typing import Any, Final

Json = Any

DEEPEST_DOCUMENT: Final = 20
"""Levels of objects and lists that Elasticsearch takes (`index.mapping.depth.limit`)."""
GROWTH: Final = 12
"""How often a value may be in a document, as itself, in `related`, in a change, escaped."""
HEADROOM: Final = 8_192
"""Bytes of what a document has whatever its activity says."""


def read(text: bytes) -> Json:
    """Return a document that is JSON in UTF-8."""
    text.decode()
    return json.loads(text, parse_constant=_no_constant)


def check_size(text: bytes, raw: bytes) -> None:
    """Hold that a document is not much larger than what it was made of."""
    assert len(text) <= GROWTH * len(raw) + HEADROOM, f"{len(raw)} bytes became {len(text)}"


def check_depth(document: Json) -> None:
    """Hold that a document is nested no deeper than Elasticsearch takes."""
    level, depth = [document], 0
    while level:
        depth += 1
        assert depth <= DEEPEST_DOCUMENT + 1, "nested too deep"
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]


def _no_constant(name: str) -> None:
    message = f"{name} is no JSON"
    raise AssertionError(message)
