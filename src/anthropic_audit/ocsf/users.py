"""The users of an event in OCSF: the user rule acted, and the user whom the activity affects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .model import ActorRule, Json
from .source_event import SourceEvent
from .unmapped import Remainder, is_email, is_text

_ANY_ACTOR: Final = ActorRule()
HUMAN: Final = 1
UNKNOWN_USER: Final[Mapping[str, Json]] = {"name": "Unknown", "type": "Unknown", "type_id": 0}
"""The user of an event whose class requires one, if the vendor gives none."""


def acting_user(source: SourceEvent) -> dict[str, Json] | None:
    """Return the user rule acted, taken from the document; None when the document has neither user nor actor."""
    members = _members(source)
    rule = _rule(source)
    user = _user(source.rest, "user")
    if not user and not members:
        return None
    account = _account(source)
    if account:
        user["account"] = account
    if rule.is_[0] != HUMAN or not user.keys() & {"uid", "name", "email_addr"}:
        own = members.get(rule.id) if rule.id else None
        if is_text(own):
            user.setdefault("uid", own)
        if is_text(members.get("name")):
            user["display_name" if "name" in user else "name"] = members["name"]
    user["type_id"], user["type"] = rule.is_
    return _named(user) or {**UNKNOWN_USER, **user}


def actor_of(source: SourceEvent, user: Mapping[str, Json] | None) -> dict[str, Json]:
    """Return the actor: its user, the credential, the program and the directory that it acts for."""
    rule, members = _rule(source), _members(source)
    session = _texts({"credential_uid": members.get(rule.credential or ""), "issuer": members.get("issuer")})
    name = members.get(rule.directory_name or "") or members.get(rule.directory or "")
    directory = _texts({"uid": members.get(rule.directory or ""), "name": name})
    program = members.get(rule.app or "")
    parts = {
        "user": user,
        "session": session,
        "idp": directory,
        "app_name": program if is_text(program) else None,
    }
    return {name: part for name, part in parts.items() if part}


def target_user(rest: Remainder) -> dict[str, Json] | None:
    """Return the user whom the activity affects, taken from the document; None when it has none."""
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
    """Return a user with a name or an id, as OCSF requires; an e-mail address serves as the name; None without both."""
    if "uid" in user or "name" in user:
        return user
    name = user.get("email_addr")
    return {"name": name, **user} if name else None


def _account(source: SourceEvent) -> dict[str, Json] | None:
    provider = source.rest.see("cloud.origin.provider")
    known = source.rules.clouds.get(provider) if isinstance(provider, str) else None
    if known is None:
        return None
    uid = source.rest.take("cloud.origin.account.id") or source.rest.take("cloud.origin.project.id")
    if uid is None:
        return None
    source.rest.take("cloud.origin.provider")
    return {"uid": uid, "type_id": known[0], "type": known[1]}


def _members(source: SourceEvent) -> Mapping[str, Json]:
    actor = source.audit.get("actor")
    return actor if isinstance(actor, dict) else {}


def _rule(source: SourceEvent) -> ActorRule:
    kind = _members(source).get("type")
    return source.rules.actors.get(kind, _ANY_ACTOR) if isinstance(kind, str) else _ANY_ACTOR


def _texts(part: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in part.items() if is_text(value)}
