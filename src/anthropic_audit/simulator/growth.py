"""Schema drift: from a given minute on, types, fields and kinds of actors appear that no catalogue has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import orjson

from .seeded import letters, stream
from .timeline import ActivitySource
from .world import Row

NEW_TYPES = (
    "claude_orbit_created",
    "claude_orbit_shared",
    "claude_orbit_viewed",
    "claude_orbit_deleted",
    "workbench_replay_started",
    "workbench_replay_failed",
)
"""Undocumented activity types."""

_Fields = dict[str, object]


class GrowingSource:
    """A world with a share of undocumented types, fields and actors from a given minute on."""

    def __init__(self, source: ActivitySource, seed: int) -> None:
        self._source = source
        self._seed = seed
        self._from_minute = 0
        self._share = 0.0

    @property
    def new_types(self) -> tuple[str, ...]:
        """The types that the server accepts in addition to the catalogue's."""
        return NEW_TYPES if self._share else ()

    def grow(self, from_minute: int, share: float) -> None:
        """Change a share (0 to 1) of the rows from a minute on to undocumented ones; a share of 0 ends this."""
        self._from_minute = from_minute
        self._share = share

    def rows(self, minute: int) -> Sequence[Row]:
        """Return a minute's rows, a share of them with undocumented content."""
        rows = self._source.rows(minute)
        if not self._share or minute < self._from_minute:
            return rows
        chance = stream("growth", self._seed, minute)
        return [_grown(row, chance) if chance.random() < self._share else row for row in rows]


def _grown(row: Row, chance: Random) -> Row:
    fields: _Fields = orjson.loads(row.raw)
    changed = chance.choice(_CHANGES)(fields, row.id, chance)
    is_same_actor = changed.get("actor") == fields.get("actor")
    return row._replace(
        type=str(changed["type"]),
        actor_user_id=row.actor_user_id if is_same_actor else None,
        raw=orjson.dumps(changed),
    )


def _new_type(fields: _Fields, activity_id: str, chance: Random) -> _Fields:
    copied = ("id", "created_at", "organization_id", "organization_uuid", "actor")
    return {
        **{name: fields[name] for name in copied if name in fields},
        "type": chance.choice(NEW_TYPES),
        "orbit_id": f"orbit_01{letters(22, 'orbit', activity_id)}",
        "replay_seconds": round(chance.uniform(0.1, 90.0), 3),
        "participants": [{"kind": "person", "weight": chance.randint(1, 9)} for _ in range(chance.randint(0, 3))],
    }


def _new_fields(fields: _Fields, activity_id: str, chance: Random) -> _Fields:
    signal = {"level": chance.choice(("low", "elevated")), "score": round(chance.random(), 4)}
    return {**fields, "risk_signal": signal, "trace_id": letters(32, "trace", activity_id).lower()}


def _new_actor(fields: _Fields, activity_id: str, chance: Random) -> _Fields:
    actor = {
        "type": "delegated_agent_actor",
        "agent_id": f"agent_01{letters(22, 'agent', activity_id)}",
        "on_behalf_of": {"kind": "team", "size": chance.randint(2, 40)},
    }
    return {**fields, "actor": actor}


_CHANGES: tuple[Callable[[_Fields, str, Random], _Fields], ...] = (_new_type, _new_fields, _new_actor)
