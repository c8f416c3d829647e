"""Charts as Vega-Lite specifications, for the browser and for reports; colours and fonts are set by each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from anthropic_audit.query import Bucket
from anthropic_audit.visible import visible

Spec = dict[str, Any]

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_MILLISECOND: Final = timedelta(milliseconds=1)
_CELL_DEGREES: Final = 2.5
_TICKS: Final = {
    "year": "%Y",
    "quarter": "%b %Y",
    "month": "%b %Y",
    "week": "%b %d",
    "date": "%a %d",
    "hours": "%H:%M",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
}
"""Formats of a time axis: a tick is labelled by the largest unit of time that begins at it."""
_HEIGHT: Final = 190
_NORTH: Final = 82.5
_WEST: Final = -178.75
NOTHING: Final = "none"
"""Label of events that have no value in the field."""


def over_time(
    buckets: Iterable[Bucket],
    step: timedelta,
    span: tuple[float, float],
    *,
    title: str,
    utc: bool,
    before: Sequence[tuple[float, int]] = (),
) -> Spec:
    """Return a chart of events over time, stacked by the values of a field.

    Args:
        buckets: Numbers of events per time bucket and value.
        step: Length of a time bucket.
        span: Start and end of the period in milliseconds since 1970; the axis covers all of it.
        title: What the chart shows, for its description to screen readers.
        utc: Whether the axis is in UTC instead of the browser's time zone.
        before: The previous period as a line: times in milliseconds, moved into this period, and numbers of events.
    """
    size, clock = step // _MILLISECOND, "utc" if utc else "time"
    values = []
    for bucket in buckets:
        start = int(bucket.start.timestamp() * 1000)
        values.append(
            {"start": start, "end": start + size, "value": visible(bucket.value or NOTHING), "events": bucket.events}
        )
    if values:
        edges = ({"start": edge, "end": edge, "value": values[0]["value"], "events": 0} for edge in span)
        values += edges
    about = {"$schema": _SCHEMA, "description": f"{title}: bars of {step}, stacked by value", "width": "container"}
    bars = _bars(values, clock)
    if not before:
        return {**about, "height": _HEIGHT, **bars}
    line = {
        "data": {"values": [{"start": start, "before": events} for start, events in before]},
        "mark": {
            "type": "line",
            "interpolate": "step-after",
            "strokeDash": [4, 3],
            "strokeWidth": 1.5,
            "tooltip": None,
        },
        "encoding": {
            "x": {"field": "start", "type": "temporal"},
            "y": {"field": "before", "type": "quantitative"},
            "color": {"value": "soft"},
        },
    }
    return {**about, "height": _HEIGHT, "layer": [bars, line]}


def _bars(values: Sequence[Mapping[str, Any]], clock: str) -> Spec:
    """Return the bars of a chart over time; dragging selects a time span, clicking a legend entry selects a value."""
    return {
        "data": {"values": values},
        "transform": [{"calculate": f"{clock}Format(datum.start, '%Y-%m-%d %H:%M')", "as": "from"}],
        "params": [
            {"name": "span", "select": {"type": "interval", "encodings": ["x"], "clear": "dblclick"}},
            {"name": "value", "select": {"type": "point", "fields": ["value"], "on": "click"}, "bind": "legend"},
        ],
        "mark": {"type": "bar", "orient": "vertical", "binSpacing": 1},
        "encoding": {
            "x": {
                "field": "start",
                "type": "temporal",
                "bandPosition": 0,
                "scale": {"type": clock},
                "axis": {
                    "title": None,
                    "grid": False,
                    "labelOverlap": "greedy",
                    "labelSeparation": 8,
                    "format": _TICKS,
                    "tickCount": {"expr": "ceil(width / 80)"},
                },
            },
            "x2": {"field": "end"},
            "y": {
                "field": "events",
                "type": "quantitative",
                "stack": "zero",
                "axis": {"title": "events", "tickCount": 4},
            },
            "color": {"field": "value", "type": "nominal", "legend": {"title": None, "orient": "bottom", "columns": 6}},
            "opacity": {"condition": {"param": "value", "value": 1}, "value": 0.25},
            "tooltip": [
                {"field": "from", "type": "nominal", "title": "from"},
                {"field": "value", "type": "nominal", "title": "value"},
                {"field": "events", "type": "quantitative", "format": ",", "title": "events"},
            ],
        },
    }


def ranking(values: Sequence[tuple[str, int]], *, title: str) -> Spec:
    """Return a bar chart of values and their numbers of events, in the given order from the top."""
    return {
        "$schema": _SCHEMA,
        "description": f"{title}: the most frequent values",
        "data": {"values": [{"value": value, "events": events} for value, events in values]},
        "width": "container",
        "height": {"step": 20},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "y": {"field": "value", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 220}},
            "x": {"field": "events", "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": "~s"}},
            "tooltip": [
                {"field": "value", "type": "nominal"},
                {"field": "events", "type": "quantitative", "format": ","},
            ],
        },
    }


def world(countries: Sequence[tuple[str, int]], *, title: str) -> Spec:
    """Return a world map with the number of events per country; countries are ISO 3166-1 alpha-2 codes."""
    known = _world()["countries"]
    circles = []
    for code, events in countries:
        if code in known:
            name, latitude, longitude = known[code]
            circles.append({"code": code, "country": name, "lat": latitude, "lon": longitude, "events": events})
    position = {
        "longitude": {"field": "lon", "type": "quantitative"},
        "latitude": {"field": "lat", "type": "quantitative"},
    }
    return {
        "$schema": _SCHEMA,
        "description": f"{title}: a map with one circle per country, sized by its number of events",
        "width": "container",
        "height": 215,
        "projection": {"type": "equirectangular"},
        "layer": [
            {
                "data": {"values": _land()},
                "mark": {"type": "circle", "size": 7, "opacity": 1, "tooltip": None, "aria": False},
                "encoding": {**position, "color": {"value": "land"}},
            },
            {
                "data": {"values": circles},
                "params": [{"name": "country", "select": {"type": "point", "fields": ["code"], "on": "click"}}],
                "mark": {"type": "circle", "opacity": 0.75, "cursor": "pointer"},
                "encoding": {
                    **position,
                    "size": {
                        "field": "events",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"type": "sqrt", "range": [30, 1200]},
                    },
                    "tooltip": [
                        {"field": "country", "type": "nominal"},
                        {"field": "events", "type": "quantitative", "format": ","},
                    ],
                },
            },
        ],
    }


def country_name(code: str) -> str:
    """Return the name of a country, or the code itself if it is unknown."""
    known = _world()["countries"].get(code)
    return str(known[0]) if known else code


def _land() -> list[dict[str, float]]:
    return [
        {"lat": _NORTH - row * _CELL_DEGREES, "lon": _WEST + column * _CELL_DEGREES}
        for row, line in enumerate(_world()["land"])
        for column, character in enumerate(line)
        if character == "#"
    ]


@cache
def _world() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("world.yaml").read_text("utf-8"))
    return read
