"""The parts of a document that an actor determines: user, source, user agent and `anthropic.audit.actor`."""

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
_by_name = itemgetter(0)  # so that documents do not depend on the order of received members
_IDENTIFIERS = ("email_address", "_id")

ActorParts = tuple[Mapping[str, Json], dict[str, Json], bool]
"""The parts that documents of the same actor share: top-level parts (`user`, `source`, …), parts below
`anthropic.audit` (the `actor`, the catalogue's version and flags), and whether the actor is null or an object."""


def read_actor(actor: Json, tables: Tables, context: EnrichmentContext, exact: float) -> ActorParts:
    """Return the parts of a document that an actor determines; none when there is no actor.

    Args:
        actor: The received actor.
        tables: The compiled catalogue.
        context: The enrichment of addresses and user agents.
        exact: The limit for floats, as in `pruned`.

    Raises:
        SpoiledError: A member was not read exactly, or is nested too deep.
    """
    stamp = {"version": tables.version}
    if not isinstance(actor, dict):
        return {}, {"catalogue": stamp}, actor is None
    actor = {**actor}
    mask_members(actor)
    kind = actor.get("type")
    rule = tables.actors.get(kind) if isinstance(kind, str) else None
    draft = Draft({}, {"catalogue": stamp}, exact)
    if rule is None:
        rule = tables.unknown_actor
        draft.audit["catalogue"] = {**stamp, "unknown_actor": kind if isinstance(kind, str) and kind else _NO_KIND}
    members = _kept_members(actor, rule, draft)
    if actor:
        draft.audit["actor"] = {**members, _NAME: name_of(actor, rule)}
    for path, target in rule.copies:
        value = _identifier(value_at_path(actor, path))
        if value:
            draft.put(target, value)
    return context.added_to(_with_user(draft.document)), draft.audit, True


def name_of(actor: Mapping[str, Json], rule: ActorPlan) -> str:
    """Return the display name of an actor: by the catalogue's template, or else by the first of its identifiers."""

    def value(name: str) -> str | None:
        found = value_at_path(actor, tuple(name.split(".")))
        return found if isinstance(found, str) and found else None

    if rule.name and not rule.name.lacks(value):
        return rule.name.fill(value)
    kind = value("type") or _NO_KIND
    words = kind.removesuffix("_actor").replace("_", " ")
    identifier = next((text for name in sorted(actor) if name.endswith(_IDENTIFIERS) and (text := value(name))), None)
    return f"{words} {identifier}" if identifier else words


def _kept_members(actor: Mapping[str, Json], rule: ActorPlan, draft: Draft) -> dict[str, Json]:
    """Move members to ECS, and return the others; members without a field of their own are below `metadata`."""
    members: dict[str, Json] = {}
    aside: dict[str, Json] = {}
    for name, value in sorted(actor.items(), key=_by_name):
        moved = _identifier(value) if name in rule.moves else None
        if moved and _move(rule.moves[name], moved, draft) and moved is value:
            continue
        member = draft.pruned(value)
        if is_empty(member):
            continue
        if rule.is_known and name not in rule.names:
            draft.flag("unknown_fields", f"actor.{name}")
        declared = rule.types.get(name)
        is_rewritten = moved is not None and moved is not value
        fitted = FITTED[declared](member) if declared and not is_rewritten else None
        if fitted is not None:
            members[name] = fitted
            continue
        put_member(aside, name, member)
        if declared or moved or name in rule.names:
            draft.flag("mistyped_fields", f"actor.{name}")
    return {**members, _ASIDE: aside} if aside else members


def _move(path: tuple[str, ...], value: str, draft: Draft) -> bool:
    if path != _SOURCE:
        return draft.put(path, value)
    draft.document["source"], addresses = source_of(value)
    if addresses:
        draft.document["related"] = {"ip": addresses}
    return True


def _identifier(value: Json) -> str | None:
    """Return a text, or the text of a whole number: an id is the same whether it is written as text or as number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _with_user(parts: dict[str, Json]) -> dict[str, Json]:
    """Add `user.name` from the e-mail address, and `related.user`."""
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
