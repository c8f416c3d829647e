"""Every field of events by its dotted name, and what ECS 9.3 says of some beyond their type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Union

from anthropic_audit.catalogue import Catalogue, StoredField

AUDIT: Final = "anthropic.audit."

LISTS: Final = frozenset(
    {
        *("event.category", "event.type"),
        *("related.hash", "related.hosts", "related.ip", "related.user"),
        *("tags", "user.roles", "user.target.roles"),
    }
)
"""The ECS fields whose values are lists, of those that events may have."""

WITH_TEXT: Final = frozenset(
    {
        *("organization.name", "source.as.organization.name"),
        *("url.full", "url.original"),
        *("user.full_name", "user.name", "user.target.full_name", "user.target.name"),
        *("user_agent.original", "user_agent.os.full", "user_agent.os.name"),
    }
)
"""The ECS fields that are searched word by word as well, as `<name>.text`."""

LONG: Final[Mapping[str, int]] = {"url.query": 2083}
"""The ECS fields that are indexed up to another length than others."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that holds values."""

    name: str
    field: StoredField


Tree = dict[str, Union[Leaf, "Tree"]]
"""Fields as nested members."""


def all_fields(catalogue: Catalogue) -> dict[str, StoredField]:
    """Return every field that events may have."""
    return dict(sorted({**catalogue.ecs_fields, **catalogue.exported_fields()}.items()))


def nested(fields: Mapping[str, StoredField]) -> Tree:
    """Return fields as nested members.

    Raises:
        TypeError: A field lies below one that holds values.
    """
    tree: Tree = {}
    for name, field in fields.items():
        *path, member = name.split(".")
        place = tree
        for step in path:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                message = f"`{name}` lies below `{inner.name}`, which holds values"
                raise TypeError(message)
            place = inner
        place[member] = Leaf(name, field)
    return tree
