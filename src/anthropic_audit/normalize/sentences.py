"""Events in plain words: the catalogue's sentence of a type, told of one document."""

from __future__ import annotations

from collections.abc import Mapping

from anthropic_audit.catalogue import AuditField, Catalogue
from anthropic_audit.documents import value_at

from .serialize import to_json
from .values import Json

_MAX_LIST_ELEMENTS = 3
_MAX_VALUE_CHARS = 120
_SOMEBODY = "Somebody"


class SentenceWriter:
    """A catalogue's sentences."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._types = catalogue.types
        self._fields = catalogue.fields

    def tell(self, document: Mapping[str, Json]) -> str:
        """Return what a document says, in one sentence without a full stop; never fails."""
        message = value_at(document, "error.message")
        if isinstance(message, str):
            return message
        action = value_at(document, "event.action")
        kind = self._types.get(action) if isinstance(action, str) else None
        if kind is None or not kind.sentence:
            words = _cut(action.replace("_", " ")) if isinstance(action, str) and action else "something happened"
            return f"{_actor(document)}: {words}{_changes(document)}"
        told = kind.sentence.tell(lambda name: self._value(document, name))
        has_failed = kind.outcome is None and value_at(document, "event.outcome") == "failure"
        return f"{told}{_changes(document)}{' (failed)' if has_failed else ''}"

    def _value(self, document: Mapping[str, Json], name: str) -> str | None:
        """Return what stands for a name in a sentence, or None when the document does not have it."""
        if name == "actor":
            return _actor(document)
        if name == "target":
            return _first(document, "user.target.email", "user.target.name", "user.target.id")
        field, _, inside = name.partition(".")
        known = self._fields.get(field)
        return _first(document, *(_joined(place, inside) for place in _places(field, known)))


def _places(name: str, known: AuditField | None) -> list[str]:
    """Return where a field's value may be found in a document."""
    places = [f"anthropic.audit.{known.stored_as or name}" if known else f"anthropic.audit.{name}"]
    if known is not None:
        places += [f"anthropic.audit.{known.objects_as}"] if known.objects_as else []
        places += [known.ecs] if known.ecs else []
    return [*places, f"anthropic.audit.metadata.{name}"]


def _joined(place: str, inside: str) -> str:
    return f"{place}.{inside}" if inside else place


def _first(document: Mapping[str, Json], *paths: str) -> str | None:
    found = (value_at(document, path) for path in paths)
    return next((_shown(value) for value in found if value is not None), None)


def _shown(value: Json) -> str:
    """Return a value as words."""
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
    return _first(document, "user.email", "anthropic.audit.actor.name", "user.id") or _SOMEBODY


def _changes(document: Mapping[str, Json]) -> str:
    changes = value_at(document, "anthropic.audit.changes")
    if not isinstance(changes, list) or not changes:
        return ""
    more = len(changes) - _MAX_LIST_ELEMENTS
    shown = "; ".join(_shown(change) for change in changes[:_MAX_LIST_ELEMENTS])
    return f" ({shown}{f'; and {more} more' if more > 0 else ''})"
