"""Read the catalogue's files, and check every line of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from .entries import FIELD_TYPES, Known, read_actor, read_audit_field, read_fields, read_rule, type_reader
from .model import ActivityType, AuditField, Catalogue
from .reading import Problems, guarded, read_each, read_mapping

_FIELD_SECTIONS = ("moved", "published", "newer")


@cache
def load() -> Catalogue:
    """Return the catalogue that comes with this package.

    Raises:
        SetupError: A file has mistakes; all of them are named.
    """
    return read_catalogue(resources.files(__package__))


def read_catalogue(folder: Traversable) -> Catalogue:
    """Read a catalogue's folder: five files and `types/*.yaml`.

    Raises:
        SetupError: A file has mistakes; all of them are named.
    """
    problems = Problems()
    head = read_mapping(folder / "catalogue.yaml", problems)
    rules = read_each(folder / "outcomes.yaml", read_rule, problems)
    actors = read_each(folder / "actors.yaml", read_actor, problems)
    fields = read_mapping(folder / "fields.yaml", problems)
    known = Known(actors, rules, _allowed(folder / "ecs.yaml", problems))
    types = _types(folder / "types", known, problems)
    catalogue = Catalogue(
        version=str(head.get("version", "")),
        types=MappingProxyType(types),
        actors=MappingProxyType(actors),
        fields=MappingProxyType(_audit_fields(fields, problems)),
        actor_fields=MappingProxyType(_elastic_types(fields, "actor", problems)),
        own_fields=MappingProxyType(_elastic_types(fields, "own", problems)),
        envelope=guarded("catalogue.yaml: envelope", lambda: read_fields(head.get("envelope", {})), {}, problems),
    )
    problems.raise_any()
    return catalogue


def _types(folder: Traversable, known: Known, problems: Problems) -> dict[str, ActivityType]:
    types: dict[str, ActivityType] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        found = read_each(file, type_reader(file.name.removesuffix(".yaml"), known), problems)
        for name in found.keys() & types.keys():
            problems.add(f"{file.name}: {name}", f"is in {types[name].family}.yaml, too")
        types |= found
    return types


def _allowed(file: Traversable, problems: Problems) -> dict[str, frozenset[str]]:
    categories = read_mapping(file, problems).get("categories") or {}
    return {str(category): frozenset(types) for category, types in categories.items()}


def _audit_fields(written: Mapping[str, Any], problems: Problems) -> dict[str, AuditField]:
    fields: dict[str, AuditField] = {}
    for section in _FIELD_SECTIONS:
        for name, described in (written.get(section) or {}).items():
            where = f"fields.yaml: {section}.{name}"
            if name in fields:
                problems.add(where, "stands twice")
            fields[name] = guarded(where, partial(read_audit_field, name, described), AuditField(name), problems)
    return fields


def _elastic_types(written: Mapping[str, Any], section: str, problems: Problems) -> dict[str, str]:
    types = written.get(section) or {}
    if not isinstance(types, dict):
        problems.add(f"fields.yaml: {section}", "is no mapping")
        return {}
    for name, kind in types.items():
        if kind not in FIELD_TYPES:
            problems.add(f"fields.yaml: {section}.{name}", f"this is no Elasticsearch type that we use: {kind!r}")
    return types
