"""Resolve the names of fields in the settings of processors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from anthropic_audit.catalogue import Catalogue, StoredField
from anthropic_audit.errors import SetupError
from anthropic_audit.query import suggest

_WILD = "*"
_ALL = ".*"
_ANYTHING = ("flattened", "object")
"""Types of fields with arbitrary members."""

Trie = dict[str, "Trie | StoredField"]
"""Fields by the parts of their dotted names."""


class FieldNames:
    """The fields that documents can have, by their names in settings."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._fields: Mapping[str, StoredField] = {**catalogue.ecs_fields, **catalogue.exported_fields()}

    def personal(self) -> dict[str, StoredField]:
        """Return the fields that the catalogue marks as personal data."""
        return {name: field for name, field in self._fields.items() if field.is_personal}

    def meant_by(self, names: Iterable[str]) -> dict[str, StoredField]:
        """Return the fields that match names, beginnings of names (`user.target`) and patterns (`*.email`).

        A member of a field with arbitrary members (`anthropic.audit.metadata.note`) is a field of its own.

        Raises:
            SetupError: A name matches no field; the hint suggests one.
        """
        found: dict[str, StoredField] = {}
        for name in names:
            meant = self._meant(name)
            if not meant:
                near = suggest(name, self._fields) if _WILD not in name else None
                message = f"no field of events matches `{name}`"
                hint = f"did you mean `{near}`?" if near else "`anthropic-audit catalogue show NAME` shows known fields"
                raise SetupError(message, hint=hint)
            found |= meant
        return found

    def _meant(self, name: str) -> dict[str, StoredField]:
        if _WILD in name:
            found = {one: field for one, field in self._fields.items() if fnmatchcase(one, name)}
            return found or (self._meant(name.removesuffix(_ALL)) if name.endswith(_ALL) else {})
        if name in self._fields:
            return {name: self._fields[name]}
        below = {one: field for one, field in self._fields.items() if one.startswith(f"{name}.")}
        if below:
            return below
        parts = name.split(".")
        around = (self._fields.get(".".join(parts[:end])) for end in range(1, len(parts)))
        if any(field is not None and field.type in _ANYTHING for field in around):
            return {name: StoredField("flattened")}
        return {}


def trie(fields: Mapping[str, StoredField]) -> Trie:
    """Return fields by the parts of their names; fields below another one of the fields are left out."""
    made: Trie = {}
    for name in sorted(fields, key=len):
        steps = name.split(".")
        level: Trie | StoredField | None = made
        for step in steps[:-1]:
            level = level.setdefault(step, {}) if isinstance(level, dict) else None
        if isinstance(level, dict):
            level[steps[-1]] = fields[name]
    return made
