"""Define the dashboard's content: panels, controls, and the columns of the latest entries.

The grid is 48 units wide, as in both programs. Panels count events, unless they have `distinct`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PanelKind(StrEnum):
    """The type of a panel's chart."""

    OVER_TIME = "over time"
    BARS = "bars"
    DONUT = "donut"
    TABLE = "table"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class PanelPosition:
    """The position of a panel on the grid."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart of the number of events by the values of fields."""

    name: str
    title: str
    kind: PanelKind
    position: PanelPosition
    fields: tuple[str, ...] = ()
    """The fields that events are grouped by; over time, the field that splits the areas."""
    query: str = ""
    """A filter in the Kibana Query Language (valid in Lucene's, as far as it is used here)."""
    size: int = 10
    distinct: str = ""
    """The field whose distinct values are counted, instead of events."""


@dataclass(frozen=True, slots=True)
class Control:
    """A field that the whole dashboard can be filtered by."""

    title: str
    field: str


TITLE: Final = "Anthropic audit: overview"
DESCRIPTION: Final = "Actions in Claude organizations: who did them, from where, and with which outcome"
LATEST: Final = "Anthropic audit: latest entries"
LATEST_POSITION: Final = PanelPosition(0, 72, 48, 20)
PATTERN: Final = "logs-anthropic.audit-*"
FAILED: Final = 'event.outcome : "failure"'

CONTROLS: Final = (
    Control("Action", "event.action"),
    Control("Category", "event.category"),
    Control("Outcome", "event.outcome"),
    Control("User", "user.email"),
    Control("Organization", "organization.id"),
    Control("Project", "anthropic.audit.claude_project_id"),
)

PANELS: Final = (
    Panel("events", "Events", PanelKind.NUMBER, PanelPosition(0, 0, 8, 6)),
    Panel("people", "Users", PanelKind.NUMBER, PanelPosition(8, 0, 8, 6), distinct="user.id"),
    Panel("failures", "Failures", PanelKind.NUMBER, PanelPosition(16, 0, 8, 6), query=FAILED),
    Panel(
        "critical",
        "Critical",
        PanelKind.NUMBER,
        PanelPosition(24, 0, 8, 6),
        query='anthropic.audit.sensitivity : "critical"',
    ),
    Panel("addresses", "Source addresses", PanelKind.NUMBER, PanelPosition(32, 0, 8, 6), distinct="source.ip"),
    Panel(
        "unknown",
        "Events not in the catalogue",
        PanelKind.NUMBER,
        PanelPosition(40, 0, 8, 6),
        query="anthropic.audit.catalogue.known : false",
    ),
    Panel(
        "over-time",
        "Events over time by category",
        PanelKind.OVER_TIME,
        PanelPosition(0, 6, 32, 14),
        ("event.category",),
    ),
    Panel("categories", "Categories", PanelKind.DONUT, PanelPosition(32, 6, 16, 14), ("event.category",)),
    Panel("actions", "Most frequent actions", PanelKind.BARS, PanelPosition(0, 20, 24, 16), ("event.action",), size=20),
    Panel("users", "Most active users", PanelKind.BARS, PanelPosition(24, 20, 12, 16), ("user.email",)),
    Panel("actors", "Actor types", PanelKind.DONUT, PanelPosition(36, 20, 12, 16), ("anthropic.audit.actor.type",)),
    Panel(
        "servers",
        "MCP servers",
        PanelKind.TABLE,
        PanelPosition(0, 36, 16, 12),
        ("anthropic.audit.mcp_server_name", "event.action"),
    ),
    Panel(
        "skills",
        "Skills",
        PanelKind.TABLE,
        PanelPosition(16, 36, 16, 12),
        ("anthropic.audit.skill_name", "event.action"),
    ),
    Panel(
        "errors",
        "Failures by action and reason",
        PanelKind.TABLE,
        PanelPosition(32, 36, 16, 12),
        ("event.action", "event.reason"),
        FAILED,
    ),
    Panel(
        "failures-over-time",
        "Failures over time",
        PanelKind.OVER_TIME,
        PanelPosition(0, 48, 24, 12),
        ("event.action",),
        FAILED,
    ),
    Panel(
        "status",
        "Compliance API responses",
        PanelKind.BARS,
        PanelPosition(24, 48, 12, 12),
        ("http.response.status_code",),
    ),
    Panel("organizations", "Organizations", PanelKind.BARS, PanelPosition(36, 48, 12, 12), ("organization.id",)),
    Panel("countries", "Countries", PanelKind.BARS, PanelPosition(0, 60, 16, 12), ("source.geo.country_name",)),
    Panel(
        "networks",
        "Addresses and countries",
        PanelKind.TABLE,
        PanelPosition(16, 60, 16, 12),
        ("source.ip", "source.geo.country_name"),
    ),
    Panel("programs", "User agents", PanelKind.BARS, PanelPosition(32, 60, 16, 12), ("user_agent.name",)),
)

COLUMNS: Final = (
    "event.action",
    "event.outcome",
    "user.email",
    "source.ip",
    "organization.id",
    "anthropic.audit.actor.type",
)
"""The columns of the latest entries, in addition to the time."""
