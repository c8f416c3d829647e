"""Generate the dashboard as saved objects for Kibana and for OpenSearch Dashboards, from one list of panels."""

from .kibana import kibana_objects
from .opensearch import opensearch_objects
from .panels import COLUMNS, CONTROLS, PANELS, Control, Panel, PanelKind
from .saved import DASHBOARD, stamped, to_ndjson

__all__ = [
    "COLUMNS",
    "CONTROLS",
    "DASHBOARD",
    "PANELS",
    "Control",
    "Panel",
    "PanelKind",
    "kibana_objects",
    "opensearch_objects",
    "stamped",
    "to_ndjson",
]
