"""The columns of an event's summary line: time, action, actor, outcome, source, target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anthropic_audit.query import SearchHit

_ACTORS = ("user.email", "anthropic.audit.actor.name", "user.id", "anthropic.audit.actor.type")
_TARGETS = ("user.target.email", "user.target.id", "file.name", "url.path")
_NO_TARGETS = frozenset({"organization_uuid", "workspace_uuid", "account_id"})
_ENDINGS = ("_name", "_id", "name", "domain")


def _when(hit: SearchHit) -> object:
    """Return the time, cut to seconds."""
    time = str(hit.value("@timestamp") or "")
    return time[:19] + "Z" if time[19:20] == "." else time


def _actor(hit: SearchHit) -> object:
    return next((value for name in _ACTORS if (value := hit.value(name))), None)


def _source(hit: SearchHit) -> object:
    address, country = hit.value("source.ip"), hit.value("source.geo.country_iso_code")
    return f"{address} {country}" if address and country else address


def _target(hit: SearchHit) -> object:
    """Return the target of an event: a user, a file, else the first of the activity's own fields with a name or id."""
    named = next((value for name in _TARGETS if (value := hit.value(name))), None)
    if named:
        return named
    own = hit.value("anthropic.audit")
    texts = {name: text for name, text in own.items() if isinstance(text, str)} if isinstance(own, dict) else {}
    for ending in _ENDINGS:
        found = sorted(name for name in texts if name.endswith(ending) and name not in _NO_TARGETS)
        if found:
            return texts[found[0]]
    return None


UNCUT = frozenset({"time", "outcome", "@timestamp", "event.outcome", "seq"})
"""Columns that are useless when cut."""

SUMMARY: Mapping[str, Callable[[SearchHit], object]] = MappingProxyType(
    {
        "time": _when,
        "action": lambda hit: hit.value("event.action"),
        "actor": _actor,
        "outcome": lambda hit: hit.value("event.outcome"),
        "source": _source,
        "target": _target,
    }
)
"""Functions that return a hit's cell, by the column's title."""
