"""Read the catalogue's files, and check every line of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from anthropic_audit.errors import SetupError

from .model import ActivityType, ActorKind, AuditField, Catalogue, FieldSpec, OutcomeRule
from .notation import NotationError, parse_field, parse_members

OUTCOMES = frozenset({"success", "failure", "unknown"})
"""The values that ECS allows for `event.outcome`."""

FIELD_TYPES = frozenset({"keyword", "long", "double", "boolean", "date", "flattened"})
"""The Elasticsearch types that fields below `anthropic.audit` have."""

_TYPE_KEYS = frozenset({"category", "type", "outcome", "actors", "fields", "is_partial"})
_RULE_KEYS = frozenset({"field", "values", "ranges", "otherwise"})
_ACTOR_KEYS = frozenset({"fields", "moves", "copies"})
_FIELD_KEYS = frozenset({"type", "ecs", "rank", "when", "only_for", "related", "stored_as", "is_text"})
_FIELD_SECTIONS = ("moved", "published", "newer")
_ALL = "all"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Read = TypeVar("_Read")


class _Problems:
    """What is wrong in the files, gathered so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, where: str, what: object) -> None:
        self._found.append(f"{where}: {what}")

    def raise_any(self) -> None:
        if self._found:
            message = "the catalogue has mistakes:\n  " + "\n  ".join(self._found)
            raise SetupError(
                message, hint="catalogue/notation.py and the comments in the files say how they are written"
            )


@cache
def load() -> Catalogue:
    """Return the catalogue that comes with this package.

    Raises:
        SetupError: A file has mistakes; all of them are named.
    """
    return read_catalogue(resources.files(__package__))


def read_catalogue(folder: Traversable) -> Catalogue:
    """Read a catalogue's folder: `catalogue`, `outcomes`, `actors` and `fields.yaml`, and `types/*.yaml`.

    Raises:
        SetupError: A file has mistakes; all of them are named.
    """
    problems = _Problems()
    head = _mapping(folder / "catalogue.yaml", problems)
    rules = _each(folder / "outcomes.yaml", _rule, problems)
    actors = _each(folder / "actors.yaml", _actor, problems)
    fields = _mapping(folder / "fields.yaml", problems)
    types: dict[str, ActivityType] = {}
    for file in sorted((folder / "types").iterdir(), key=lambda one: one.name):
        family = file.name.removesuffix(".yaml")
        found = _each(file, _type_reader(family, actors, rules), problems)
        for name in found.keys() & types.keys():
            problems.add(f"{file.name}: {name}", f"is in {types[name].family}.yaml, too")
        types |= found
    catalogue = Catalogue(
        version=str(head.get("version", "")),
        types=MappingProxyType(types),
        actors=MappingProxyType(actors),
        fields=MappingProxyType(_audit_fields(fields, problems)),
        actor_fields=MappingProxyType(_elastic_types(fields, "actor", problems)),
        own_fields=MappingProxyType(_elastic_types(fields, "own", problems)),
        envelope=_guarded("catalogue.yaml: envelope", lambda: _fields(head.get("envelope", {})), {}, problems),
    )
    problems.raise_any()
    return catalogue


def _mapping(file: Traversable, problems: _Problems) -> dict[str, Any]:
    try:
        read = yaml.load(file.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, in C where there is one
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(file.name, " ".join(str(error).split()))
        return {}
    if not isinstance(read, dict):
        problems.add(file.name, "is no mapping")
        return {}
    return read


def _each(file: Traversable, read: Callable[[str, dict[str, Any]], _Read], problems: _Problems) -> dict[str, _Read]:
    """Read a file's entries, each by itself, so that one mistake does not hide another."""
    found = {}
    for name, written in _mapping(file, problems).items():
        if not isinstance(written, dict):
            problems.add(f"{file.name}: {name}", "is no mapping")
            continue
        try:
            found[name] = read(str(name), written)
        except NotationError as error:
            problems.add(f"{file.name}: {name}", error)
    return found


def _guarded(where: str, read: Callable[[], _Read], otherwise: _Read, problems: _Problems) -> _Read:
    try:
        return read()
    except NotationError as error:
        problems.add(where, error)
        return otherwise


def _type_reader(
    family: str, actors: Mapping[str, ActorKind], rules: Mapping[str, OutcomeRule]
) -> Callable[[str, dict[str, Any]], ActivityType]:
    def read(name: str, written: dict[str, Any]) -> ActivityType:
        _only(written, _TYPE_KEYS)
        outcome = written.get("outcome")
        if outcome not in OUTCOMES and outcome not in rules:
            message = f"`outcome` is one of {', '.join(sorted(OUTCOMES))} or a rule of outcomes.yaml, not {outcome!r}"
            raise NotationError(message)
        kinds = tuple(actors) if written.get("actors") == _ALL else _words(written, "actors")
        strange = [kind for kind in kinds if kind not in actors]
        if strange:
            message = f"unknown actors: {', '.join(strange)}"
            raise NotationError(message)
        return ActivityType(
            name=name,
            family=family,
            category=_words(written, "category"),
            type=_words(written, "type"),
            outcome=outcome if outcome in OUTCOMES else None,
            actors=kinds,
            fields=_fields(written.get("fields", {})),
            outcome_rule=rules.get(str(outcome)),
            is_partial=written.get("is_partial", False) is True,
        )

    return read


def _rule(name: str, written: dict[str, Any]) -> OutcomeRule:
    _only(written, _RULE_KEYS)
    values, otherwise = written.get("values", {}), written.get("otherwise", "unknown")
    ranges = tuple(tuple(one) for one in written.get("ranges", []))
    outcomes = {otherwise, *values.values(), *(one[2] for one in ranges)}
    if not isinstance(written.get("field"), str) or not outcomes <= OUTCOMES:
        message = f"a rule has a `field`, and outcomes among {', '.join(sorted(OUTCOMES))}"
        raise NotationError(message)
    return OutcomeRule(name, tuple(written["field"].split(".")), values, ranges, otherwise)


def _actor(name: str, written: dict[str, Any]) -> ActorKind:
    _only(written, _ACTOR_KEYS)
    return ActorKind(name, _fields(written.get("fields", {})), written.get("moves", {}), written.get("copies", {}))


def _fields(written: object) -> Mapping[str, FieldSpec]:
    if not isinstance(written, dict):
        message = f"fields are a mapping from names: {written!r}"
        raise NotationError(message)
    return MappingProxyType({str(name): _field(spec) for name, spec in written.items()})


def _field(written: object) -> FieldSpec:
    """Read a field: a notation, or one of an object with a list of alternative members."""
    if isinstance(written, str):
        return parse_field(written)
    if isinstance(written, dict) and len(written) == 1:
        ((shape, variants),) = written.items()
        spec = parse_field(str(shape))
        if spec.kind == "object" and isinstance(variants, list):
            members = tuple(parse_members(str(variant)) for variant in variants)
            return FieldSpec("object", spec.is_array, spec.is_required, spec.is_nullable, variants=members)
    message = f"this is no field, and no object with variants: {written!r}"
    raise NotationError(message)


def _audit_fields(written: Mapping[str, Any], problems: _Problems) -> dict[str, AuditField]:
    fields: dict[str, AuditField] = {}
    for section in _FIELD_SECTIONS:
        for name, described in (written.get(section) or {}).items():
            where = f"fields.yaml: {section}.{name}"
            if name in fields:
                problems.add(where, "stands twice")
            fields[name] = _guarded(where, partial(_audit_field, name, described), AuditField(name), problems)
    return fields


def _audit_field(name: str, written: object) -> AuditField:
    described = {"type": written} if isinstance(written, str) else written
    if not isinstance(described, dict):
        message = f"this is no field: {written!r}"
        raise NotationError(message)
    _only(described, _FIELD_KEYS)
    kind = described.get("type")
    if kind is not None and kind not in FIELD_TYPES:
        message = f"this is no Elasticsearch type that we use: {kind!r}"
        raise NotationError(message)
    when = described.get("when")
    return AuditField(
        name=name,
        type=kind,
        ecs=described.get("ecs"),
        rank=described.get("rank", 0),
        when=next(iter(when.items())) if when else None,
        only_for=tuple(described.get("only_for", ())),
        related=described.get("related"),
        stored_as=described.get("stored_as"),
        is_text=described.get("is_text", False),
    )


def _elastic_types(written: Mapping[str, Any], section: str, problems: _Problems) -> dict[str, str]:
    types = dict(written.get(section) or {})
    for name, kind in types.items():
        if kind not in FIELD_TYPES:
            problems.add(f"fields.yaml: {section}.{name}", f"this is no Elasticsearch type that we use: {kind!r}")
    return types


def _only(written: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(str(name) for name in written.keys() - known)
    if unknown:
        message = f"unknown keys: {', '.join(unknown)} (known: {', '.join(sorted(known))})"
        raise NotationError(message)


def _words(written: Mapping[str, Any], key: str) -> tuple[str, ...]:
    words = written.get(key)
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        message = f"`{key}` is a list of words, not {words!r}"
        raise NotationError(message)
    return tuple(words)
