"""Who acted, and to whom it was done, as OCSF tells of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .model import ActorRule, Json
from .source_event import SourceEvent
from .unmapped import Remainder, is_email, is_text

_ANY_ACTOR: Final = ActorRule()
HUMAN: Final = 1
NOBODY: Final[Mapping[str, Json]] = {"name": "Unknown", "type": "Unknown", "type_id": 0}
"""Stands where a class asks for a user and the vendor names none."""


def acting_user(case: SourceEvent) -> dict[str, Json] | None:
    """Return the user that acted, taken from the document; None when it has no actor that anything is known of."""
    members = _members(case)
    who = _rule(case)
    user = _user(case.rest, "user")
    if not user and not members:
        return None
    account = _account(case)
    if account:
        user["account"] = account
    if who.is_[0] != HUMAN or not user.keys() & {"uid", "name", "email_addr"}:
        own = members.get(who.id) if who.id else None
        if is_text(own):
            user.setdefault("uid", own)
        if is_text(members.get("name")):
            user["display_name" if "name" in user else "name"] = members["name"]
    user["type_id"], user["type"] = who.is_
    return _named(user) or {**NOBODY, **user}


def actor_of(case: SourceEvent, user: Mapping[str, Json] | None) -> dict[str, Json]:
    """Return the actor: its user, the credential it used, the program and the directory it speaks for."""
    who, members = _rule(case), _members(case)
    session = _texts({"credential_uid": members.get(who.credential or ""), "issuer": members.get("issuer")})
    name = members.get(who.directory_name or "") or members.get(who.directory or "")
    directory = _texts({"uid": members.get(who.directory or ""), "name": name})
    program = members.get(who.app or "")
    parts = {
        "user": user,
        "session": session,
        "idp": directory,
        "app_name": program if is_text(program) else None,
    }
    return {name: part for name, part in parts.items() if part}


def target_user(rest: Remainder) -> dict[str, Json] | None:
    """Return the user that it was done to, taken from the document; None when it names none."""
    user = _named(_user(rest, "user.target"))
    return user and {**user, "type_id": HUMAN, "type": "User"}


def _user(rest: Remainder, path: str) -> dict[str, Json]:
    if rest.see(path) is None:
        return {}
    found = {
        "uid": rest.take(f"{path}.id"),
        "name": rest.take(f"{path}.name"),
        "email_addr": rest.take(f"{path}.email", is_email),
    }
    user = {name: value for name, value in found.items() if value}
    if user and (domain := rest.take(f"{path}.domain")):
        user["domain"] = domain
    return user


def _named(user: dict[str, Json]) -> dict[str, Json] | None:
    """Return a user that has a name or an id, as OCSF asks for; an e-mail address does for a name."""
    if "uid" in user or "name" in user:
        return user
    name = user.get("email_addr")
    return {"name": name, **user} if name else None


def _account(case: SourceEvent) -> dict[str, Json] | None:
    provider = case.rest.see("cloud.origin.provider")
    known = case.rules.clouds.get(provider) if isinstance(provider, str) else None
    if known is None:
        return None
    uid = case.rest.take("cloud.origin.account.id") or case.rest.take("cloud.origin.project.id")
    if uid is None:
        return None
    case.rest.take("cloud.origin.provider")
    return {"uid": uid, "type_id": known[0], "type": known[1]}


def _members(case: SourceEvent) -> Mapping[str, Json]:
    actor = case.audit.get("actor")
    return actor if isinstance(actor, dict) else {}


def _rule(case: SourceEvent) -> ActorRule:
    kind = _members(case).get("type")
    return case.rules.actors.get(kind, _ANY_ACTOR) if isinstance(kind, str) else _ANY_ACTOR


def _texts(part: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in part.items() if is_text(value)}
