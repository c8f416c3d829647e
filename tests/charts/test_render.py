"""Charts for paper."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.reporting.conftest import DAY, NOW

from anthropic_audit.charts import specs as charts
from anthropic_audit.charts.render import LAND, WIDE, still, svg
from anthropic_audit.query import Bucket

HOSTILE = '</text><script>alert("1")</script> & <b>'
SPAN = ((NOW - DAY).timestamp() * 1000, NOW.timestamp() * 1000)
SPECS = [
    pytest.param(
        charts.over_time([Bucket(NOW - DAY, HOSTILE, 3)], timedelta(hours=1), SPAN, title="x", utc=True), id="over time"
    ),
    pytest.param(charts.over_time([], timedelta(hours=1), SPAN, title="x", utc=True), id="over time, empty"),
    pytest.param(charts.ranking([(HOSTILE, 7), ("Firefox", 2)], title="x"), id="ranking"),
    pytest.param(charts.world([("DE", 3), ("??", 1)], title="x"), id="world"),
]


@pytest.mark.parametrize("spec", SPECS)
def test_paper_has_nothing_to_click(spec: dict[str, Any]) -> None:
    before = copy.deepcopy(spec)

    found = still(spec, WIDE)

    told = orjson.dumps({**found, "data": None}).decode()
    assert found["width"] == WIDE
    assert not any(word in told for word in ("params", '"param"', "tooltip", "cursor", '"container"', '"land"'))
    assert spec == before


def test_the_land_has_a_colour() -> None:
    assert still(charts.world([], title="x"), WIDE)["layer"][0]["encoding"]["color"] == {"value": LAND}


@pytest.mark.parametrize("spec", SPECS)
def test_a_drawing_has_no_markup_of_its_values(spec: dict[str, Any]) -> None:
    drawn = svg(spec, WIDE)

    assert drawn.startswith("<svg")
    assert f'width="{WIDE}"' in drawn
    assert "<script" not in drawn
    assert "<b>" not in drawn
