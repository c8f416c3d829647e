"""A document while it is being made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .values import Json


@dataclass(slots=True)
class Draft:
    """The parts of one event's document; what has no place of its own ends in `rest` (`anthropic.audit.metadata`)."""

    document: dict[str, Json] = field(default_factory=dict)
    event: dict[str, Json] = field(default_factory=dict)
    audit: dict[str, Json] = field(default_factory=dict)
    rest: dict[str, Json] = field(default_factory=dict)
    related_users: list[Json] = field(default_factory=list)
    unknown_fields: list[str] = field(default_factory=list)
    """Members that the catalogue does not know of this type or actor: `name`, `actor.name`."""
    mistyped_fields: list[str] = field(default_factory=list)
    """Members whose value does not fit the type of their field; they are in the rest."""
    unknown_actor: str | None = None

    def at(self, path: Sequence[str]) -> Json:
        """Return what stands at an ECS field, or None."""
        place: Json = self.event if path[0] == "event" else self.document.get(path[0])
        for name in path[1:]:
            place = place.get(name) if isinstance(place, dict) else None
        return place

    def place(self, path: Sequence[str], value: Json) -> None:
        """Set an ECS field."""
        place = self.event if path[0] == "event" else self.document.setdefault(path[0], {})
        for name in path[1:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value

    def keep(self, name: str, value: Json) -> None:
        """Keep a member whose value does not fit its field."""
        self.rest[name] = value
        self.mistyped_fields.append(name)
