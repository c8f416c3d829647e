"""Those that events are about: users, keys, organizations, servers, addresses, and what they work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from anthropic_audit.documents import value_at
from anthropic_audit.search import AnyOf, Condition, Operator, Query


@dataclass(frozen=True, slots=True)
class EntityKind:
    """A kind of entity, and the fields that name one."""

    title: str
    acts: tuple[str, ...] = ()
    """Fields of events that it does, or that come from it."""
    undergoes: tuple[str, ...] = ()
    """Fields of events that are done to it, or happen in it."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All of them."""
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
"""Every kind, by its name in addresses."""

_OF_FIELD: Final[Mapping[str, str]] = {field: name for name, kind in KINDS.items() for field in kind.fields}


def kind_of(field: str) -> str | None:
    """Return the kind of entity that a field names, or None."""
    return _OF_FIELD.get(field)


def path(field: str, value: str) -> str | None:
    """Return the address of an entity's page, or None when the field names none."""
    kind = kind_of(field)
    return f"/entity/{kind}/{quote(value, safe='')}" if kind else None


def about(kind: EntityKind, value: str) -> Query:
    """Return what events of an entity are like, whether it acts or something is done to it."""
    return _any(kind.fields, value)


def by(kind: EntityKind, value: str) -> Query:
    """Return what events are like that an entity does."""
    return _any(kind.acts, value)


def upon(kind: EntityKind, value: str) -> Query:
    """Return what events are like that are done to an entity."""
    return _any(kind.undergoes, value)


def named(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the entities that a document names: kind, field and value, each once."""
    found: dict[tuple[str, str], str] = {}
    for field, kind in _OF_FIELD.items():
        value = value_at(document, field)
        if isinstance(value, str):
            found.setdefault((kind, value), field)
    return [(kind, field, value) for (kind, value), field in found.items()]


def objects(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the other things that a document names by an identifier: field and value."""
    audit = document.get("anthropic", {}).get("audit", {})
    fields = ((f"{_AUDIT}{name}", value) for name, value in audit.items() if name.endswith("_id"))
    return [(field, value) for field, value in fields if isinstance(value, str) and field not in _OF_FIELD]


def _any(fields: tuple[str, ...], value: str) -> Query:
    return AnyOf(tuple(Condition(field, Operator.EQUAL, value, is_literal=True) for field in fields))
