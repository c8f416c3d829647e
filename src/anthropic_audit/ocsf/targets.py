"""What an event tells of, built for each class; None where the event lacks what the class can't do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .class_choice import ClassChoice
from .model import ClassContent, Json
from .resources import Resource, any_resource, found_resource, resource_about, resource_in
from .source_event import SourceEvent
from .unmapped import is_texts
from .users import HUMAN, NOBODY, target_user

_REGULAR_FILE: Final = (1, "Regular File")
_OTHER: Final = 99
_UNKNOWN: Final = (0, "Unknown")
_GROUP, _USER = 3, 2
_NEW: Final = (1, "New")
_DATABUCKET: Final = (2, "Databucket")
_PRODUCT: Final = "Claude"

Actor = Mapping[str, Json] | None
"""The user that acted, if there is one."""

Parts = dict[str, Json]
"""Top-level attributes of an event."""


def parts_about(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    """Return what the class of a choice asks for; None when the event can't tell it."""
    if not all(case.text(field) in allowed for field, allowed in choice.rule.when.items()):
        return None
    return _BUILDERS[choice.event_class.about](case, choice, acting)


def _nothing(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del case, choice, acting
    return {}


def _api(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = found_resource(case, choice) or any_resource(case)
    return {"resources": [thing.told()]} if thing else {}


def _app(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = resource_about(case, choice)
    told = thing.told()
    told["feature"] = {"name": told.pop("type")}
    version = case.text("version")
    return {"app": {**told, "version": version} if version else told}


def _datastore(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = resource_about(case, choice)
    bucket = {**thing.told(), "type_id": _OTHER}
    return {"databucket": bucket, "type_id": _DATABUCKET[0], "type": _DATABUCKET[1]}


def _entity(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing, user = found_resource(case, choice), target_user(case.rest)
    if thing is None and user is not None and choice.is_of_the_whole:
        told = {name: user[name] for name in ("uid", "name") if name in user}
        return {"entity": {**told, "type_id": _USER, "type": "User", "user": user}}
    thing = thing or Resource(choice.words)
    number, kind = thing.is_a
    entity = {**thing.told(), "type_id": number}
    if number == _GROUP:
        entity["group"] = thing.told()
    if number != _OTHER:
        entity["type"] = kind
    return {"entity": {**entity, "user": user} if user else entity}


def _file(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = resource_about(case, choice)
    extension = case.rest.take("file.extension") if thing.name else None
    number, kind = _REGULAR_FILE if extension else (_OTHER, thing.called)
    file = {"name": thing.name or thing.uid or thing.called, "type_id": number, "type": kind}
    if thing.uid:
        file["uid"] = thing.uid
    return {"file": {**file, "ext": extension} if extension else file}


def _finding(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = found_resource(case, choice)
    finding = {"uid": case.identity or "unknown", "title": case.message, "types": [choice.words]}
    parts: Parts = {"finding_info": finding, "status_id": _NEW[0], "status": _NEW[1]}
    return {**parts, "resources": [thing.told()]} if thing else parts


def _group(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    del acting
    thing = resource_in(case, choice.rule.field or "group_id", choice.rule.kind_from)
    if thing is None:
        return None
    parts: Parts = {"group": thing.told()}
    user = target_user(case.rest) or _only_member(case, choice) or _program(case)
    privileges = _privileges(case, choice)
    return {**parts, **({"user": user} if user else {}), **({"privileges": privileges} if privileges else {})}


def _only_member(case: SourceEvent, choice: ClassChoice) -> Parts | None:
    """Return the user that a group gained or lost, where it is one alone."""
    members = case.audit.get(choice.rule.member or "")
    return {"uid": members[0]} if isinstance(members, list) and is_texts(members) and len(members) == 1 else None


def _program(case: SourceEvent) -> Parts | None:
    """Return the service account that it was done to."""
    thing = resource_in(case, "service_account_id")
    return _account(thing) if thing else None


def _account(thing: Resource) -> Parts:
    number, kind = thing.account or _UNKNOWN
    return {"uid": thing.uid, "type_id": number, "type": kind}


def _privileges(case: SourceEvent, choice: ClassChoice) -> list[str]:
    for path in choice.rule.privileges:
        listed = case.rest.take(path, is_texts)
        if listed:
            return list(listed)
        text = case.text(path)
        if text:
            return [text]
    return list(choice.rule.grants)


def _scan(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = resource_about(case, choice)
    return {"scan": {**thing.told(), "type_id": _OTHER}}


def _sign_in(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    rule, known = choice.rule, case.rules.factors
    user = acting or target_user(case.rest) or NOBODY
    parts: Parts = {"user": user, "service": {"name": _PRODUCT}}
    word = rule.factor or (case.text(rule.factor_from) if rule.factor_from else None)
    factor = known.get(word or "")
    if factor:
        parts["auth_factors"] = [{"factor_type_id": factor[0], "factor_type": factor[1]}]
    if rule.protocol:
        parts["auth_protocol_id"], parts["auth_protocol"] = rule.protocol
    second = case.text("mfa_method")
    return {**parts, "is_mfa": second != "not_used"} if second else parts


def _user(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    if choice.rule.user == "actor":
        return {"user": acting} if acting and acting["type_id"] == HUMAN else None
    field = choice.rule.field
    thing = resource_in(case, field) if field else None
    user = (_account(thing) if thing else None) or target_user(case.rest)
    return {"user": user} if user else None


def _user_privileges(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    user = _user(case, choice, acting)
    if user is None:
        return None
    parts: Parts = {**user, "privileges": _privileges(case, choice)}
    thing = any_resource(case)
    return {**parts, "resources": [thing.told()]} if thing and thing.account is None else parts


def _web_resource(case: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    thing = resource_about(case, choice)
    return {"web_resources": [thing.told()]}


_BUILDERS: Mapping[ClassContent, Callable[[SourceEvent, ClassChoice, Actor], Parts | None]] = {
    ClassContent.NOTHING: _nothing,
    ClassContent.API: _api,
    ClassContent.APP: _app,
    ClassContent.DATASTORE: _datastore,
    ClassContent.ENTITY: _entity,
    ClassContent.FILE: _file,
    ClassContent.FINDING: _finding,
    ClassContent.GROUP: _group,
    ClassContent.SCAN: _scan,
    ClassContent.SIGN_IN: _sign_in,
    ClassContent.USER: _user,
    ClassContent.USER_PRIVILEGES: _user_privileges,
    ClassContent.WEB_RESOURCE: _web_resource,
}
