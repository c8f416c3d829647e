"""Replace or remove the values of fields.

Documents share their parts, so no document is changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from anthropic_audit.catalogue import StoredField

from .field_names import Trie

Json = Any
"""A JSON value."""

Replace = Callable[[str], str]
"""Returns the replacement of a text."""

_TEXTS: Final = frozenset({"keyword", "constant_keyword", "wildcard", "match_only_text", "text", "flattened", "object"})
"""Elasticsearch types of fields that can hold the text that replaces a value; others lose their value."""

_NOTHING: Final = object()
_REPEATING: Final = ("user", "ip", "hosts")
"""The lists of `related`, which repeat values of other fields."""
_ADDRESS: Final = ("source", "ip")


class RewriteFields:
    """Replaces or removes the values of fields, and their repetitions.

    `related.*` and `anthropic.audit.actor.name` repeat values of other fields: a value that is removed from a field is
    removed from them as well. A value that is not a text (an address, a number, a point) can't be replaced in its
    field, which accepts only such values: it is removed. The replacement of `source.ip` is stored in `source.address`,
    unless that has a value.

    Args:
        fields: The fields to change.
        replace: Returns the replacement of a text; None removes the values.
    """

    def __init__(self, fields: Trie, replace: Replace | None) -> None:
        self._fields = fields
        self._replace = replace

    def __call__(self, document: dict[str, Json]) -> dict[str, Json]:
        """Return the document with the values replaced or removed; itself if it has none of the fields."""
        gone: set[str] = set()
        left: dict[str, Json] = self._changed(document, self._fields, gone)
        changed = self._moved(document, {} if left is _NOTHING else left)
        return self._unrepeated(changed, gone) if gone else changed

    def _changed(self, value: Json, fields: Trie | StoredField, gone: set[str]) -> Json:
        """Return a value with the fields inside it changed; the same object if it has none of them."""
        if isinstance(value, list):
            members = [self._changed(member, fields, gone) for member in value]
            kept = [member for member in members if member is not _NOTHING]
            if len(kept) == len(value) and all(a is b for a, b in zip(kept, value, strict=True)):
                return value
            return list(dict.fromkeys(kept)) if all(isinstance(one, str) for one in kept) and kept else kept or _NOTHING
        if not isinstance(fields, dict):
            return self._gone(value, fields, gone)
        if not isinstance(value, dict):
            return value
        changes = {
            name: changed
            for name, below in fields.items()
            if name in value and (changed := self._changed(value[name], below, gone)) is not value[name]
        }
        if not changes:
            return value
        return {n: v for n, v in {**value, **changes}.items() if v is not _NOTHING} or _NOTHING

    def _gone(self, value: Json, field: StoredField, gone: set[str]) -> Json:
        """Return the replacement of a value, or `_NOTHING` to remove it; add its texts to `gone`."""
        gone.update(_texts_in(value))
        if self._replace is None or field.type not in _TEXTS:
            return _NOTHING
        return _replaced(value, self._replace)

    def _moved(self, before: Mapping[str, Json], after: dict[str, Json]) -> dict[str, Json]:
        """Store the replacement of `source.ip` in `source.address`, which accepts texts."""
        part, name = _ADDRESS
        source = before.get(part, {})
        changed = after.get(part, {})
        if self._replace is None or name not in source or name in changed or "address" in source:
            return after
        return {**after, part: {**changed, "address": self._replace(source[name])}}

    def _unrepeated(self, document: dict[str, Json], gone: set[str]) -> dict[str, Json]:
        """Replace or remove the repetitions of the values in `gone`."""
        related = document.get("related")
        if isinstance(related, dict):
            lists = {name: self._without(name, values, gone) for name, values in related.items()}
            document = {**document, "related": {name: values for name, values in lists.items() if values}}
            if not document["related"]:
                del document["related"]
        audit = document.get("anthropic", {}).get("audit", {})
        actor = audit.get("actor", {})
        if actor.get("name") in gone:
            actor = {**actor, "name": self._replace(actor["name"])} if self._replace else _without(actor, "name")
            document = {**document, "anthropic": {**document["anthropic"], "audit": {**audit, "actor": actor}}}
        return document

    def _without(self, name: str, values: Json, gone: set[str]) -> Json:
        if name not in _REPEATING or not isinstance(values, list) or not gone.intersection(values):
            return values
        if self._replace is None or name == "ip":
            return [value for value in values if value not in gone]
        return list(dict.fromkeys(self._replace(value) if value in gone else value for value in values))


def _replaced(value: Json, replace: Replace) -> Json:
    """Return a value with every text and number replaced; names of members, booleans and null are not changed."""
    if isinstance(value, dict):
        return {name: _replaced(member, replace) for name, member in value.items()}
    if isinstance(value, list):
        return [_replaced(member, replace) for member in value]
    if value is None or isinstance(value, bool):
        return value
    return replace(value if isinstance(value, str) else str(value))


def _texts_in(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _texts_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts_in(member)
    elif isinstance(value, str):
        yield value


def _without(members: Mapping[str, Json], name: str) -> dict[str, Json]:
    return {one: value for one, value in members.items() if one != name}
