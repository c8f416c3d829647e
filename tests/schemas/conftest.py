"""Our schema, the definitions of ECS, and events to validate against both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer
from anthropic_audit.schemas import event_schema
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any
Check = Callable[[Json], list[str]]
"""Returns the errors of an event."""

FACTS = Path(__file__).parent
EXAMPLES = 3
"""Generated activities for each type and kind of actor."""


@pytest.fixture(scope="session")
def normalizer() -> Normalizer:
    return Normalizer(load())


@pytest.fixture(scope="session")
def against_schema() -> Check:
    """Validate an event against our own schema."""
    schema = event_schema(load())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["ipv4", "ipv6"]))
    return lambda document: [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]


@pytest.fixture(scope="session")
def against_ecs() -> Check:
    """Validate an event against ECS 9.3: known fields, fitting values, allowed values, expected types of categories."""
    rows = [line.split("\t") for line in (FACTS / "ecs_9_3_fields.tsv").read_text().splitlines()[1:]]
    fields = {row[0]: (row[1], row[2] == "true", set(filter(None, row[3].split("|")))) for row in rows}
    lines = (FACTS / "ecs_9_3_event_types.tsv").read_text().splitlines()[1:]
    pairs = {(category, kind) for category, kind in (line.split("\t") for line in lines)}

    def check(document: Json) -> list[str]:
        found = [
            f"{name}: {value!r} {fault}"
            for name, value in _leaves(document, fields)
            if (fault := _fault(fields.get(name), value))
        ]
        event = document["event"]
        categories = event.get("category", [])
        return found + [
            f"event.type {kind} is not expected with {categories}"
            for kind in event.get("type", [])
            if not any((category, kind) in pairs for category in categories)
        ]

    return check


@pytest.fixture(scope="session")
def examples() -> Callable[[str, str], Iterator[bytes]]:
    """Generate activities of a type by a kind of actor."""
    world = World(WorldSettings(seed=4, people=20), load())

    def make(name: str, actor: str) -> Iterator[bytes]:
        random = Random(f"{name} {actor}")
        for _ in range(EXAMPLES):
            yield orjson.dumps(world.example(name, actor, random))

    return make


def _leaves(document: Json, fields: dict[str, Any], path: str = "") -> Iterator[tuple[str, Json]]:
    for name, value in document.items():
        here = f"{path}{name}"
        if here == "anthropic":
            continue
        if isinstance(value, dict) and fields.get(here, ("",))[0] not in {"geo_point", "object"}:
            yield from _leaves(value, fields, f"{here}.")
        else:
            yield here, value


def _fault(field: tuple[str, bool, set[str]] | None, value: Json) -> str:
    if field is None:
        return "is in no field of ECS"
    kind, is_list, allowed = field
    if isinstance(value, list) != is_list:
        return "is a list" if isinstance(value, list) else "is no list"
    values = value if is_list else [value]
    if not values or not all(_FITS[kind](one) for one in values):
        return f"is no {kind}"
    strange = [one for one in values if allowed and one not in allowed]
    return f"is not allowed: {strange}" if strange else ""


def _is_ip(value: Json) -> bool:
    try:
        return isinstance(value, str) and "%" not in value and bool(ip_address(value))
    except ValueError:
        return False


def _is_time(value: Json) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


_FITS: dict[str, Callable[[Json], bool]] = {
    **dict.fromkeys(("keyword", "wildcard", "constant_keyword", "match_only_text"), _is_text),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63,
    "ip": _is_ip,
    "date": _is_time,
    "geo_point": lambda value: isinstance(value, dict) and set(value) == {"lat", "lon"},
    "object": lambda value: isinstance(value, dict),
}
