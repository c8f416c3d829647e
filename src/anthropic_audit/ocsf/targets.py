"""The attributes that each class requires; None when the event lacks a required attribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .class_choice import ClassChoice
from .model import ClassContent, Json
from .resources import Resource, any_resource, found_resource, resource_about, resource_in
from .source_event import SourceEvent
from .unmapped import is_texts
from .users import HUMAN, UNKNOWN_USER, target_user

_REGULAR_FILE: Final = (1, "Regular File")
_OTHER: Final = 99
_UNKNOWN: Final = (0, "Unknown")
_GROUP, _USER = 3, 2
_NEW: Final = (1, "New")
_DATABUCKET: Final = (2, "Databucket")
_PRODUCT: Final = "Claude"

Actor = Mapping[str, Json] | None
"""The user of the actor, or None."""

Parts = dict[str, Json]
"""Top-level attributes of an event."""


def parts_about(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    """Return the attributes of a choice's class; None when the event lacks a required one."""
    if not all(source.text(field) in allowed for field, allowed in choice.rule.when.items()):
        return None
    return _BUILDERS[choice.event_class.about](source, choice, acting)


def _nothing(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del source, choice, acting
    return {}


def _api(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = found_resource(source, choice) or any_resource(source)
    return {"resources": [resource.attributes()]} if resource else {}


def _app(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = resource_about(source, choice)
    app = resource.attributes()
    app["feature"] = {"name": app.pop("type")}
    version = source.text("version")
    return {"app": {**app, "version": version} if version else app}


def _datastore(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = resource_about(source, choice)
    bucket = {**resource.attributes(), "type_id": _OTHER}
    return {"databucket": bucket, "type_id": _DATABUCKET[0], "type": _DATABUCKET[1]}


def _entity(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource, user = found_resource(source, choice), target_user(source.rest)
    if resource is None and user is not None and choice.affects_whole:
        names = {name: user[name] for name in ("uid", "name") if name in user}
        return {"entity": {**names, "type_id": _USER, "type": "User", "user": user}}
    resource = resource or Resource(choice.words)
    number, kind = resource.is_a
    entity = {**resource.attributes(), "type_id": number}
    if number == _GROUP:
        entity["group"] = resource.attributes()
    if number != _OTHER:
        entity["type"] = kind
    return {"entity": {**entity, "user": user} if user else entity}


def _file(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = resource_about(source, choice)
    extension = source.rest.take("file.extension") if resource.name else None
    number, kind = _REGULAR_FILE if extension else (_OTHER, resource.called)
    file = {"name": resource.name or resource.uid or resource.called, "type_id": number, "type": kind}
    if resource.uid:
        file["uid"] = resource.uid
    return {"file": {**file, "ext": extension} if extension else file}


def _finding(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = found_resource(source, choice)
    finding = {"uid": source.identity or "unknown", "title": source.message, "types": [choice.words]}
    parts: Parts = {"finding_info": finding, "status_id": _NEW[0], "status": _NEW[1]}
    return {**parts, "resources": [resource.attributes()]} if resource else parts


def _group(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    del acting
    resource = resource_in(source, choice.rule.field or "group_id", choice.rule.kind_from)
    if resource is None:
        return None
    parts: Parts = {"group": resource.attributes()}
    user = target_user(source.rest) or _only_member(source, choice) or _service_account(source)
    privileges = _privileges(source, choice)
    return {**parts, **({"user": user} if user else {}), **({"privileges": privileges} if privileges else {})}


def _only_member(source: SourceEvent, choice: ClassChoice) -> Parts | None:
    """Return the user that a group gained or lost, or None when there are several."""
    members = source.audit.get(choice.rule.member or "")
    return {"uid": members[0]} if isinstance(members, list) and is_texts(members) and len(members) == 1 else None


def _service_account(source: SourceEvent) -> Parts | None:
    """Return the service account that the activity affects, or None."""
    resource = resource_in(source, "service_account_id")
    return _account(resource) if resource else None


def _account(resource: Resource) -> Parts:
    number, kind = resource.account or _UNKNOWN
    return {"uid": resource.uid, "type_id": number, "type": kind}


def _privileges(source: SourceEvent, choice: ClassChoice) -> list[str]:
    for path in choice.rule.privileges:
        listed = source.rest.take(path, is_texts)
        if listed:
            return list(listed)
        text = source.text(path)
        if text:
            return [text]
    return list(choice.rule.grants)


def _scan(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = resource_about(source, choice)
    return {"scan": {**resource.attributes(), "type_id": _OTHER}}


def _sign_in(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    rule, known = choice.rule, source.rules.factors
    user = acting or target_user(source.rest) or UNKNOWN_USER
    parts: Parts = {"user": user, "service": {"name": _PRODUCT}}
    word = rule.factor or (source.text(rule.factor_from) if rule.factor_from else None)
    factor = known.get(word or "")
    if factor:
        parts["auth_factors"] = [{"factor_type_id": factor[0], "factor_type": factor[1]}]
    if rule.protocol:
        parts["auth_protocol_id"], parts["auth_protocol"] = rule.protocol
    second = source.text("mfa_method")
    return {**parts, "is_mfa": second != "not_used"} if second else parts


def _user(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    if choice.rule.user == "actor":
        return {"user": acting} if acting and acting["type_id"] == HUMAN else None
    field = choice.rule.field
    resource = resource_in(source, field) if field else None
    user = (_account(resource) if resource else None) or target_user(source.rest)
    return {"user": user} if user else None


def _user_privileges(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts | None:
    user = _user(source, choice, acting)
    if user is None:
        return None
    parts: Parts = {**user, "privileges": _privileges(source, choice)}
    resource = any_resource(source)
    return {**parts, "resources": [resource.attributes()]} if resource and resource.account is None else parts


def _web_resource(source: SourceEvent, choice: ClassChoice, acting: Actor) -> Parts:
    del acting
    resource = resource_about(source, choice)
    return {"web_resources": [resource.attributes()]}


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
