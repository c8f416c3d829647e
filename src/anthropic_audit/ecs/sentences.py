"""Sentences that describe events: the catalogue's sentence of a type, filled in from a document."""

from __future__ import annotations

from collections.abc import Mapping

from anthropic_audit.catalogue import AuditField, Catalogue
from anthropic_audit.documents import value_at

from .serialize import to_json
from .values import Json

_MAX_LIST_ELEMENTS = 3
_MAX_VALUE_CHARS = 120
_UNKNOWN_ACTOR = "An unknown actor"


class SentenceWriter:
    """Writes the sentences of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._types = catalogue.types
        self._fields = catalogue.fields

    def write(self, document: Mapping[str, Json]) -> str:
        """Return one sentence that describes a document, without a full stop; never fails."""
        message = value_at(document, "error.message")
        if isinstance(message, str):
            return message
        action = value_at(document, "event.action")
        kind = self._types.get(action) if isinstance(action, str) else None
        if kind is None or not kind.sentence:
            words = _cut(action.replace("_", " ")) if isinstance(action, str) and action else "something happened"
            return f"{_actor(document)}: {words}{_changes(document)}"
        sentence = kind.sentence.fill(lambda name: self._value(document, name))
        has_failed = kind.outcome is None and value_at(document, "event.outcome") == "failure"
        return f"{sentence}{_changes(document)}{' (failed)' if has_failed else ''}"

    def _value(self, document: Mapping[str, Json], name: str) -> str | None:
        """Return the value of a placeholder as text, or None when the document does not have it."""
        if name == "actor":
            return _actor(document)
        if name == "target":
            return _first(document, "user.target.email", "user.target.name", "user.target.id")
        field, _, inside = name.partition(".")
        known = self._fields.get(field)
        return _first(document, *(_joined(path, inside) for path in _paths(field, known)))


def _paths(name: str, known: AuditField | None) -> list[str]:
    """Return the paths in a document that can have a field's value."""
    paths = [f"anthropic.audit.{known.stored_as or name}" if known else f"anthropic.audit.{name}"]
    if known is not None:
        paths += [f"anthropic.audit.{known.objects_as}"] if known.objects_as else []
        paths += [known.ecs] if known.ecs else []
    return [*paths, f"anthropic.audit.metadata.{name}"]


def _joined(path: str, inside: str) -> str:
    return f"{path}.{inside}" if inside else path


def _first(document: Mapping[str, Json], *paths: str) -> str | None:
    found = (value_at(document, path) for path in paths)
    return next((_shown(value) for value in found if value is not None), None)


def _shown(value: Json) -> str:
    """Return a value as text for a sentence."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        more = len(value) - _MAX_LIST_ELEMENTS
        shown = ", ".join(_cut(_shown(element)) for element in value[:_MAX_LIST_ELEMENTS])
        return f"{shown} and {more} more" if more > 0 else shown
    if isinstance(value, dict) and set(value) == {"type"}:
        return _shown(value["type"])
    text = value if isinstance(value, str) else to_json(value).decode()
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE_CHARS else text[: _MAX_VALUE_CHARS - 1] + "…"


def _actor(document: Mapping[str, Json]) -> str:
    return _first(document, "user.email", "anthropic.audit.actor.name", "user.id") or _UNKNOWN_ACTOR


def _changes(document: Mapping[str, Json]) -> str:
    changes = value_at(document, "anthropic.audit.changes")
    if not isinstance(changes, list) or not changes:
        return ""
    more = len(changes) - _MAX_LIST_ELEMENTS
    shown = "; ".join(_shown(change) for change in changes[:_MAX_LIST_ELEMENTS])
    return f" ({shown}{f'; and {more} more' if more > 0 else ''})"
