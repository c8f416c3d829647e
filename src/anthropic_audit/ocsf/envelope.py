"""What events of every class have: time, severity, status, where the record is from, who acted and from where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from .class_choice import ClassChoice
from .endpoints import NOWHERE, endpoint_of, request_of
from .model import ClassContent, Coded, Json
from .source_event import SourceEvent
from .unmapped import is_texts, is_whole
from .users import NOBODY, actor_of

_VENDOR: Final = "Anthropic"
_PRODUCT: Final[Mapping[str, Json]] = {
    "name": "Compliance API",
    "vendor_name": _VENDOR,
    "feature": {"name": "Activity Feed"},
}
"""The vendor's own mapping has the same names of product and vendor."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SEVERITIES: Final = ("Unknown", "Informational", "Low", "Medium", "High", "Critical")
_STATUSES: Final[Mapping[str, Coded]] = {
    "success": (1, "Success"),
    "failure": (2, "Failure"),
    "unknown": (0, "Unknown"),
}
_NO_TIME: Final = 0
"""OCSF asks for a time; this stands where the activity has none that can be read."""


def head_of(case: SourceEvent, choice: ClassChoice, profiles: list[str]) -> dict[str, Json]:
    """Return what says which event this is; takes it from the document."""
    event_class = choice.event_class
    head: dict[str, Json] = {
        "activity_id": choice.activity_id,
        "activity_name": choice.activity_name,
        "category_uid": event_class.category,
        "category_name": case.rules.categories[event_class.category],
        "class_uid": event_class.uid,
        "class_name": event_class.name,
        "type_uid": choice.type_uid,
        "type_name": choice.type_name,
        "time": _moment(case, "@timestamp") or _NO_TIME,
        "message": case.message,
        **_gravity(case),
        **({} if event_class.about == ClassContent.FINDING else _status(case)),
        "metadata": _metadata(case, profiles),
    }
    for name, path in (("status_detail", "event.reason"), ("raw_data", "event.original")):
        text = case.rest.take(path)
        if text:
            head[name] = text
    return head


def surroundings_of(case: SourceEvent, choice: ClassChoice, acting: Mapping[str, Json] | None) -> dict[str, Json]:
    """Return who acted, from where and by which request, as far as the class tells of it."""
    has, needs = choice.event_class.has, choice.event_class.needs
    is_request = choice.event_class.about == ClassContent.API or bool(case.rest.see("http.request"))
    actor = actor_of(case, acting)
    parts: dict[str, Json] = {
        "cloud": _cloud(case),
        "actor": actor or ({"user": NOBODY} if "actor" in needs else None),
        "device": _device(case),
    }
    if "src_endpoint" in has:
        parts["src_endpoint"] = endpoint_of(case) or (NOWHERE if "src_endpoint" in needs else None)
    if "http_request" in has:
        parts["http_request"] = request_of(case.rest, is_about_it=is_request)
    code = case.rest.take("http.response.status_code", is_whole)
    if code is not None and "http_response" in has:
        parts["http_response"] = {"code": code}
    parts["api"] = _api(case, choice, code)
    return {name: part for name, part in parts.items() if part}


def profiles_of(choice: ClassChoice, parts: Mapping[str, Json]) -> list[str]:
    """Return the profiles that an event of a class needs for its parts."""
    is_on_a_host = "device" in parts or ("actor" in parts and "actor" not in choice.event_class.has)
    return ["cloud", "host"] if is_on_a_host else ["cloud"]


def _moment(case: SourceEvent, path: str) -> int | None:
    """Return a time in whole milliseconds since 1970 (cut, not rounded), taken from the document, or None."""
    text = case.rest.see(path)
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    case.rest.take(path)
    return (moment - _EPOCH) // _MILLISECOND


def _gravity(case: SourceEvent) -> dict[str, Json]:
    """Return how grave it is by the catalogue; unknown where the catalogue does not know the type."""
    sensitivity = case.audit.get("sensitivity")
    pair = case.rules.severities.get(sensitivity) if isinstance(sensitivity, str) else None
    number = 0 if pair is None else pair[case.rest.see("event.outcome") == "failure"]
    return {"severity_id": number, "severity": _SEVERITIES[number]}


def _status(case: SourceEvent) -> dict[str, Json]:
    outcome = case.rest.take("event.outcome", lambda value: isinstance(value, str) and value in _STATUSES)
    number, name = _STATUSES.get(outcome or "unknown", _STATUSES["unknown"])
    return {"status_id": number, "status": name}


def _metadata(case: SourceEvent, profiles: list[str]) -> dict[str, Json]:
    take = case.rest.take
    said = case.rest.see("error.message")
    if said == case.message:
        take("error.message")
    identity = take("event.id")
    found = {
        "uid": identity,
        "original_event_uid": identity,
        "original_time": case.original_time,
        "event_code": take("event.action"),
        "log_name": take("event.dataset"),
        "log_provider": take("event.module"),
        "logged_time": _moment(case, "event.created"),
        "tenant_uid": case.tenant,
        "labels": take("tags", is_texts),
    }
    known = {name: value for name, value in found.items() if value}
    return {"version": case.rules.version, "product": _PRODUCT, "profiles": profiles, **known}


def _cloud(case: SourceEvent) -> dict[str, Json]:
    found = {"uid": case.rest.take("organization.id"), "name": case.rest.take("organization.name")}
    organization = {name: value for name, value in found.items() if value}
    return {"provider": _VENDOR, "org": organization} if organization else {"provider": _VENDOR}


def _device(case: SourceEvent) -> dict[str, Json] | None:
    """Return the device that acted, where it proved which one it is."""
    uid = case.rest.take("device.id")
    return {"uid": uid, "type_id": 0, "type": "Unknown"} if uid else None


def _api(case: SourceEvent, choice: ClassChoice, code: int | None) -> dict[str, Json] | None:
    """Return the operation that was asked for, where the event tells of a request."""
    uid = case.rest.take("http.request.id")
    if uid is None and code is None and choice.event_class.about != ClassContent.API:
        return None
    api: dict[str, Json] = {"operation": case.operation}
    if uid is not None:
        api["request"] = {"uid": uid}
    if code is not None:
        api["response"] = {"code": code}
    return api
