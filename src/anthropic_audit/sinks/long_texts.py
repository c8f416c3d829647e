"""Splitting of long texts for OpenSearch: `flat_object` has no `ignore_above`, and rejects texts over 32 kB.

A text below `anthropic.audit` that may be too long is sent as an object with one member, `~parts`, a list of pieces
that give the text when joined. Only documents for OpenSearch are changed, and only in such texts.
"""

from __future__ import annotations

import json
from typing import Any, Final

from anthropic_audit.ecs import to_json

MAX_TEXT_CHARS: Final = 4_000
"""Upper bound on an unsplit text: a term has at most 32,766 bytes, four per character, and the path counts as well."""

PARTS: Final = "~parts"

_OF_KEYWORDS: Final = frozenset({"actor", "catalogue"})
"""Objects that are mapped member by member, except for the `metadata` of an actor."""

Json = Any


def fit_long_texts(document: str) -> str:
    """Return an event, as JSON, with the texts split that are too long for OpenSearch's `flat_object`."""
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
    """Return whether a field is mapped as `flat_object`; lists of texts are keywords, which have `ignore_above`."""
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
