"""Values of the world: its settings, rows of its history, and storylines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """Settings of the world: its seed, its size, and its rate of activities."""

    seed: int = 1
    activities_per_day: float = 5000.0
    """The mean over a whole week; most activities occur in working hours."""
    people: int = 120
    activities: int | None = None
    """The exact number of activities in the history, which replaces `activities_per_day`; None: no exact number."""


class Row(NamedTuple):
    """One activity: its JSON, and the values by which queries filter and order it."""

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
    """An incident for an investigator to find."""

    name: str
    title: str
    sentence: str
    activity_ids: tuple[str, ...]
    search: str
    """The arguments of `anthropic-audit search` that find the incident."""
