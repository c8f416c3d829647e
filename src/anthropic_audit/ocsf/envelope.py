"""Attributes of every class: time, severity, status, metadata, actor and source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from .class_choice import ClassChoice
from .endpoints import UNKNOWN_ENDPOINT, endpoint_of, request_of
from .model import ClassContent, Coded, Json
from .source_event import SourceEvent
from .unmapped import is_texts, is_whole
from .users import UNKNOWN_USER, actor_of

_VENDOR: Final = "Anthropic"
_PRODUCT: Final[Mapping[str, Json]] = {
    "name": "Compliance API",
    "vendor_name": _VENDOR,
    "feature": {"name": "Activity Feed"},
}
"""The product and the vendor, named as in the vendor's own mapping."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SEVERITIES: Final = ("Unknown", "Informational", "Low", "Medium", "High", "Critical")
_STATUSES: Final[Mapping[str, Coded]] = {
    "success": (1, "Success"),
    "failure": (2, "Failure"),
    "unknown": (0, "Unknown"),
}
_NO_TIME: Final = 0
"""The time of an activity without a readable time, as OCSF requires one."""


def head_of(source: SourceEvent, choice: ClassChoice, profiles: list[str]) -> dict[str, Json]:
    """Return the attributes that identify and classify the event, taken from the document."""
    event_class = choice.event_class
    head: dict[str, Json] = {
        "activity_id": choice.activity_id,
        "activity_name": choice.activity_name,
        "category_uid": event_class.category,
        "category_name": source.rules.categories[event_class.category],
        "class_uid": event_class.uid,
        "class_name": event_class.name,
        "type_uid": choice.type_uid,
        "type_name": choice.type_name,
        "time": _moment(source, "@timestamp") or _NO_TIME,
        "message": source.message,
        **_severity(source),
        **({} if event_class.about == ClassContent.FINDING else _status(source)),
        "metadata": _metadata(source, profiles),
    }
    for name, path in (("status_detail", "event.reason"), ("raw_data", "event.original")):
        text = source.rest.take(path)
        if text:
            head[name] = text
    return head


def context_of(source: SourceEvent, choice: ClassChoice, acting: Mapping[str, Json] | None) -> dict[str, Json]:
    """Return actor, device, source endpoint, request and response, as far as the class has these attributes."""
    has, needs = choice.event_class.has, choice.event_class.needs
    is_request = choice.event_class.about == ClassContent.API or bool(source.rest.see("http.request"))
    actor = actor_of(source, acting)
    parts: dict[str, Json] = {
        "cloud": _cloud(source),
        "actor": actor or ({"user": UNKNOWN_USER} if "actor" in needs else None),
        "device": _device(source),
    }
    if "src_endpoint" in has:
        parts["src_endpoint"] = endpoint_of(source) or (UNKNOWN_ENDPOINT if "src_endpoint" in needs else None)
    if "http_request" in has:
        parts["http_request"] = request_of(source.rest, is_about_it=is_request)
    code = source.rest.take("http.response.status_code", is_whole)
    if code is not None and "http_response" in has:
        parts["http_response"] = {"code": code}
    parts["api"] = _api(source, choice, code)
    return {name: part for name, part in parts.items() if part}


def profiles_of(choice: ClassChoice, parts: Mapping[str, Json]) -> list[str]:
    """Return the profiles that an event of a class needs for its parts."""
    is_on_a_host = "device" in parts or ("actor" in parts and "actor" not in choice.event_class.has)
    return ["cloud", "host"] if is_on_a_host else ["cloud"]


def _moment(source: SourceEvent, path: str) -> int | None:
    """Return a time in whole milliseconds since 1970 (truncated), taken from the document, or None."""
    text = source.rest.see(path)
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    source.rest.take(path)
    return (moment - _EPOCH) // _MILLISECOND


def _severity(source: SourceEvent) -> dict[str, Json]:
    """Return the severity by the catalogue's sensitivity; unknown when the catalogue lacks the type."""
    sensitivity = source.audit.get("sensitivity")
    pair = source.rules.severities.get(sensitivity) if isinstance(sensitivity, str) else None
    number = 0 if pair is None else pair[source.rest.see("event.outcome") == "failure"]
    return {"severity_id": number, "severity": _SEVERITIES[number]}


def _status(source: SourceEvent) -> dict[str, Json]:
    outcome = source.rest.take("event.outcome", lambda value: isinstance(value, str) and value in _STATUSES)
    number, name = _STATUSES.get(outcome or "unknown", _STATUSES["unknown"])
    return {"status_id": number, "status": name}


def _metadata(source: SourceEvent, profiles: list[str]) -> dict[str, Json]:
    take = source.rest.take
    error = source.rest.see("error.message")
    if error == source.message:
        take("error.message")
    identity = take("event.id")
    found = {
        "uid": identity,
        "original_event_uid": identity,
        "original_time": source.original_time,
        "event_code": take("event.action"),
        "log_name": take("event.dataset"),
        "log_provider": take("event.module"),
        "logged_time": _moment(source, "event.created"),
        "tenant_uid": source.tenant,
        "labels": take("tags", is_texts),
    }
    known = {name: value for name, value in found.items() if value}
    return {"version": source.rules.version, "product": _PRODUCT, "profiles": profiles, **known}


def _cloud(source: SourceEvent) -> dict[str, Json]:
    found = {"uid": source.rest.take("organization.id"), "name": source.rest.take("organization.name")}
    organization = {name: value for name, value in found.items() if value}
    return {"provider": _VENDOR, "org": organization} if organization else {"provider": _VENDOR}


def _device(source: SourceEvent) -> dict[str, Json] | None:
    """Return the device of the actor, or None when it has not proved its identity."""
    uid = source.rest.take("device.id")
    return {"uid": uid, "type_id": 0, "type": "Unknown"} if uid else None


def _api(source: SourceEvent, choice: ClassChoice, code: int | None) -> dict[str, Json] | None:
    """Return the requested operation, or None when the event is not about a request."""
    uid = source.rest.take("http.request.id")
    if uid is None and code is None and choice.event_class.about != ClassContent.API:
        return None
    api: dict[str, Json] = {"operation": source.operation}
    if uid is not None:
        api["request"] = {"uid": uid}
    if code is not None:
        api["response"] = {"code": code}
    return api
