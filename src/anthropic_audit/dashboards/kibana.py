"""Generate the dashboard for Kibana 8.19 and later: Lens panels, a data view, and a saved search."""

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
    Control,
    Panel,
    PanelKind,
    PanelPosition,
)
from .saved import INDEX, Json, SavedObject, identity, reference, search_source, text

_CORE: Final = "8.8.0"
_LAYER: Final = "layer"
_COUNT: Final = "count"
_TIME: Final = "time"
_VIEW: Final = identity("view")
_LAYER_REFERENCE: Final = f"indexpattern-datasource-layer-{_LAYER}"


def kibana_objects() -> list[SavedObject]:
    """Return the data view, the search and the dashboard, in the order in which they are imported."""
    return [_view(), _search(), _dashboard()]


def _object(kind: str, name: str, version: str, *, attributes: Json, references: list[Json]) -> SavedObject:
    return {
        "id": name,
        "type": kind,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": _CORE,
        "typeMigrationVersion": version,
        "managed": False,
    }


def _view() -> SavedObject:
    attributes = {"title": PATTERN, "name": "Anthropic audit", "timeFieldName": "@timestamp"}
    return _object("index-pattern", _VIEW, "8.0.0", attributes=attributes, references=[])


def _search() -> SavedObject:
    attributes = {
        "title": LATEST,
        "description": "",
        "columns": list(COLUMNS),
        "sort": [["@timestamp", "desc"]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "timeRestore": False,
        **search_source(indexRefName=INDEX),
    }
    references = [reference(INDEX, "index-pattern", _VIEW)]
    return _object("search", identity("latest"), "10.5.0", attributes=attributes, references=references)


def _dashboard() -> SavedObject:
    lenses = [_panel(panel) for panel in PANELS]
    latest = {
        "type": "search",
        "panelIndex": "latest",
        "panelRefName": "panel_latest",
        "gridData": _grid("latest", LATEST_POSITION),
        "embeddableConfig": {"title": LATEST, "enhancements": {}},
    }
    attributes = {
        "title": TITLE,
        "description": DESCRIPTION,
        "version": 3,
        "timeRestore": True,
        "timeFrom": "now-7d",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60_000},
        "optionsJSON": text({"useMargins": True, "hidePanelTitles": False, "syncCursor": True}),
        "panelsJSON": text([*lenses, latest]),
        "controlGroupInput": _controls(),
        **search_source(),
    }
    references = [
        *(reference(f"{panel.name}:{_LAYER_REFERENCE}", "index-pattern", _VIEW) for panel in PANELS),
        reference("latest:panel_latest", "search", identity("latest")),
        *(reference(f"controlGroup_{one.field}:optionsListDataView", "index-pattern", _VIEW) for one in CONTROLS),
    ]
    return _object("dashboard", identity("overview"), "10.2.0", attributes=attributes, references=references)


def _controls() -> Json:
    ignore = dict.fromkeys(("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False)
    return {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "showApplySelections": False,
        "ignoreParentSettingsJSON": text(ignore),
        "panelsJSON": text({one.field: _control(one, order) for order, one in enumerate(CONTROLS)}),
    }


def _control(control: Control, order: int) -> Json:
    chosen = {
        "id": control.field,
        "dataViewId": _VIEW,
        "fieldName": control.field,
        "title": control.title,
        "searchTechnique": "prefix",
        "selectedOptions": [],
        "sort": {"by": "_count", "direction": "desc"},
    }
    return {"order": order, "width": "medium", "grow": True, "type": "optionsListControl", "explicitInput": chosen}


def _panel(panel: Panel) -> Json:
    columns, order = _columns(panel)
    kind, drawing = _DRAW[panel.kind](panel)
    layer = {"columns": columns, "columnOrder": order, "incompleteColumns": {}, "sampling": 1}
    state = {
        "datasourceStates": {"formBased": {"layers": {_LAYER: layer}}},
        "visualization": drawing,
        "query": {"language": "kuery", "query": panel.query},
        "filters": [],
        "internalReferences": [],
        "adHocDataViews": {},
    }
    lens = {
        "title": "",
        "type": "lens",
        "visualizationType": kind,
        "state": state,
        "references": [reference(_LAYER_REFERENCE, "index-pattern", _VIEW)],
    }
    return {
        "type": "lens",
        "panelIndex": panel.name,
        "gridData": _grid(panel.name, panel.position),
        "embeddableConfig": {"title": panel.title, "attributes": lens, "enhancements": {}},
    }


def _grid(name: str, position: PanelPosition) -> Json:
    return {"i": name, "x": position.x, "y": position.y, "w": position.width, "h": position.height}


def _columns(panel: Panel) -> tuple[Json, list[str]]:
    """Return the count and the fields that it is grouped by: columns by name, and their order."""
    columns: Json = {f"by-{number}": _terms(panel, field) for number, field in enumerate(panel.fields)}
    if panel.kind is PanelKind.OVER_TIME:
        columns[_TIME] = {
            "label": "@timestamp",
            "dataType": "date",
            "operationType": "date_histogram",
            "sourceField": "@timestamp",
            "isBucketed": True,
            "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
        }
    columns[_COUNT] = _count(panel)
    return columns, list(columns)


def _count(panel: Panel) -> Json:
    shared = {"label": panel.title, "customLabel": True, "dataType": "number", "isBucketed": False}
    if panel.distinct:
        params = {"emptyAsNull": False}
        return {**shared, "operationType": "unique_count", "sourceField": panel.distinct, "params": params}
    params = {"emptyAsNull": panel.kind is not PanelKind.NUMBER}
    return {**shared, "label": "Events", "operationType": "count", "sourceField": "___records___", "params": params}


def _terms(panel: Panel, field: str) -> Json:
    return {
        "label": field,
        "customLabel": True,
        "dataType": "ip" if field.endswith(".ip") else "number" if field.endswith("status_code") else "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "params": {
            "size": panel.size,
            "orderBy": {"type": "column", "columnId": _COUNT},
            "orderDirection": "desc",
            "otherBucket": panel.kind is PanelKind.DONUT,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _over_time(panel: Panel) -> tuple[str, Json]:
    layer = {"layerId": _LAYER, "layerType": "data", "seriesType": "bar_stacked", "xAccessor": _TIME}
    split = {"splitAccessor": "by-0"} if panel.fields else {}
    return "lnsXY", {**_XY, "preferredSeriesType": "bar_stacked", "layers": [{**layer, "accessors": [_COUNT], **split}]}


def _bars(_: Panel) -> tuple[str, Json]:
    kind = "bar_horizontal"
    layer = {"layerId": _LAYER, "layerType": "data", "seriesType": kind, "xAccessor": "by-0", "accessors": [_COUNT]}
    return "lnsXY", {
        **_XY,
        "preferredSeriesType": kind,
        "legend": {"isVisible": False, "position": "right"},
        "layers": [layer],
    }


def _donut(_: Panel) -> tuple[str, Json]:
    layer = {
        "layerId": _LAYER,
        "layerType": "data",
        "primaryGroups": ["by-0"],
        "metrics": [_COUNT],
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "default",
        "nestedLegend": False,
    }
    return "lnsPie", {"shape": "donut", "layers": [layer]}


def _table(panel: Panel) -> tuple[str, Json]:
    names = [*(f"by-{number}" for number in range(len(panel.fields))), _COUNT]
    return "lnsDatatable", {"layerId": _LAYER, "layerType": "data", "columns": [{"columnId": name} for name in names]}


def _number(_: Panel) -> tuple[str, Json]:
    return "lnsMetric", {"layerId": _LAYER, "layerType": "data", "metricAccessor": _COUNT}


_XY: Final[Json] = {
    "legend": {"isVisible": True, "position": "right"},
    "valueLabels": "hide",
    "fittingFunction": "None",
}
_DRAW: Final = {
    PanelKind.OVER_TIME: _over_time,
    PanelKind.BARS: _bars,
    PanelKind.DONUT: _donut,
    PanelKind.TABLE: _table,
    PanelKind.NUMBER: _number,
}
