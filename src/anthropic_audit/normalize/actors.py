"""Who did it: the actor's members, in ECS where ECS has a place, and never a human where there is none."""

from __future__ import annotations

from .draft import Draft
from .tables import ActorPlan, Tables
from .values import Json, is_address, is_empty, pruned

_SOURCE = ("source", "ip")


def place_actor(actor: Json, draft: Draft, tables: Tables) -> None:
    """Place an actor; what nobody declared, or does not fit, goes to `anthropic.audit.metadata.actor`."""
    if isinstance(actor, dict):
        _place(actor, draft, tables)
    elif not is_empty(actor):
        draft.keep("actor", pruned(actor))


def _place(actor: dict[str, Json], draft: Draft, tables: Tables) -> None:
    kind = actor.get("type")
    plan = tables.actors.get(kind) if isinstance(kind, str) else None
    if plan is None:
        draft.unknown_actor = kind if isinstance(kind, str) else "none"
        plan = tables.any_actor
    own: dict[str, Json] = {}
    strange: dict[str, Json] = {}
    for name, value in actor.items():
        if is_empty(value) or _is_moved(name, value, plan, draft):
            continue
        member, fits = pruned(value), tables.actor_fits.get(name)
        if fits is None:
            draft.unknown_fields.append(f"actor.{name}")
        (own if fits is not None and fits(member) else strange)[name] = member
    _copy(actor, plan, draft)
    if own:
        draft.audit["actor"] = own
    if strange:
        draft.rest["actor"] = strange


def _is_moved(name: str, value: Json, plan: ActorPlan, draft: Draft) -> bool:
    """Move a member to its ECS field, if it has one and fits."""
    path = plan.moves.get(name)
    if path is None or not isinstance(value, str) or (path == _SOURCE and not is_address(value)):
        return False
    draft.place(path, value)
    return True


def _copy(actor: dict[str, Json], plan: ActorPlan, draft: Draft) -> None:
    for source, path in plan.copies:
        value: Json = actor
        for name in source:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value and draft.at(path) is None:
            draft.place(path, value)
