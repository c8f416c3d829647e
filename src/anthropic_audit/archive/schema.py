"""Define the archive's tables: names, columns, and the ECS field of each column of `events`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())

DAY = "day"
"""The partition: the UTC day of `created_at` or `@timestamp`."""

SEQ = "seq"
"""The mark of `activities`: the highest `seq`."""

NORMALIZED = "normalized"
"""The mark of `events`: the `seq` up to which events exist."""

CLAIMED = "claimed_seq"
"""The mark of `coverage`: the highest `seq` of `activities` when the last claim was made."""

EVENT_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = MappingProxyType(
    {
        "event.action": ("event_action", pa.string()),
        "event.category": ("event_category", _TEXTS),
        "event.type": ("event_type", _TEXTS),
        "event.outcome": ("event_outcome", pa.string()),
        "event.reason": ("event_reason", pa.string()),
        "user.id": ("user_id", pa.string()),
        "user.name": ("user_name", pa.string()),
        "user.email": ("user_email", pa.string()),
        "user.target.id": ("user_target_id", pa.string()),
        "user.target.email": ("user_target_email", pa.string()),
        "source.ip": ("source_ip", pa.string()),
        "source.geo.country_iso_code": ("source_geo_country_iso_code", pa.string()),
        "source.as.number": ("source_as_number", pa.int64()),
        "source.as.organization.name": ("source_as_organization_name", pa.string()),
        "user_agent.name": ("user_agent_name", pa.string()),
        "user_agent.original": ("user_agent_original", pa.string()),
        "organization.id": ("organization_id", pa.string()),
        "organization.name": ("organization_name", pa.string()),
        "http.request.method": ("http_request_method", pa.string()),
        "http.response.status_code": ("http_response_status_code", pa.int64()),
        "url.path": ("url_path", pa.string()),
        "file.name": ("file_name", pa.string()),
        "related.user": ("related_user", _TEXTS),
        "related.ip": ("related_ip", _TEXTS),
        "anthropic.audit.actor.type": ("actor_type", pa.string()),
        "anthropic.audit.actor.name": ("actor_name", pa.string()),
        "anthropic.audit.actor.api_key_id": ("actor_api_key_id", pa.string()),
        "anthropic.audit.actor.admin_api_key_id": ("actor_admin_api_key_id", pa.string()),
        "anthropic.audit.sensitivity": ("sensitivity", pa.string()),
        "anthropic.audit.api_key_id": ("api_key_id", pa.string()),
        "anthropic.audit.mcp_server_id": ("mcp_server_id", pa.string()),
        "anthropic.audit.mcp_server_name": ("mcp_server_name", pa.string()),
        "anthropic.audit.session_id": ("session_id", pa.string()),
        "anthropic.audit.claude_chat_id": ("claude_chat_id", pa.string()),
        "anthropic.audit.claude_project_id": ("claude_project_id", pa.string()),
        "anthropic.audit.workspace_id": ("workspace_id", pa.string()),
    }
)
"""The ECS fields that have a column of their own in `events`, with its name and type."""


@dataclass(frozen=True, slots=True)
class Table:
    """One Delta table of the archive."""

    name: str
    schema: pa.Schema
    partition_by: tuple[str, ...] = ()
    indexed: tuple[str, ...] = field(default=())
    """The columns whose lowest and highest value the table records for each file."""
    marks: tuple[str, ...] = ()
    """The names of the numbers that are committed together with rows."""


ACTIVITIES = Table(
    "activities",
    pa.schema(
        [
            pa.field("seq", pa.int64(), nullable=False),
            pa.field("feed", pa.string(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("type", pa.string(), nullable=False),
            pa.field("created_at", _TIME, nullable=False),
            pa.field("organization_id", pa.string()),
            pa.field("raw", pa.binary(), nullable=False),
            pa.field("sha256", pa.binary(), nullable=False),
            pa.field("received_at", _TIME, nullable=False),
            pa.field("request_id", pa.string()),
            pa.field("walk_id", pa.string(), nullable=False),
            pa.field(DAY, pa.date32(), nullable=False),
        ]
    ),
    partition_by=(DAY,),
    indexed=("seq", "created_at"),
    marks=(SEQ,),
)

EVENTS = Table(
    "events",
    pa.schema(
        [
            pa.field("seq", pa.int64(), nullable=False),
            pa.field("feed", pa.string(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("timestamp", _TIME, nullable=False),
            *(pa.field(name, kind) for name, kind in EVENT_COLUMNS.values()),
            pa.field("is_known", pa.bool_(), nullable=False),
            pa.field("document", pa.string(), nullable=False),
            pa.field("catalogue_version", pa.string(), nullable=False),
            pa.field(DAY, pa.date32(), nullable=False),
        ]
    ),
    partition_by=(DAY,),
    indexed=("seq", "timestamp"),
    marks=(NORMALIZED,),
)

COVERAGE = Table(
    "coverage",
    pa.schema(
        [
            pa.field("feed", pa.string(), nullable=False),
            pa.field("filters", pa.string(), nullable=False),
            pa.field("from_time", _TIME, nullable=False),
            pa.field("to_time", _TIME, nullable=False),
            pa.field("purpose", pa.string(), nullable=False),
            pa.field("walk_id", pa.string(), nullable=False),
            pa.field("walked_at", _TIME, nullable=False),
            pa.field("pages", pa.int64(), nullable=False),
            pa.field("activities", pa.int64(), nullable=False),
            pa.field("new", pa.int64(), nullable=False),
            pa.field("first_id", pa.string()),
            pa.field("last_id", pa.string()),
            pa.field("request_id", pa.string()),
            pa.field("requests_limit", pa.int64()),
            pa.field("requests_remaining", pa.int64()),
        ]
    ),
    indexed=("from_time", "to_time", "walked_at"),
    marks=(CLAIMED,),
)

REQUESTS = Table(
    "requests",
    pa.schema(
        [
            pa.field("feed", pa.string(), nullable=False),
            pa.field("request_id", pa.string(), nullable=False),
            pa.field("asked_at", _TIME, nullable=False),
            pa.field("status", pa.int64(), nullable=False),
        ]
    ),
    indexed=("asked_at",),
)

GAPS = Table(
    "gaps",
    pa.schema(
        [
            pa.field("number", pa.int64(), nullable=False),
            pa.field("feed", pa.string(), nullable=False),
            pa.field("filters", pa.string(), nullable=False),
            pa.field("from_time", _TIME, nullable=False),
            pa.field("to_time", _TIME, nullable=False),
            pa.field("state", pa.string(), nullable=False),
            pa.field("cause", pa.string(), nullable=False),
            pa.field("recorded_by", pa.string(), nullable=False),
            pa.field("recorded_at", _TIME, nullable=False),
        ]
    ),
    indexed=("number", "recorded_at"),
)

REMOVALS = Table(
    "removals",
    pa.schema(
        [
            pa.field("of_day", pa.date32(), nullable=False),
            pa.field("activities", pa.int64(), nullable=False),
            pa.field("lowest_seq", pa.int64(), nullable=False),
            pa.field("highest_seq", pa.int64(), nullable=False),
            pa.field("removed_at", _TIME, nullable=False),
        ]
    ),
)
"""Activities and events that retention removed, so that they do not count as lost."""

LOSSES = Table(
    "losses",
    pa.schema(
        [
            pa.field("lowest_seq", pa.int64(), nullable=False),
            pa.field("highest_seq", pa.int64(), nullable=False),
            pa.field("activities", pa.int64(), nullable=False),
            pa.field("cause", pa.string(), nullable=False),
            pa.field("recorded_at", _TIME, nullable=False),
        ]
    ),
)
"""The numbers of activities lost to damage; those that the API still had were stored again under new numbers."""

WITHDRAWALS = Table(
    "withdrawals",
    pa.schema(
        [
            pa.field("feed", pa.string(), nullable=False),
            pa.field("filters", pa.string(), nullable=False),
            pa.field("from_time", _TIME, nullable=False),
            pa.field("to_time", _TIME, nullable=False),
            pa.field("walk_id", pa.string()),
            pa.field("walked_at", _TIME),
            pa.field("cause", pa.string(), nullable=False),
            pa.field("withdrawn_at", _TIME, nullable=False),
        ]
    ),
)
"""The claims, or parts of claims, that `archive repair` took out of `coverage`, and why."""

DELIVERIES = Table(
    "deliveries",
    pa.schema(
        [
            pa.field("sink", pa.string(), nullable=False),
            pa.field("errand", pa.string(), nullable=False),
            pa.field("first_seq", pa.int64(), nullable=False),
            pa.field("last_seq", pa.int64(), nullable=False),
            pa.field("created", pa.int64(), nullable=False),
            pa.field("existing", pa.int64(), nullable=False),
            pa.field("rejected", pa.int64(), nullable=False),
            pa.field("dropped", pa.int64(), nullable=False),
            pa.field("nbytes", pa.int64(), nullable=False),
            pa.field("started_at", _TIME, nullable=False),
            pa.field("finished_at", _TIME, nullable=False),
        ]
    ),
    indexed=("last_seq", "finished_at"),
)
"""The deliveries to sinks; a sink's position is the highest `last_seq` of its rows with `errand` `follow`."""

REJECTED = Table(
    "rejected",
    pa.schema(
        [
            pa.field("sink", pa.string(), nullable=False),
            pa.field("seq", pa.int64(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("timestamp", _TIME, nullable=False),
            pa.field("status", pa.int64()),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("is_resolved", pa.bool_(), nullable=False),
            pa.field("recorded_at", _TIME, nullable=False),
        ]
    ),
    indexed=("seq", "recorded_at"),
)
"""The events that sinks rejected, and those of them that were delivered later: an event's newest row counts."""

CHANGED = Table(
    "changed_activities",
    pa.schema(
        [
            pa.field("seq", pa.int64(), nullable=False),
            pa.field("feed", pa.string(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("stored_created_at", _TIME, nullable=False),
            pa.field("stored_sha256", pa.binary(), nullable=False),
            pa.field("created_at", _TIME, nullable=False),
            pa.field("sha256", pa.binary(), nullable=False),
            pa.field("is_same_content", pa.bool_(), nullable=False),
            pa.field("raw", pa.binary(), nullable=False),
            pa.field("received_at", _TIME, nullable=False),
            pa.field("request_id", pa.string()),
            pa.field("walk_id", pa.string(), nullable=False),
        ]
    ),
    indexed=("seq", "received_at"),
)
"""Activities that were received again with other bytes than are stored, each text once; `seq` is the stored one's."""

ESSENTIAL = (ACTIVITIES, EVENTS, COVERAGE)
"""The tables that every archive has; older archives lack the others."""

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (*ESSENTIAL, REMOVALS, LOSSES, WITHDRAWALS, REQUESTS, GAPS, DELIVERIES, REJECTED, CHANGED)
    }
)
