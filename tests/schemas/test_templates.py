"""Index templates: every field is mapped as ECS and the catalogue define it, and no mapping is dynamic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.schemas import Engine, index_template, package_template
from anthropic_audit.schemas.fields import LISTS, LONG, WITH_TEXT, all_fields, nested
from anthropic_audit.schemas.templates import CUSTOM, PACKAGE

Json = Any
ELASTIC, OPEN = Engine.ELASTICSEARCH, Engine.OPENSEARCH
MOST_FIELDS = 1000
"""The default limit of fields in an index of Elasticsearch; more fields are slow in Kibana."""
FACTS = [line.split("\t") for line in (Path(__file__).parent / "ecs_9_3_searched.tsv").read_text().splitlines()[1:]]


def mapped(engine: Engine) -> dict[str, Json]:
    """Return the mapping of every field by its dotted name."""

    def walk(properties: dict[str, Json], path: str) -> Iterator[tuple[str, Json]]:
        for name, one in properties.items():
            if "properties" in one:
                yield from walk(one["properties"], f"{path}{name}.")
            else:
                yield f"{path}{name}", one

    return dict(walk(package_template(load(), engine)["template"]["mappings"]["properties"], ""))


def test_every_field_of_events_is_mapped_and_only_the_stores_own_beside_them() -> None:
    assert set(mapped(ELASTIC)) == {*all_fields(load()), "event.ingested"}
    assert set(mapped(ELASTIC)) == set(mapped(OPEN))


def test_every_field_has_its_type() -> None:
    fields = all_fields(load())

    assert {name: one["type"] for name, one in mapped(ELASTIC).items() if name in fields} == {
        name: field.type for name, field in fields.items()
    }


def test_the_parts_of_ecs_that_are_searched_by_words_are_those_of_ecs() -> None:
    ours = set(all_fields(load()))
    texts = {name for name, what, _ in FACTS if what == "text"}

    assert ours & texts == ours & WITH_TEXT
    assert {name for name, one in mapped(ELASTIC).items() if "fields" in one} == ours & WITH_TEXT


def test_lists_are_those_of_ecs() -> None:
    ours = set(all_fields(load()))

    assert ours & {name for name, what, _ in FACTS if what == "list"} == ours & LISTS


def test_fields_are_indexed_as_far_as_in_ecs() -> None:
    longer = {name: int(length) for name, what, length in FACTS if what == "length"}

    assert {name: length for name, length in longer.items() if name in all_fields(load())} == LONG
    assert {one["ignore_above"] for name, one in mapped(ELASTIC).items() if "ignore_above" in one} == {1024, 2083, 8191}


@pytest.mark.parametrize("engine", list(Engine))
def test_no_value_is_too_long_for_the_index(engine: Engine) -> None:
    unbounded = {
        name
        for name, one in mapped(engine).items()
        if one["type"] in {"keyword", "flattened"} and "ignore_above" not in one and one.get("index") is not False
    }

    assert unbounded == set()


@pytest.mark.parametrize("engine", list(Engine))
def test_nothing_is_mapped_by_its_first_value_but_labels(engine: Engine) -> None:
    mappings = package_template(load(), engine)["template"]["mappings"]

    assert (mappings["dynamic"], mappings["date_detection"], mappings["numeric_detection"]) == (False, False, False)
    assert [name for name, one in mapped(engine).items() if one.get("dynamic")] == ["labels"]
    assert [one["labels"]["path_match"] for one in mappings["dynamic_templates"]] == ["labels.*"]


def test_an_index_has_room_for_all_fields() -> None:
    mappings = package_template(load(), ELASTIC)["template"]["mappings"]

    def count(properties: dict[str, Json]) -> int:
        return sum(1 + len(one.get("fields", ())) + count(one.get("properties", {})) for one in properties.values())

    assert count(mappings["properties"]) < MOST_FIELDS


@pytest.mark.parametrize(
    ("engine", "name", "mapping"),
    [
        pytest.param(ELASTIC, "anthropic.audit.metadata", {"type": "flattened", "ignore_above": 1024}, id="flattened"),
        pytest.param(OPEN, "anthropic.audit.metadata", {"type": "flat_object"}, id="flat_object"),
        pytest.param(ELASTIC, "anthropic.audit.seat_count", {"type": "long"}, id="long"),
        pytest.param(ELASTIC, "source.ip", {"type": "ip"}, id="ip"),
        pytest.param(ELASTIC, "source.geo.location", {"type": "geo_point"}, id="geo_point"),
        pytest.param(
            ELASTIC,
            "url.original",
            {"type": "wildcard", "ignore_above": 8191, "fields": {"text": {"type": "match_only_text"}}},
            id="wildcard-and-text",
        ),
        pytest.param(ELASTIC, "error.message", {"type": "match_only_text"}, id="text"),
        pytest.param(
            ELASTIC, "event.original", {"type": "keyword", "index": False, "doc_values": False}, id="not-searched"
        ),
        pytest.param(ELASTIC, "data_stream.type", {"type": "constant_keyword", "value": "logs"}, id="constant"),
        pytest.param(ELASTIC, "data_stream.namespace", {"type": "constant_keyword"}, id="first-value"),
        pytest.param(OPEN, "data_stream.namespace", {"type": "keyword", "ignore_above": 1024}, id="no-first-value"),
    ],
)
def test_a_field_is_mapped_as_its_engine_has_it(engine: Engine, name: str, mapping: Json) -> None:
    assert mapped(engine)[name] == mapping


def test_the_data_stream_is_made_of_the_package_and_what_administrators_add() -> None:
    template = index_template(load(), ELASTIC)

    assert template["index_patterns"] == ["logs-anthropic.audit-*"]
    assert template["composed_of"] == [PACKAGE, CUSTOM]
    assert template["ignore_missing_component_templates"] == [CUSTOM]
    assert template["data_stream"] == {}


def test_opensearch_gets_no_settings_that_it_does_not_know() -> None:
    template = index_template(load(), OPEN)

    assert template["composed_of"] == [PACKAGE]
    assert "ignore_missing_component_templates" not in template


def test_a_template_tells_its_catalogue() -> None:
    template = package_template(load(), ELASTIC)

    assert template["_meta"]["catalogue"] == load().version
    assert template["version"] > 20261100


def test_a_field_below_one_that_holds_values_is_refused() -> None:
    field = load().own_fields["metadata"]

    with pytest.raises(TypeError, match=r"`a\.b` is below `a`"):
        nested({"a": field, "a.b": field})
