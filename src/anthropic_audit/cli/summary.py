"""The columns that tell an event in a line: when, what, who, how it went, from where, upon what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anthropic_audit.search import SearchHit

_ACTORS = ("user.email", "anthropic.audit.actor.name", "user.id", "anthropic.audit.actor.type")
_TARGETS = ("user.target.email", "user.target.id", "file.name", "url.path")
_NO_TARGETS = frozenset({"organization_uuid", "workspace_uuid", "account_id"})
_ENDINGS = ("_name", "_id", "name", "domain")


def _when(hit: SearchHit) -> object:
    """Return the time to the second; what is finer is in the document."""
    time = str(hit.value("@timestamp") or "")
    return time[:19] + "Z" if time[19:20] == "." else time


def _actor(hit: SearchHit) -> object:
    return next((value for name in _ACTORS if (value := hit.value(name))), None)


def _source(hit: SearchHit) -> object:
    address, country = hit.value("source.ip"), hit.value("source.geo.country_iso_code")
    return f"{address} {country}" if address and country else address


def _target(hit: SearchHit) -> object:
    """Return whom or what it was done to: a person, a file, else the first thing of the activity's own with a name."""
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
"""Columns that are of no use when they are cut."""

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
"""A column's title, and what it shows of a hit."""
