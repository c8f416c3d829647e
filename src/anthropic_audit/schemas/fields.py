"""List every field of events by its dotted name, with properties that ECS 9.3 gives some of them."""

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
"""The ECS fields of events whose values are lists."""

WITH_TEXT: Final = frozenset(
    {
        *("organization.name", "source.as.organization.name"),
        *("url.full", "url.original"),
        *("user.full_name", "user.name", "user.target.full_name", "user.target.name"),
        *("user_agent.original", "user_agent.os.full", "user_agent.os.name"),
    }
)
"""The ECS fields that can also be searched by words, as `<name>.text`."""

LONG: Final[Mapping[str, int]] = {"url.query": 2083}
"""The ECS fields with an indexed length of their own, in characters."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field with values."""

    name: str
    field: StoredField


Tree = dict[str, Union[Leaf, "Tree"]]
"""Fields as nested members."""


def all_fields(catalogue: Catalogue) -> dict[str, StoredField]:
    """Return every field that events may have."""
    return dict(sorted({**catalogue.ecs_fields, **catalogue.exported_fields()}.items()))


def nested(fields: Mapping[str, StoredField]) -> Tree:
    """Convert fields with dotted names to nested members.

    Raises:
        TypeError: A field is below a field with values.
    """
    tree: Tree = {}
    for name, field in fields.items():
        *path, member = name.split(".")
        branch = tree
        for step in path:
            inner = branch.setdefault(step, {})
            if not isinstance(inner, dict):
                message = f"`{name}` is below `{inner.name}`, which has values"
                raise TypeError(message)
            branch = inner
        branch[member] = Leaf(name, field)
    return tree
