"""Long texts in OpenSearch: its `flat_object` has no `ignore_above`, and refuses a document for one text over 32 kB.

A text below `anthropic.audit` that may be too long is sent as an object with one member, `~parts`: the text in pieces,
which give it back when they are joined. Only what is sent to OpenSearch is changed, and only such texts.
"""

from __future__ import annotations

import json
from typing import Any, Final

from anthropic_audit.normalize import to_json

MAX_TEXT_CHARS: Final = 4_000
"""A term has at most 32,766 bytes, four for a character, and the path of names counts as well."""

PARTS: Final = "~parts"

_OF_KEYWORDS: Final = frozenset({"actor", "catalogue"})
"""Objects whose members are fields of their own; only the `metadata` of an actor is none."""

Json = Any


def fit_long_texts(document: str) -> str:
    """Return an event, as JSON, in which no text inside of an object is too long for OpenSearch."""
    if len(document) <= MAX_TEXT_CHARS:
        return document
    read = json.loads(document)
    audit = read.get("anthropic", {}).get("audit") if isinstance(read, dict) else None
    if not isinstance(audit, dict):
        return document
    fitted = {name: _fitted(value) if _is_object(name, value) else value for name, value in audit.items()}
    actor = audit.get("actor")
    if isinstance(actor, dict) and "metadata" in actor:
        fitted["actor"] = {**actor, "metadata": _fitted(actor["metadata"])}
    if fitted == audit:
        return document
    return to_json({**read, "anthropic": {**read["anthropic"], "audit": fitted}}).decode()


def _is_object(name: str, value: Json) -> bool:
    """Say whether a field is a `flat_object`; a list of texts is one of keywords, which have `ignore_above`."""
    if name in _OF_KEYWORDS:
        return False
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def _fitted(value: Json) -> Json:
    if isinstance(value, str) and len(value) > MAX_TEXT_CHARS:
        return {PARTS: [value[first : first + MAX_TEXT_CHARS] for first in range(0, len(value), MAX_TEXT_CHARS)]}
    if isinstance(value, dict):
        return {name: _fitted(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_fitted(element) for element in value]
    return value
