"""Read and check the catalogue's files."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from .entries import (
    FIELD_TYPES,
    KnownNames,
    read_actor,
    read_audit_field,
    read_fields,
    read_rule,
    read_stored_field,
    type_reader,
)
from .model import ActivityType, AuditField, Catalogue, StoredField
from .yaml_reader import Problems, guarded, read_each, read_mapping

_FIELD_SECTIONS = ("moved", "published", "newer")
_ECS_TYPES = FIELD_TYPES | {
    *("constant_keyword", "match_only_text", "wildcard", "text"),
    *("ip", "geo_point", "float", "integer", "object"),
}


@cache
def load() -> Catalogue:
    """Return the catalogue in this package.

    Raises:
        SetupError: A file has mistakes; the message lists all of them.
    """
    return read_catalogue(resources.files(__package__))


def read_catalogue(folder: Traversable) -> Catalogue:
    """Return the catalogue in a folder with five files and `types/*.yaml`.

    Raises:
        SetupError: A file has mistakes; the message lists all of them.
    """
    problems = Problems()
    head = read_mapping(folder / "catalogue.yaml", problems)
    rules = read_each(folder / "outcomes.yaml", read_rule, problems)
    actors = read_each(folder / "actors.yaml", read_actor, problems)
    fields = read_mapping(folder / "fields.yaml", problems)
    ecs = read_mapping(folder / "ecs.yaml", problems)
    known = KnownNames(actors, rules, _allowed(ecs))
    types = _types(folder / "types", known, problems)
    catalogue = Catalogue(
        version=str(head.get("version", "")),
        types=MappingProxyType(types),
        actors=MappingProxyType(actors),
        fields=MappingProxyType(_audit_fields(fields, problems)),
        actor_fields=MappingProxyType(_stored("fields.yaml: actor", fields.get("actor"), problems)),
        own_fields=MappingProxyType(_stored("fields.yaml: own", fields.get("own"), problems)),
        ecs_fields=MappingProxyType(_stored("ecs.yaml: fields", ecs.get("fields"), problems, _ECS_TYPES)),
        envelope=guarded("catalogue.yaml: envelope", lambda: read_fields(head.get("envelope", {})), {}, problems),
        expected_types=MappingProxyType(dict(known.allowed)),
    )
    problems.raise_any()
    return catalogue


def _types(folder: Traversable, known: KnownNames, problems: Problems) -> dict[str, ActivityType]:
    types: dict[str, ActivityType] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        found = read_each(file, type_reader(file.name.removesuffix(".yaml"), known), problems)
        for name in found.keys() & types.keys():
            problems.add(f"{file.name}: {name}", f"is also in {types[name].family}.yaml")
        types |= found
    return types


def _allowed(ecs: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    categories = ecs.get("categories") or {}
    return {str(category): frozenset(types) for category, types in categories.items()}


def _audit_fields(written: Mapping[str, Any], problems: Problems) -> dict[str, AuditField]:
    fields: dict[str, AuditField] = {}
    for section in _FIELD_SECTIONS:
        for name, described in (written.get(section) or {}).items():
            where = f"fields.yaml: {section}.{name}"
            if name in fields:
                problems.add(where, "occurs twice")
            fields[name] = guarded(where, partial(read_audit_field, name, described), AuditField(name), problems)
    return fields


def _stored(where: str, written: object, problems: Problems, types: Set[str] = FIELD_TYPES) -> dict[str, StoredField]:
    """Return the fields of events in a section of a file."""
    described = written or {}
    if not isinstance(described, dict):
        problems.add(where, "must be a mapping")
        return {}
    return {
        str(name): guarded(f"{where}.{name}", partial(read_stored_field, one, types), StoredField("keyword"), problems)
        for name, one in described.items()
    }
