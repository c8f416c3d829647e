"""From an actor to the parts of a document that tell who acted, from where, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from anthropic_audit.documents import value_at_path

from .context import EnrichmentContext
from .drafts import Draft
from .ecs_objects import source_of
from .names import put_member
from .tables import ActorPlan, Tables
from .urls import mask_members
from .values import FITTED, Json, is_empty

_SOURCE = ("source", "ip")
_EMAIL = ("user", "email")
_USER_ID = ("user", "id")
_ASIDE, _NAME = "metadata", "name"
_NO_KIND = "unknown"
_by_name = itemgetter(0)  # so that documents do not depend on the order of what was received
_IDENTIFIERS = ("email_address", "_id")

Scene = tuple[Mapping[str, Json], dict[str, Json], bool]
"""What documents of the same actor share: top-level parts (`user`, `source`, …), parts below `anthropic.audit` (the
`actor`, the catalogue's version and flags), and whether the actor is one at all."""


def read_actor(actor: Json, tables: Tables, surroundings: EnrichmentContext, exact: float) -> Scene:
    """Return the parts of a document that an actor makes; none when there is no actor.

    Raises:
        SpoiledError: A member was not read exactly, or is nested too deep.
    """
    stamp = {"version": tables.version}
    if not isinstance(actor, dict):
        return {}, {"catalogue": stamp}, actor is None
    actor = {**actor}
    mask_members(actor)
    kind = actor.get("type")
    who = tables.actors.get(kind) if isinstance(kind, str) else None
    draft = Draft({}, {"catalogue": stamp}, exact)
    if who is None:
        who = tables.unknown_actor
        draft.audit["catalogue"] = {**stamp, "unknown_actor": kind if isinstance(kind, str) and kind else _NO_KIND}
    kept = _kept_members(actor, who, draft)
    if actor:
        draft.audit["actor"] = {**kept, _NAME: name_of(actor, who)}
    for path, target in who.copies:
        value = _identifier(value_at_path(actor, path))
        if value:
            draft.put(target, value)
    return surroundings.added_to(_with_user(draft.document)), draft.audit, True


def name_of(actor: Mapping[str, Json], who: ActorPlan) -> str:
    """Return how a person reads who acted: by the catalogue's words, else by the first of its identifiers."""

    def value(name: str) -> str | None:
        found = value_at_path(actor, tuple(name.split(".")))
        return found if isinstance(found, str) and found else None

    if who.name and not who.name.lacks(value):
        return who.name.tell(value)
    kind = value("type") or _NO_KIND
    words = kind.removesuffix("_actor").replace("_", " ")
    identifier = next((text for name in sorted(actor) if name.endswith(_IDENTIFIERS) and (text := value(name))), None)
    return f"{words} {identifier}" if identifier else words


def _kept_members(actor: Mapping[str, Json], who: ActorPlan, draft: Draft) -> dict[str, Json]:
    """Move members to ECS, and return those that stay: what has no field of its own aside, below a name of ours."""
    kept: dict[str, Json] = {}
    aside: dict[str, Json] = {}
    for name, value in sorted(actor.items(), key=_by_name):
        moved = _identifier(value) if name in who.moves else None
        if moved and _move(who.moves[name], moved, draft) and moved is value:
            continue
        member = draft.pruned(value)
        if is_empty(member):
            continue
        if who.is_known and name not in who.names:
            draft.flag("unknown_fields", f"actor.{name}")
        declared = who.types.get(name)
        is_rewritten = moved is not None and moved is not value
        fitted = FITTED[declared](member) if declared and not is_rewritten else None
        if fitted is not None:
            kept[name] = fitted
            continue
        put_member(aside, name, member)
        if declared or moved or name in who.names:
            draft.flag("mistyped_fields", f"actor.{name}")
    return {**kept, _ASIDE: aside} if aside else kept


def _move(path: tuple[str, ...], value: str, draft: Draft) -> bool:
    if path != _SOURCE:
        return draft.put(path, value)
    draft.document["source"], addresses = source_of(value)
    if addresses:
        draft.document["related"] = {"ip": addresses}
    return True


def _identifier(value: Json) -> str | None:
    """Return a text, or the text of a whole number: who is meant does not depend on how it is written."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _with_user(parts: dict[str, Json]) -> dict[str, Json]:
    """Give a user the name that the e-mail address shows, and make the user findable."""
    user = parts.get("user")
    if user is None:
        return parts
    name = user.get("email", "").partition("@")[0]
    if name:
        user["name"] = name
    people = list(dict.fromkeys(user[key] for key in ("email", "id") if key in user))
    if people:
        parts["related"] = {**parts.get("related", {}), "user": people}
    return parts
