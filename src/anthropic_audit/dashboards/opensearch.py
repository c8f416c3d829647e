"""Generate the dashboard for OpenSearch Dashboards 2 and 3: one visualization per panel, and one for the controls."""

from __future__ import annotations

from typing import Final

from .panels import (
    COLUMNS,
    CONTROLS,
    DESCRIPTION,
    LATEST,
    LATEST_POSITION,
    PANELS,
    PATTERN,
    TITLE,
    Panel,
    PanelKind,
    PanelPosition,
)
from .saved import INDEX, Json, SavedObject, identity, reference, search_source, text

_PATTERN: Final = identity("pattern")
_CONTROLS_HEIGHT: Final = 8
_TYPES: Final = {
    PanelKind.OVER_TIME: "histogram",
    PanelKind.BARS: "horizontal_bar",
    PanelKind.DONUT: "pie",
    PanelKind.TABLE: "table",
    PanelKind.NUMBER: "metric",
}


def opensearch_objects() -> list[SavedObject]:
    """Return the index pattern, visualizations, the search and the dashboard, in the order of their import."""
    return [_index_pattern(), _controls(), *map(_visualization, PANELS), _search(), _dashboard()]


def _object(kind: str, name: str, attributes: Json, references: list[Json]) -> SavedObject:
    return {"id": name, "type": kind, "attributes": attributes, "references": references, "migrationVersion": {}}


def _index_pattern() -> SavedObject:
    return _object("index-pattern", _PATTERN, {"title": PATTERN, "timeFieldName": "@timestamp"}, [])


def _search() -> SavedObject:
    attributes = {
        "title": LATEST,
        "description": "",
        "columns": list(COLUMNS),
        "sort": [["@timestamp", "desc"]],
        "version": 1,
        **search_source(indexRefName=INDEX),
    }
    return _object("search", identity("os-latest"), attributes, [reference(INDEX, "index-pattern", _PATTERN)])


def _visualization(panel: Panel) -> SavedObject:
    state = {"title": panel.title, "type": _TYPES[panel.kind], "aggs": _aggregations(panel), "params": _params(panel)}
    attributes = {
        "title": f"Anthropic audit: {panel.title}",
        "description": "",
        "uiStateJSON": "{}",
        "version": 1,
        "visState": text(state),
        **search_source(panel.query, indexRefName=INDEX),
    }
    references = [reference(INDEX, "index-pattern", _PATTERN)]
    return _object("visualization", identity(f"os-{panel.name}"), attributes, references)


def _aggregations(panel: Panel) -> list[Json]:
    """Return the count, and the fields that it is grouped by."""
    counted = (
        {"type": "cardinality", "params": {"field": panel.distinct}}
        if panel.distinct
        else {"type": "count", "params": {}}
    )
    found: list[Json] = [{"id": "1", "enabled": True, "schema": "metric", **counted}]
    if panel.kind is PanelKind.OVER_TIME:
        params = {"field": "@timestamp", "interval": "auto", "min_doc_count": 1, "extended_bounds": {}}
        found.append({"id": "2", "enabled": True, "type": "date_histogram", "schema": "segment", "params": params})
    schema = {PanelKind.OVER_TIME: "group", PanelKind.TABLE: "bucket"}.get(panel.kind, "segment")
    for number, field in enumerate(panel.fields, start=3):
        params = {
            "field": field,
            "size": panel.size,
            "order": "desc",
            "orderBy": "1",
            "otherBucket": panel.kind is PanelKind.DONUT,
            "otherBucketLabel": "Other",
            "missingBucket": False,
        }
        found.append({"id": str(number), "enabled": True, "type": "terms", "schema": schema, "params": params})
    return found


def _params(panel: Panel) -> Json:
    match panel.kind:
        case PanelKind.TABLE:
            return {"perPage": 10, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False}
        case PanelKind.DONUT:
            return {"type": "pie", "isDonut": True, "addLegend": True, "addTooltip": True, "legendPosition": "right"}
        case PanelKind.NUMBER:
            style = {"fontSize": 40, "labelColor": False, "bgColor": False, "subText": ""}
            metric = {
                "metricColorMode": "None",
                "labels": {"show": False},
                "style": style,
                "colorsRange": [{"from": 0, "to": 1}],
            }
            return {"type": "metric", "addTooltip": True, "addLegend": False, "metric": metric}
        case _:
            return _axes(panel)


def _axes(panel: Panel) -> Json:
    is_bars = panel.kind is PanelKind.BARS
    category = {"id": "CategoryAxis-1", "type": "category", "position": "left" if is_bars else "bottom", "show": True}
    value = {"id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "position": "bottom" if is_bars else "left"}
    series = {
        "type": "histogram",
        "mode": "stacked",
        "show": True,
        "valueAxis": "ValueAxis-1",
        "data": {"id": "1", "label": "Events"},
    }
    scale = {"type": "linear", "mode": "normal"}
    return {
        "type": _TYPES[panel.kind],
        "addLegend": not is_bars,
        "addTooltip": True,
        "legendPosition": "right",
        "categoryAxes": [
            {**category, "scale": {"type": "linear"}, "labels": {"show": True, "truncate": 100}, "title": {}}
        ],
        "valueAxes": [{**value, "show": True, "scale": scale, "labels": {"show": True}, "title": {"text": "Events"}}],
        "seriesParams": [series],
        "grid": {"categoryLines": False},
        "times": [],
    }


def _controls() -> SavedObject:
    controls = [
        {
            "id": one.field,
            "type": "list",
            "label": one.title,
            "fieldName": one.field,
            "parent": "",
            "indexPatternRefName": f"control_{number}_index_pattern",
            "options": {"type": "terms", "multiselect": True, "dynamicOptions": True, "size": 10, "order": "desc"},
        }
        for number, one in enumerate(CONTROLS)
    ]
    params = {"controls": controls, "updateFiltersOnChange": True, "useTimeFilter": True, "pinFilters": False}
    state = {"title": "Controls", "type": "input_control_vis", "aggs": [], "params": params}
    attributes = {
        "title": "Anthropic audit: controls",
        "description": "",
        "uiStateJSON": "{}",
        "version": 1,
        "visState": text(state),
        **search_source(),
    }
    references = [
        reference(f"control_{number}_index_pattern", "index-pattern", _PATTERN) for number in range(len(CONTROLS))
    ]
    return _object("visualization", identity("os-controls"), attributes, references)


def _dashboard() -> SavedObject:
    shown = [
        ("controls", "visualization", PanelPosition(0, -_CONTROLS_HEIGHT, 48, _CONTROLS_HEIGHT)),
        *((panel.name, "visualization", panel.position) for panel in PANELS),
        ("latest", "search", LATEST_POSITION),
    ]
    panels = [
        {
            "panelIndex": str(number),
            "gridData": _grid(str(number), position),
            "panelRefName": f"panel_{number}",
            "embeddableConfig": {"title": next((one.title for one in PANELS if one.name == name), name.capitalize())},
            "version": "3.0.0",
        }
        for number, (name, _, position) in enumerate(shown)
    ]
    attributes = {
        "title": TITLE,
        "description": DESCRIPTION,
        "hits": 0,
        "version": 1,
        "timeRestore": True,
        "timeFrom": "now-7d",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60_000},
        "optionsJSON": text({"useMargins": True, "hidePanelTitles": False}),
        "panelsJSON": text(panels),
        **search_source(),
    }
    references = [
        reference(f"panel_{number}", kind, identity(f"os-{name}")) for number, (name, kind, _) in enumerate(shown)
    ]
    return _object("dashboard", identity("os-overview"), attributes, references)


def _grid(name: str, position: PanelPosition) -> Json:
    """Return a position on the grid, moved below the controls."""
    return {"i": name, "x": position.x, "y": position.y + _CONTROLS_HEIGHT, "w": position.width, "h": position.height}
