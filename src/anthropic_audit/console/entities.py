"""Entities that events name: users, keys, organizations, servers, addresses, projects and others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from anthropic_audit.documents import value_at
from anthropic_audit.query import AnyOf, Condition, Operator, Query


@dataclass(frozen=True, slots=True)
class EntityKind:
    """A kind of entity, and the fields of events that name an entity of this kind."""

    title: str
    acts: tuple[str, ...] = ()
    """Fields that name the entity as the actor or source of an event."""
    undergoes: tuple[str, ...] = ()
    """Fields that name the entity as the target or context of an event."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that name the entity."""
        return self.acts + self.undergoes


_AUDIT: Final = "anthropic.audit."

KINDS: Final[Mapping[str, EntityKind]] = {
    "user": EntityKind("User", ("user.email", "user.id"), ("user.target.email", "user.target.id")),
    "key": EntityKind(
        "API key", (f"{_AUDIT}actor.api_key_id", f"{_AUDIT}actor.admin_api_key_id"), (f"{_AUDIT}api_key_id",)
    ),
    "organization": EntityKind("Organization", (), ("organization.id",)),
    "server": EntityKind("MCP server", (), (f"{_AUDIT}mcp_server_id", f"{_AUDIT}mcp_server_name")),
    "address": EntityKind("IP address", ("source.ip",)),
    "network": EntityKind("Network", ("source.as.organization.name",)),
    "agent": EntityKind("User agent", ("user_agent.original",)),
    "session": EntityKind("Session", (), (f"{_AUDIT}session_id",)),
    "chat": EntityKind("Chat", (), (f"{_AUDIT}claude_chat_id",)),
    "project": EntityKind("Project", (), (f"{_AUDIT}claude_project_id",)),
    "workspace": EntityKind("Workspace", (), (f"{_AUDIT}workspace_id",)),
}
"""All kinds, by their name in URLs."""

_OF_FIELD: Final[Mapping[str, str]] = {field: name for name, kind in KINDS.items() for field in kind.fields}


def kind_of(field: str) -> str | None:
    """Return the kind of entity that a field names, or None."""
    return _OF_FIELD.get(field)


def path(field: str, value: str) -> str | None:
    """Return the URL path of an entity's page, or None if the field names no entity."""
    kind = kind_of(field)
    return f"/entity/{kind}/{quote(value, safe='')}" if kind else None


def about(kind: EntityKind, value: str) -> Query:
    """Return the query for all events that name an entity, as actor or as target."""
    return _any(kind.fields, value)


def by(kind: EntityKind, value: str) -> Query:
    """Return the query for events with an entity as their actor or source."""
    return _any(kind.acts, value)


def upon(kind: EntityKind, value: str) -> Query:
    """Return the query for events with an entity as their target or context."""
    return _any(kind.undergoes, value)


def named(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the entities that a document names, each once, as tuples of kind, field and value."""
    found: dict[tuple[str, str], str] = {}
    for field, kind in _OF_FIELD.items():
        value = value_at(document, field)
        if isinstance(value, str):
            found.setdefault((kind, value), field)
    return [(kind, field, value) for (kind, value), field in found.items()]


def objects(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the other identifiers in a document, as tuples of field and value."""
    audit = document.get("anthropic", {}).get("audit", {})
    fields = ((f"{_AUDIT}{name}", value) for name, value in audit.items() if name.endswith("_id"))
    return [(field, value) for field, value in fields if isinstance(value, str) and field not in _OF_FIELD]


def _any(fields: tuple[str, ...], value: str) -> Query:
    return AnyOf(tuple(Condition(field, Operator.EQUAL, value, is_literal=True) for field in fields))
