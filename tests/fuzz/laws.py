"""Invariants of every document, for any activity."""

from __future__ import annotations

import json
from typing import Any, Final

from anthropic_audit.ecs.limits import MAX_DEPTH

Json = Any

MAX_DOCUMENT_LEVELS: Final = 5 + MAX_DEPTH
"""Levels of objects and lists: the document, `anthropic`, `audit`, `actor`, `metadata`, and the activity's own."""
MAX_COPIES: Final = 12
"""How often a value may be in a document: as itself, in `related`, in a change, escaped."""
MAX_FIXED_BYTES: Final = 8_192
"""Bytes of a document that do not depend on its activity."""


def read(text: bytes) -> Json:
    """Parse a document, which must be JSON in UTF-8."""
    text.decode()
    return json.loads(text, parse_constant=_no_constant)


def check_size(text: bytes, raw: bytes) -> None:
    """Check that a document is not much larger than its activity."""
    assert len(text) <= MAX_COPIES * len(raw) + MAX_FIXED_BYTES, f"{len(raw)} bytes became {len(text)}"


def check_depth(document: Json) -> None:
    """Check that a document is not nested too deep."""
    level, depth = [document], 0
    while level := [value for value in level if isinstance(value, (dict, list))]:
        depth += 1
        assert depth <= MAX_DOCUMENT_LEVELS, "nested too deep"
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise AssertionError(message)
