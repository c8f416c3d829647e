"""Make activities of every type, as the vendor sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import orjson

from anthropic_audit.catalogue import ActivityType, Catalogue
from anthropic_audit.times import EPOCH

from .fields import FieldContext, Maker, compile_fields
from .organization import Unit
from .random_values import Row, token

USER, UNAUTHENTICATED = "user_actor", "unauthenticated_user_actor"
_POOLS: Mapping[str, str] = {
    "scim": "scim_directory_sync_actor",
    "system": "system_actor",
    "anthropic": "anthropic_actor",
    "exporter": "api_actor",
    "guest": UNAUTHENTICATED,
    "device": "attested_device_actor",
}
"""The kind of actor of each pool whose actors are not users."""
_SECOND_US, _MINUTE_US = 1_000_000, 60_000_000
_ALIKE = (USER, "system_actor", "api_actor", UNAUTHENTICATED)


@dataclass(frozen=True, slots=True)
class _TypePlan:
    """An activity type, compiled for making activities."""

    kinds: tuple[str, ...]
    fields: Maker
    names: frozenset[str]


class Activities:
    """Makes activities of every type of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._plans = {name: _plan(kind) for name, kind in catalogue.types.items()}
        self._actors = {name: compile_fields(kind.fields) for name, kind in catalogue.actors.items()}

    def members(self, name: str) -> frozenset[str]:
        """Return the names of the fields of a type, without those that all types have."""
        return self._plans[name].names

    def kind(self, name: str, pool: str) -> str:
        """Return the kind of actor that performs a type, for an actor of a pool."""
        kinds = self._plans[name].kinds
        return next((one for one in (_POOLS.get(pool, USER), *_ALIKE) if one in kinds), kinds[0])

    def make(self, name: str, kind: str, context: FieldContext, **fixed: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return an activity of a type by a kind of actor; `fixed` sets those fields that the type has."""
        unit = context.session.person.unit
        plan = self._plans[name]
        activity = {
            **head(context.created_at, name, self.actor(kind, context), unit=unit, variable=token(context.random))
        }
        activity.update(plan.fields(context))
        activity.update((member, value) for member, value in fixed.items() if member in plan.names)
        return activity

    def actor(self, kind: str, context: FieldContext) -> dict[str, Any]:
        """Return the actor of an activity."""
        session = context.session
        where = {"ip_address": session.address, "user_agent": session.agent}
        if kind == USER:
            return {"type": kind, "email_address": session.person.email, "user_id": session.person.id, **where}
        if kind == UNAUTHENTICATED:
            return {"type": kind, "unauthenticated_email_address": session.person.email, **where}
        try:
            return context.organization.machines.actor(kind, context.random)
        except KeyError:  # a kind that only the catalogue has
            return {"type": kind, **self._actors[kind](context)}


def head(created_at: str, name: str, actor: Mapping[str, Any], *, unit: Unit, variable: str) -> dict[str, Any]:
    """Return the fields that every activity has; `variable` is the unique part of its id."""
    return {
        "id": f"activity_{variable}",
        "created_at": created_at,
        "type": name,
        "actor": actor,
        "organization_id": unit.id,
        "organization_uuid": unit.uuid,
    }


def row(created_us: int, activity: Mapping[str, Any]) -> Row:
    """Return the vendor's row of an activity."""
    actor = activity["actor"]
    return Row(
        created_us,
        activity["id"],
        activity["type"],
        actor["user_id"] if actor["type"] == USER else None,
        activity["organization_id"],
        activity["organization_uuid"],
        orjson.dumps(activity),
    )


def time_text(created_us: int) -> str:
    """Return a time in the vendor's format, with microseconds."""
    minute, rest = divmod(created_us, _MINUTE_US)
    return f"{_prefix(minute)}{rest // _SECOND_US:02}.{rest % _SECOND_US:06}Z"


@lru_cache(512)
def _prefix(minute: int) -> str:
    """Return the text of a minute's times up to the seconds."""
    return (EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:")


def _plan(kind: ActivityType) -> _TypePlan:
    return _TypePlan(kind.actors, compile_fields(kind.fields), frozenset(kind.fields))
