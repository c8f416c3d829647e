"""What holds of every document that is made of an activity, whatever it was made of."""

from __future__ import annotations

import json
from typing import Any, Final

from anthropic_audit.normalize.limits import MAX_DEPTH

Json = Any

DEEPEST_DOCUMENT: Final = 5 + MAX_DEPTH
"""Levels of objects and lists: the document, `anthropic`, `audit`, `actor`, `metadata`, what an activity may have."""
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
    """Hold that a document is nested no deeper than it may be."""
    level, depth = [document], 0
    while level := [value for value in level if isinstance(value, (dict, list))]:
        depth += 1
        assert depth <= DEEPEST_DOCUMENT, "nested too deep"
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]


def _no_constant(name: str) -> None:
    message = f"{name} is no JSON"
    raise AssertionError(message)
