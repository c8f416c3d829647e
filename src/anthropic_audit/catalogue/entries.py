"""Read the entries of the catalogue's files: each a mapping in YAML, returned as a value of `model`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from .errors import NotationError
from .model import ActivityType, ActorKind, AuditField, FieldSpec, OutcomeRule, StoredField
from .notation import parse_field, parse_members
from .sentences import Sentence, parse_sentence

OUTCOMES = frozenset({"success", "failure", "unknown"})
"""The values that ECS allows for `event.outcome`."""

FIELD_TYPES = frozenset({"keyword", "long", "double", "boolean", "date", "flattened"})
"""The Elasticsearch types that fields below `anthropic.audit` have."""

SENSITIVITIES = ("routine", "notable", "critical")
"""The levels of sensitivity, in ascending order."""

_TYPE_KEYS = frozenset(
    {"description", "sentence", "sensitivity", "category", "type", "outcome", "actors", "fields", "is_partial"}
)
_RULE_KEYS = frozenset({"field", "values", "ranges", "otherwise"})
_ACTOR_KEYS = frozenset({"description", "name", "fields", "moves", "copies"})
_STORED_KEYS = frozenset({"type", "description", "is_personal"})
_FIELD_KEYS = _STORED_KEYS | {
    *("ecs", "rank", "when", "only_for", "related", "stored_as", "is_text", "objects_as", "copies"),
}
_ALWAYS_KNOWN = frozenset({"actor", "target"})
_ALL = "all"
_RELATED = frozenset({"hosts", "user"})


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that the entry of a type may refer to."""

    actors: Mapping[str, ActorKind]
    rules: Mapping[str, OutcomeRule]
    allowed: Mapping[str, frozenset[str]]
    """The values of `event.type` for each `event.category`."""


def type_reader(family: str, known: KnownNames) -> Callable[[str, dict[str, Any]], ActivityType]:
    """Return a function that reads the entries of types of one family; it raises `NotationError`."""

    def read(name: str, written: dict[str, Any]) -> ActivityType:
        _only(written, _TYPE_KEYS)
        category, types = _words(written, "category"), _words(written, "type")
        _check_category(category, types, known.allowed)
        outcome = written.get("outcome")
        if outcome not in OUTCOMES and outcome not in known.rules:
            message = f"`outcome` must be one of {', '.join(sorted(OUTCOMES))} or a rule in outcomes.yaml: {outcome!r}"
            raise NotationError(message)
        fields, is_partial = read_fields(written.get("fields", {})), written.get("is_partial", False) is True
        return ActivityType(
            name=name,
            family=family,
            category=category,
            type=types,
            outcome=outcome if outcome in OUTCOMES else None,
            actors=_kinds(written, known.actors),
            fields=fields,
            outcome_rule=known.rules.get(str(outcome)),
            is_partial=is_partial,
            description=_text(written, "description"),
            sentence=_sentence(written, "sentence", _ALWAYS_KNOWN.union(fields)),
            sensitivity=_sensitivity(written),
        )

    return read


def read_rule(name: str, written: dict[str, Any]) -> OutcomeRule:
    """Read an outcome rule.

    Raises:
        NotationError: The entry is malformed.
    """
    _only(written, _RULE_KEYS)
    path, otherwise = written.get("field"), written.get("otherwise", "unknown")
    values, ranges = _mapping(written, "values"), written.get("ranges", [])
    if not isinstance(path, str):
        message = "`field` must be the path of the value that decides the outcome"
        raise NotationError(message)
    for one in ranges:
        if not (isinstance(one, list) and [type(part) for part in one] == [int, int, str]):
            message = f"a range must be a list of the lowest number, the highest number and the outcome: {one!r}"
            raise NotationError(message)
    for outcome in (otherwise, *values.values(), *(one[2] for one in ranges)):
        if outcome not in OUTCOMES:
            message = f"an outcome must be one of {', '.join(sorted(OUTCOMES))}: {outcome!r}"
            raise NotationError(message)
    return OutcomeRule(name, tuple(path.split(".")), values, tuple(tuple(one) for one in ranges), otherwise)


def read_actor(name: str, written: dict[str, Any]) -> ActorKind:
    """Read a kind of actor.

    Raises:
        NotationError: The entry is malformed.
    """
    _only(written, _ACTOR_KEYS)
    fields = read_fields(written.get("fields", {}))
    moves, copies = _mapping(written, "moves"), _mapping(written, "copies")
    for path in (*moves, *copies):
        member = path.partition(".")[0]
        if member not in fields:
            message = f"unknown member: `{path}`{_near(member, fields)}"
            raise NotationError(message)
    return ActorKind(name, fields, moves, copies, _text(written, "description"), _sentence(written, "name", fields))


def read_fields(written: object) -> Mapping[str, FieldSpec]:
    """Read the fields of a type or of a kind of actor.

    Raises:
        NotationError: The entry is malformed.
    """
    if not isinstance(written, dict):
        message = f"`fields` must be a mapping from names to fields: {written!r}"
        raise NotationError(message)
    return MappingProxyType({str(name): _field(spec) for name, spec in written.items()})


def read_audit_field(name: str, written: object) -> AuditField:
    """Read how a field of activities is stored: an Elasticsearch type, or a mapping with more keys.

    Raises:
        NotationError: The entry is malformed.
    """
    described = _described(written, _FIELD_KEYS)
    kind = described.get("type")
    if kind is not None and kind not in FIELD_TYPES:
        message = f"unsupported Elasticsearch type: {kind!r}"
        raise NotationError(message)
    if described.get("related") not in {None, *_RELATED}:
        message = f"`related` must be one of {', '.join(sorted(_RELATED))}: {described['related']!r}"
        raise NotationError(message)
    if kind is None and not described.get("ecs"):
        message = "a field needs `type`, `ecs` or both"
        raise NotationError(message)
    when = _mapping(described, "when")
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
        objects_as=described.get("objects_as"),
        copies=_copies(name, described),
        description=_text(described, "description"),
        is_personal=described.get("is_personal", False) is True,
    )


def read_stored_field(written: object, types: Set[str] = FIELD_TYPES) -> StoredField:
    """Read a field of events: an Elasticsearch type, or a mapping with more keys.

    Raises:
        NotationError: The entry is malformed.
    """
    described = _described(written, _STORED_KEYS)
    kind = described.get("type")
    if kind not in types:
        message = f"unsupported Elasticsearch type: {kind!r}"
        raise NotationError(message)
    return StoredField(str(kind), _text(described, "description"), described.get("is_personal", False) is True)


def _described(written: object, keys: frozenset[str]) -> dict[str, Any]:
    described = {"type": written} if isinstance(written, str) else written
    if not isinstance(described, dict):
        message = f"a field must be an Elasticsearch type or a mapping: {written!r}"
        raise NotationError(message)
    _only(described, keys)
    return described


def _text(written: Mapping[str, Any], key: str) -> str:
    text = written.get(key, "")
    if not isinstance(text, str):
        message = f"`{key}` must be a text: {text!r}"
        raise NotationError(message)
    return " ".join(text.split())


def _sentence(written: Mapping[str, Any], key: str, names: Iterable[str]) -> Sentence:
    """Read a sentence whose placeholders are these names, or members of them."""
    sentence = parse_sentence(_text(written, key))
    unknown = sorted(name for name in sentence.names if name.partition(".")[0] not in names)
    if unknown:
        message = f"`{key}` has unknown placeholders: {', '.join(unknown)}{_near(unknown[0], names)}"
        raise NotationError(message)
    return sentence


def _sensitivity(written: Mapping[str, Any]) -> str:
    sensitivity = written.get("sensitivity", SENSITIVITIES[0])
    if sensitivity not in SENSITIVITIES:
        message = f"`sensitivity` must be one of {', '.join(SENSITIVITIES)}: {sensitivity!r}"
        raise NotationError(message)
    return str(sensitivity)


def _copies(name: str, described: Mapping[str, Any]) -> dict[str, str]:
    copies = _mapping(described, "copies")
    for path in copies:
        if path.partition(".")[0] != name:
            message = f"a path in `copies` must begin with `{name}`: `{path}`"
            raise NotationError(message)
    return copies


def _check_category(category: tuple[str, ...], types: tuple[str, ...], allowed: Mapping[str, Set[str]]) -> None:
    unknown = [word for word in category if word not in allowed]
    if unknown:
        message = f"unknown ECS category: {', '.join(unknown)}{_near(unknown[0], allowed)}"
        raise NotationError(message)
    expected = frozenset[str]().union(*(allowed[word] for word in category))
    unknown = [word for word in types if word not in expected]
    if unknown:
        message = (
            f"ECS does not allow type {', '.join(unknown)} with category {', '.join(category)}"
            f"{_near(unknown[0], expected)}"
        )
        raise NotationError(message)


def _kinds(written: Mapping[str, Any], actors: Mapping[str, ActorKind]) -> tuple[str, ...]:
    kinds = tuple(actors) if written.get("actors") == _ALL else _words(written, "actors")
    unknown = [kind for kind in kinds if kind not in actors]
    if unknown:
        message = f"unknown actors: {', '.join(unknown)}{_near(unknown[0], actors)}"
        raise NotationError(message)
    return kinds


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _field(written: object) -> FieldSpec:
    """Read a field: a notation, or a mapping from the notation of an object to a list of alternative members."""
    if isinstance(written, str):
        return parse_field(written)
    if isinstance(written, dict) and len(written) == 1:
        ((shape, variants),) = written.items()
        spec = parse_field(str(shape))
        if spec.kind == "object" and isinstance(variants, list):
            members = tuple(parse_members(str(variant)) for variant in variants)
            return FieldSpec("object", spec.is_array, spec.is_required, spec.is_nullable, variants=members)
    message = f"a field must be a notation, or an object with a list of variants: {written!r}"
    raise NotationError(message)


def _mapping(written: Mapping[str, Any], key: str) -> dict[Any, str]:
    """Return the mapping to texts below a key; empty when the key is missing."""
    mapping = written.get(key, {})
    if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
        message = f"`{key}` must be a mapping to texts: {mapping!r}"
        raise NotationError(message)
    return mapping


def _only(written: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(str(name) for name in written.keys() - known)
    if unknown:
        message = f"unknown keys: {', '.join(unknown)}{_near(unknown[0], known)}"
        raise NotationError(message)


def _words(written: Mapping[str, Any], key: str) -> tuple[str, ...]:
    words = written.get(key)
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        message = f"`{key}` must be a list of words: {words!r}"
        raise NotationError(message)
    return tuple(words)
