"""Generate the JSON Schema of events: every field with the values that Elasticsearch accepts, and no other fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from anthropic_audit.catalogue import Catalogue

from .fields import AUDIT, LISTS, Leaf, Tree, all_fields, nested

Schema = dict[str, Any]
"""A JSON Schema as a JSON object."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LONG: Final = 2**63
_TIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"], "minLength": 1}
_NUMBER: Final[Schema] = {"type": "number", "minimum": -_LONG, "exclusiveMaximum": _LONG}
_OBJECT: Final[Schema] = {"type": "object", "minProperties": 1}
_POINT: Final[Schema] = {
    "type": "object",
    "properties": {
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
    },
    "required": ["lat", "lon"],
    "additionalProperties": False,
}

_VALUES: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        **dict.fromkeys(("keyword", "wildcard", "constant_keyword", "match_only_text", "text"), _TEXT),
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "pattern": _TIME},
        **{kind: {**_NUMBER, "type": "integer"} for kind in ("long", "integer")},
        **{kind: {"type": "number"} for kind in ("double", "float")},
        "ip": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        "geo_point": _POINT,
        "flattened": _OBJECT,
        "object": {**_OBJECT, "additionalProperties": _SCALAR},
    }
)
"""The values of an ECS field by its Elasticsearch type."""

_OWN_VALUES: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "keyword": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]},
        "long": {"anyOf": [_NUMBER, {"type": "array", "items": _NUMBER, "minItems": 1}]},
        "flattened": {"anyOf": [_OBJECT, {"type": "array", "items": _OBJECT, "minItems": 1}]},
    }
)
"""The values of fields below `anthropic.audit` that differ from those of ECS: the vendor sends lists as well."""

_CONSTANTS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "data_stream.dataset": {"const": "anthropic.audit"},
        "data_stream.type": {"const": "logs"},
        "ecs.version": {"const": "9.3.0"},
        "event.dataset": {"const": "anthropic.audit"},
        "event.kind": {"enum": ["event", "pipeline_error"]},
        "event.module": {"const": "anthropic"},
        "event.outcome": {"enum": ["failure", "success", "unknown"]},
        "user_agent.os.type": {"enum": ["android", "ios", "linux", "macos", "unix", "windows"]},
    }
)

_REQUIRED: Final[Mapping[str, list[str]]] = MappingProxyType(
    {
        "": ["data_stream", "ecs", "event"],
        "data_stream": ["dataset", "type"],
        "ecs": ["version"],
        "event": ["dataset", "kind", "module"],
        "anthropic": ["audit"],
        "anthropic.audit": ["catalogue"],
        "anthropic.audit.catalogue": ["version"],
    }
)
"""The members that an object always has, by the object's dotted name."""


def event_schema(catalogue: Catalogue) -> Schema:
    """Return the JSON Schema (draft 2020-12) of the events that are made with a catalogue."""
    tree = nested(all_fields(catalogue))
    return {
        "$schema": _DIALECT,
        "title": "An audit event of Anthropic (Claude), as an ECS 9.3 document",
        "description": f"Generated from catalogue {catalogue.version}.",
        **_members("", tree, _expected(catalogue.expected_types)),
        "allOf": [_events_and_errors(), _complete_when_known()],
    }


def _members(name: str, tree: Tree, enums: Mapping[str, Schema]) -> Schema:
    inside = f"{name}." if name else ""
    schema: Schema = {
        "type": "object",
        "properties": {
            member: _leaf(inner, enums) if isinstance(inner, Leaf) else _members(f"{inside}{member}", inner, enums)
            for member, inner in tree.items()
        },
        "additionalProperties": False,
    }
    if name in _REQUIRED:
        schema["required"] = _REQUIRED[name]
    elif name:
        schema["minProperties"] = 1
    if name == "event":
        schema["allOf"] = enums["pairs"]["allOf"]
    return schema


def _leaf(leaf: Leaf, enums: Mapping[str, Schema]) -> Schema:
    known = enums.get(leaf.name) or _CONSTANTS.get(leaf.name)
    values = known or _values(leaf)
    if leaf.name in LISTS:
        values = {"type": "array", "items": values, "minItems": 1, "uniqueItems": True}
    described = leaf.field.description
    return {"description": described, **values} if described else values


def _values(leaf: Leaf) -> Schema:
    kind = leaf.field.type
    if leaf.name.startswith(AUDIT) and kind in _OWN_VALUES:
        return _OWN_VALUES[kind]
    return _VALUES[kind]


def _expected(expected: Mapping[str, frozenset[str]]) -> dict[str, Schema]:
    """Return the values of categories and types that ECS allows, and their allowed combinations."""
    types = sorted(frozenset[str]().union(*expected.values()))
    pairs = [
        {
            "if": {"properties": {"type": {"contains": {"const": kind}}}, "required": ["type"]},
            "then": {
                "properties": {"category": {"contains": {"enum": _with(kind, expected)}}},
                "required": ["category"],
            },
        }
        for kind in types
    ]
    return {
        "event.category": {"enum": sorted(expected)},
        "event.type": {"enum": types},
        "pairs": {"allOf": pairs},
    }


def _with(kind: str, expected: Mapping[str, frozenset[str]]) -> list[str]:
    return sorted(category for category, kinds in expected.items() if kind in kinds)


def _events_and_errors() -> Schema:
    """Require `anthropic` in events, and `error` in documents of activities that could not be read."""
    is_error = {"properties": {"event": {"properties": {"kind": {"const": "pipeline_error"}}}}}
    return {"if": is_error, "then": {"required": ["error"]}, "else": {"required": ["anthropic"]}}


def _complete_when_known() -> Schema:
    """Require the fields that an event has if the catalogue knew its type."""
    flagged = _at("anthropic.audit.catalogue", {"required": ["known"]})
    needed = ["action", "category", "outcome", "type"]
    return {"anyOf": [{"not": {"required": ["anthropic"]}}, flagged, {"properties": {"event": {"required": needed}}}]}


def _at(path: str, schema: Schema) -> Schema:
    """Return a schema that requires a member at a path, and applies another schema to it."""
    for name in reversed(path.split(".")):
        schema = {"properties": {name: schema}, "required": [name]}
    return schema
