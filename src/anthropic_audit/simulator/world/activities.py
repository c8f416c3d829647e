"""From a type and a scene to an activity, as the vendor sends it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import orjson

from anthropic_audit.catalogue import ActivityType, Catalogue

from .chance import token
from .fields import Maker, Scene, compile_fields
from .names import DOMAIN
from .places import PROGRAMS
from .values import Row
from .weights import ACTORS, weight

_OTHER_KINDS = 0.06
"""Share of activities of somebody else than a user where every kind of actor may act."""
_PLACELESS = 0.02
"""Share of activities that belong to no organization."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A type, ready to be told."""

    name: str
    kinds: tuple[str, ...]
    bounds: tuple[float, ...]
    fields: Maker


class Activities:
    """Make up activities of every type of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._plans = {name: _plan(kind) for name, kind in catalogue.types.items()}
        self._actors = {name: compile_fields(kind.fields) for name, kind in catalogue.actors.items()}
        names = sorted(self._plans)
        self._names = names
        self._bounds = list(accumulate(weight(catalogue.types[name]) for name in names))

    def any_type(self, scene: Scene) -> str:
        """Choose a type, as often as it happens."""
        return self._names[bisect(self._bounds, scene.random.random() * self._bounds[-1])]

    def any_actor(self, name: str, scene: Scene) -> str:
        """Choose one of the kinds of actors that can cause a type."""
        plan = self._plans[name]
        return plan.kinds[bisect(plan.bounds, scene.random.random() * plan.bounds[-1])]

    def tell(self, name: str, kind: str, scene: Scene, **told: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return an activity of a type by a kind of actor; `told` sets fields."""
        activity: dict[str, Any] = {
            "id": f"activity_{token(scene.random)}",
            "created_at": scene.created_at,
            "type": name,
            "actor": self._actor(kind, scene),
            "organization_id": None,
            "organization_uuid": None,
        }
        if scene.random.random() > _PLACELESS:
            unit = scene.session.person.unit
            activity["organization_id"], activity["organization_uuid"] = unit.id, unit.uuid
        activity.update(self._plans[name].fields(scene))
        activity.update(told)
        return activity

    def _actor(self, kind: str, scene: Scene) -> dict[str, Any]:
        session, actor = scene.session, {"type": kind}
        if kind == "user_actor":
            person = session.person
            actor |= {"email_address": person.email, "user_id": person.id}
            return actor | {"ip_address": session.address, "user_agent": session.agent}
        actor |= self._actors[kind](scene)
        if "user_agent" in actor and kind != "unauthenticated_user_actor":
            actor["user_agent"] = PROGRAMS[int(scene.random.random() * len(PROGRAMS))]
        if kind == "anthropic_actor" and actor.get("email_address"):
            actor["email_address"] = f"support@anthropic.{DOMAIN}"
        return actor


def row(created_us: int, activity: Mapping[str, Any]) -> Row:
    """Return what the vendor keeps of an activity."""
    actor = activity["actor"]
    user = actor["user_id"] if actor["type"] == "user_actor" else None
    return Row(
        created_us,
        activity["id"],
        activity["type"],
        user,
        activity["organization_id"],
        activity["organization_uuid"],
        orjson.dumps(activity),
    )


def _plan(kind: ActivityType) -> _Plan:
    return _Plan(kind.name, kind.actors, _kind_bounds(kind.actors), compile_fields(kind.fields))


def _kind_bounds(kinds: Sequence[str]) -> tuple[float, ...]:
    shares = [ACTORS.get(kind, 1.0) for kind in kinds]
    if "user_actor" in kinds and len(kinds) > 1:
        others = sum(share for kind, share in zip(kinds, shares, strict=True) if kind != "user_actor")
        shares = [
            share * (1 - _OTHER_KINDS) / ACTORS["user_actor"] if kind == "user_actor" else share * _OTHER_KINDS / others
            for kind, share in zip(kinds, shares, strict=True)
        ]
    return tuple(accumulate(shares))
