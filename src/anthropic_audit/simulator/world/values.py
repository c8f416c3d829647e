"""What the world tells of itself: its settings, one row of its history, and what is hidden in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """Which world, and how busy it is."""

    seed: int = 1
    activities_per_day: float = 5000.0
    """The mean over a whole week; working hours carry most of it."""
    people: int = 120
    activities: int | None = None
    """How many activities the history has, all together; sets the mean of a day."""


class Row(NamedTuple):
    """One activity, with what the vendor must know of it to answer queries."""

    created_us: int
    """Microseconds since the epoch, UTC."""
    id: str
    type: str
    actor_user_id: str | None
    organization_id: str | None
    organization_uuid: str | None
    raw: bytes
    """The JSON object as the vendor sends it."""


@dataclass(frozen=True, slots=True)
class Storyline:
    """Something that an investigator would want to find."""

    name: str
    title: str
    sentence: str
    activity_ids: tuple[str, ...]
    search: str
    """The arguments of `anthropic-audit search` that lead to it."""
