"""An independent OCSF validator: the schema's own classes as JSON Schemas, made by `ocsf-json-schema`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import (
    OcsfJsonSchemaEmbedded,
    get_ocsf_schema,
)

from anthropic_audit.ocsf import load_rules

Json = Any
Mistakes = Callable[[Json], list[str]]
Validators = Callable[[Json], Draft202012Validator]


@pytest.fixture(scope="session")
def schema() -> dict[str, Json]:
    """Return OCSF's schema in the version of our events."""
    read: dict[str, Json] = get_ocsf_schema(load_rules().version)
    return read


def validators(schema: dict[str, Json]) -> Validators:
    """Return a function that returns the validator of an event, by its class and its profiles."""
    made = OcsfJsonSchemaEmbedded(schema)

    @cache
    def validator(class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
        name = made.lookup_class_name_from_uid(class_uid)
        return Draft202012Validator(made.get_class_schema(name, list(profiles)))

    return lambda event: validator(event["class_uid"], tuple(event["metadata"]["profiles"]))


def mistakes_by(validator_of: Validators) -> Mistakes:
    """Return a function that lists the mistakes of an event by the schema; none when it is valid."""

    def mistakes(event: Json) -> list[str]:
        return [f"{one.json_path}: {one.message}"[:300] for one in validator_of(event).iter_errors(event)]

    return mistakes


@pytest.fixture(scope="session")
def mistakes(schema: dict[str, Json]) -> Mistakes:
    """Return a function that lists an event's mistakes by its own version of the schema."""
    return mistakes_by(validators(schema))


@pytest.fixture(scope="session")
def mistakes_of_1_6() -> Mistakes:
    """Return a function that lists an event's mistakes by version 1.6.0, the one of the vendor's own mapping."""
    return mistakes_by(validators(get_ocsf_schema("1.6.0")))


@pytest.fixture(scope="session")
def mistakes_of_1_7() -> Mistakes:
    """Return a function that lists an event's mistakes by version 1.7.0."""
    return mistakes_by(validators(get_ocsf_schema("1.7.0")))


@pytest.fixture(scope="session")
def outdated(schema: dict[str, Json]) -> Mistakes:
    """Return the deprecated attributes of an event."""
    validator_of = validators(schema)

    def outdated(event: Json) -> list[str]:
        top: Json = validator_of(event).schema
        return list(deprecated_in(event, top, top["$defs"]))

    return outdated


def deprecated_in(value: Json, schema: Json, objects: Json) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from deprecated_in(element, schema.get("items", {}), objects)
    elif isinstance(value, dict):
        known = objects[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        for name, member in value.items():
            attribute = known.get("properties", {}).get(name, {})
            if attribute.get("deprecated"):
                yield name
            yield from deprecated_in(member, attribute, objects)
