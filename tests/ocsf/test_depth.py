"""The depth of documents is bounded: deeper values are kept as their JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from anthropic_audit.ecs import to_json
from anthropic_audit.ecs.limits import MAX_DOCUMENT_DEPTH
from anthropic_audit.ocsf import to_ocsf
from anthropic_audit.ocsf.depth import bounded, json_text
from anthropic_audit.ocsf.unmapped import Remainder

Json = Any
DEEP = 100_000


def objects(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def lists(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value]
    return value


def text_of(make: Callable[[int], Json], levels: int) -> str:
    start, end = ('{"a":', "}") if make is objects else ("[", "]")
    return start * levels + '"x"' + end * levels


def innermost(value: Json) -> tuple[int, str]:
    levels = 0
    while not isinstance(value, str):
        value, levels = (value["a"] if isinstance(value, dict) else value[0]), levels + 1
    return levels, value


@pytest.mark.parametrize("make", [objects, lists])
def test_a_member_of_any_depth_is_kept_whole_its_inside_as_text(make: Callable[[int], Json]) -> None:
    left = Remainder({"custom": make(DEEP)}).left()

    levels, text = innermost(left["custom"])
    assert levels == MAX_DOCUMENT_DEPTH - 1
    assert text == text_of(make, DEEP - levels)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", [objects, lists])
@pytest.mark.parametrize("place", ["custom", "anthropic", "audit", "event", "created_at"])
def test_a_document_of_any_depth_becomes_an_event_that_can_be_written(make: Callable[[int], Json], place: str) -> None:
    deep = make(DEEP)
    document: dict[str, Json] = {
        "custom": {"custom": {"b": deep}},
        "anthropic": {"anthropic": deep},
        "audit": {"anthropic": {"audit": {"actor": deep, "organization_uuid": deep}}},
        "event": {"event": {"action": "claude_chat_viewed", "id": deep, "original": deep}, "related": {"ip": deep}},
        "created_at": {"anthropic": {"audit": {"metadata": {"created_at": deep}}}},
    }[place]

    event = json.loads(to_json(to_ocsf(document)))

    assert event["class_uid"] in {0, 6001}
    assert json.dumps(event).count("x") >= 1


@pytest.mark.parametrize("make", [objects, lists])
def test_what_is_within_the_limit_is_not_copied_and_what_is_beyond_it_becomes_text(
    make: Callable[[int], Json],
) -> None:
    within = make(5)

    assert bounded(within, 5) is within
    assert innermost(bounded(make(6), 5)) == (5, text_of(make, 1))


def test_a_document_is_not_changed_by_the_limit() -> None:
    inner = objects(MAX_DOCUMENT_DEPTH + 3)

    to_ocsf({"custom": inner, "anthropic": inner})

    assert innermost(inner) == (MAX_DOCUMENT_DEPTH + 3, "x")


@pytest.mark.parametrize("value", [{}, [], [[], {}], {"ü\n": [1, 2.5, None, True, {"b": "\\"}], "c": {}}, "x", 2**70])
def test_the_text_is_json_of_the_value(value: Json) -> None:
    assert json.loads(json_text(value)) == value
