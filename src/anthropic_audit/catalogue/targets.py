"""The fields of events that store the fields of activities and the members of actors, in words for display."""

from __future__ import annotations

from collections.abc import Iterator

from .lint import MOVED_OF_ANY
from .model import ActivityType, ActorKind, AuditField, Catalogue

AUDIT = "anthropic.audit"
ASIDE = f"{AUDIT}.metadata"
"""The field of events for values without a field of their own."""

_OF_ANY_ACTOR = {
    "ip_address": "source.ip",
    "user_agent": "user_agent.original",
    "unauthenticated_email_address": "user.email",
}


def places_of_field(name: str, catalogue: Catalogue, kind: ActivityType | None = None) -> list[str]:
    """Return the fields of events that store a field's value, of one type or of all types that have the field."""
    kept = catalogue.fields.get(name)
    if kept is None:
        return [f"{ASIDE}.{name}"]
    return list(_places(kept, kind))


def _places(kept: AuditField, kind: ActivityType | None) -> Iterator[str]:
    own = f"{AUDIT}.{kept.stored_as or kept.name}" if kept.type else f"{ASIDE}.{kept.name}"
    moves = bool(kept.ecs) and (kind is None or not kept.only_for or kind.name in kept.only_for)
    if moves and kept.ecs:
        condition = f" if {kept.when[0]} is {kept.when[1]}" if kept.when else ""
        limits = f" (in {', '.join(kept.only_for)})" if kept.only_for and kind is None else ""
        yield f"{kept.ecs}{condition}{limits}"
        if kept.rank > 1 or condition or (limits and kept.type):
            yield f"else {own}"
    else:
        yield own
    if kept.objects_as:
        yield f"objects: {AUDIT}.{kept.objects_as}"
    yield from kept.copies.values()
    if kept.related:
        yield f"related.{kept.related}"


def places_of_member(name: str, actor: ActorKind) -> list[str]:
    """Return the fields of events that store a member of an actor."""
    if name in actor.moves:
        return [actor.moves[name]]
    if name in MOVED_OF_ANY:
        return [_OF_ANY_ACTOR[name]]
    copies = [f"{target} ({path})" if path != name else target for path, target in actor.copies.items()]
    own = [target for path, target in zip(actor.copies, copies, strict=True) if path.partition(".")[0] == name]
    return [f"{AUDIT}.actor.{name}", *own]
