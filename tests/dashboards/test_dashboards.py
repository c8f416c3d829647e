"""Saved objects are complete and consistent, and use fields that exist and can be aggregated."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.dashboards import COLUMNS, CONTROLS, PANELS, kibana_objects, opensearch_objects, to_ndjson
from anthropic_audit.schemas.fields import all_fields

Json = dict[str, Any]
BOTH = pytest.mark.parametrize("objects", [kibana_objects(), opensearch_objects()], ids=["kibana", "opensearch"])
COUNTABLE = {"keyword", "constant_keyword", "ip", "long", "boolean", "date", "wildcard"}


@pytest.mark.parametrize(
    "field",
    sorted(
        {field for panel in PANELS for field in (*panel.fields, *filter(None, [panel.distinct]))}
        | {control.field for control in CONTROLS}
        | set(COLUMNS)
    ),
)
def test_every_field_exists_and_can_be_counted(field: str) -> None:
    assert all_fields(load())[field].type in COUNTABLE


def test_queries_name_fields_and_values_that_exist() -> None:
    fields = all_fields(load())

    for query in filter(None, (panel.query for panel in PANELS)):
        field, _, _ = query.partition(" : ")
        assert field in fields


@BOTH
def test_every_reference_leads_somewhere(objects: list[Json]) -> None:
    known = {(one["type"], one["id"]) for one in objects}

    assert len(known) == len(objects)
    for one in objects:
        assert {(to["type"], to["id"]) for to in one["references"]} <= known
        names = [to["name"] for to in one["references"]]
        assert len(names) == len(set(names))


@BOTH
def test_every_name_of_a_reference_is_given(objects: list[Json]) -> None:
    for one in objects:
        names = {to["name"].rpartition(":")[2] for to in one["references"]}
        assert set(named(one["attributes"])) <= names


def named(value: Any) -> Iterator[str]:
    """Yield the names of used references, including those inside of JSON texts."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        value = json.loads(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("indexRefName", "indexPatternRefName", "panelRefName"):
                yield inner
            else:
                yield from named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)


@BOTH
def test_panels_lie_side_by_side(objects: list[Json]) -> None:
    (dashboard,) = (one for one in objects if one["type"] == "dashboard")
    grids = [panel["gridData"] for panel in json.loads(dashboard["attributes"]["panelsJSON"])]

    assert len(grids) >= len(PANELS) + 1
    for one in grids:
        assert 0 <= one["x"] < one["x"] + one["w"] <= 48
        assert one["y"] >= 0
    for one, other in itertools.combinations(grids, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@BOTH
def test_they_are_written_one_a_line(objects: list[Json]) -> None:
    lines = to_ndjson(objects).splitlines()

    assert [json.loads(line) for line in lines] == objects


@pytest.mark.parametrize("name", ["kibana_objects", "opensearch_objects"])
def test_every_process_writes_them_alike(name: str) -> None:
    script = f"import sys, anthropic_audit.dashboards as d; sys.stdout.buffer.write(d.to_ndjson(d.{name}()))"

    one, other = (
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    )

    assert one.stdout
    assert one.stdout == other.stdout


def test_every_panel_counts_by_its_fields() -> None:
    (dashboard,) = (one for one in kibana_objects() if one["type"] == "dashboard")
    for panel, shown in zip(PANELS, json.loads(dashboard["attributes"]["panelsJSON"]), strict=False):
        state = shown["embeddableConfig"]["attributes"]["state"]
        layer = state["datasourceStates"]["formBased"]["layers"]["layer"]
        assert {one["sourceField"] for one in layer["columns"].values()} >= set(panel.fields)
        assert state["query"]["query"] == panel.query
        assert layer["columnOrder"] == list(layer["columns"])
