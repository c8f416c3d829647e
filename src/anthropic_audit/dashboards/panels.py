"""What the dashboard shows: panels, controls, and the columns of the latest entries.

The grid is 48 wide, as in both programs. Whatever is counted is events, unless a panel says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How a panel is drawn."""

    OVER_TIME = "over time"
    BARS = "bars"
    DONUT = "donut"
    TABLE = "table"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel lies on the grid."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Panel:
    """Events, counted by the values of fields."""

    name: str
    title: str
    kind: Kind
    place: Place
    fields: tuple[str, ...] = ()
    """What they are counted by; over time, what the areas are split by."""
    query: str = ""
    """Which events, in the Kibana query language (and in Lucene's, as far as it is used here)."""
    size: int = 10
    distinct: str = ""
    """The field whose different values are counted, instead of events."""


@dataclass(frozen=True, slots=True)
class Control:
    """A field that the whole dashboard can be narrowed by."""

    title: str
    field: str


TITLE: Final = "Anthropic audit: overview"
DESCRIPTION: Final = "Who did what in the Claude organizations, from where, and how it ended"
LATEST: Final = "Anthropic audit: latest entries"
LATEST_PLACE: Final = Place(0, 72, 48, 20)
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
    Panel("events", "Events", Kind.NUMBER, Place(0, 0, 8, 6)),
    Panel("people", "Different users", Kind.NUMBER, Place(8, 0, 8, 6), distinct="user.id"),
    Panel("failures", "Failures", Kind.NUMBER, Place(16, 0, 8, 6), query=FAILED),
    Panel("critical", "Critical", Kind.NUMBER, Place(24, 0, 8, 6), query='anthropic.audit.sensitivity : "critical"'),
    Panel("addresses", "Different addresses", Kind.NUMBER, Place(32, 0, 8, 6), distinct="source.ip"),
    Panel(
        "unknown",
        "Types we do not know",
        Kind.NUMBER,
        Place(40, 0, 8, 6),
        query="anthropic.audit.catalogue.known : false",
    ),
    Panel("over-time", "Events over time by category", Kind.OVER_TIME, Place(0, 6, 32, 14), ("event.category",)),
    Panel("categories", "Categories", Kind.DONUT, Place(32, 6, 16, 14), ("event.category",)),
    Panel("actions", "Most frequent actions", Kind.BARS, Place(0, 20, 24, 16), ("event.action",), size=20),
    Panel("users", "Most active users", Kind.BARS, Place(24, 20, 12, 16), ("user.email",)),
    Panel("actors", "Kinds of actors", Kind.DONUT, Place(36, 20, 12, 16), ("anthropic.audit.actor.type",)),
    Panel(
        "servers", "MCP servers", Kind.TABLE, Place(0, 36, 16, 12), ("anthropic.audit.mcp_server_name", "event.action")
    ),
    Panel("skills", "Skills", Kind.TABLE, Place(16, 36, 16, 12), ("anthropic.audit.skill_name", "event.action")),
    Panel("errors", "What fails", Kind.TABLE, Place(32, 36, 16, 12), ("event.action", "event.reason"), FAILED),
    Panel("failures-over-time", "Failures over time", Kind.OVER_TIME, Place(0, 48, 24, 12), ("event.action",), FAILED),
    Panel("status", "Answers of the Compliance API", Kind.BARS, Place(24, 48, 12, 12), ("http.response.status_code",)),
    Panel("organizations", "Organizations", Kind.BARS, Place(36, 48, 12, 12), ("organization.id",)),
    Panel("countries", "From which countries", Kind.BARS, Place(0, 60, 16, 12), ("source.geo.country_name",)),
    Panel(
        "networks", "From which addresses", Kind.TABLE, Place(16, 60, 16, 12), ("source.ip", "source.geo.country_name")
    ),
    Panel("programs", "With which programs", Kind.BARS, Place(32, 60, 16, 12), ("user_agent.name",)),
)

COLUMNS: Final = (
    "event.action",
    "event.outcome",
    "user.email",
    "source.ip",
    "organization.id",
    "anthropic.audit.actor.type",
)
"""Those of the latest entries, beside the time."""
