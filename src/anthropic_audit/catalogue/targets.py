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
    stored = catalogue.fields.get(name)
    if stored is None:
        return [f"{ASIDE}.{name}"]
    return list(_places(stored, kind))


def _places(stored: AuditField, kind: ActivityType | None) -> Iterator[str]:
    own = f"{AUDIT}.{stored.stored_as or stored.name}" if stored.type else f"{ASIDE}.{stored.name}"
    moves = bool(stored.ecs) and (kind is None or not stored.only_for or kind.name in stored.only_for)
    if moves and stored.ecs:
        condition = f" if {stored.when[0]} is {stored.when[1]}" if stored.when else ""
        limits = f" (in {', '.join(stored.only_for)})" if stored.only_for and kind is None else ""
        yield f"{stored.ecs}{condition}{limits}"
        if stored.rank > 1 or condition or (limits and stored.type):
            yield f"else {own}"
    else:
        yield own
    if stored.objects_as:
        yield f"objects: {AUDIT}.{stored.objects_as}"
    yield from stored.copies.values()
    if stored.related:
        yield f"related.{stored.related}"


def places_of_member(name: str, actor: ActorKind) -> list[str]:
    """Return the fields of events that store a member of an actor."""
    if name in actor.moves:
        return [actor.moves[name]]
    if name in MOVED_OF_ANY:
        return [_OF_ANY_ACTOR[name]]
    copies = [f"{target} ({path})" if path != name else target for path, target in actor.copies.items()]
    own = [target for path, target in zip(actor.copies, copies, strict=True) if path.partition(".")[0] == name]
    return [f"{AUDIT}.actor.{name}", *own]
