"""Which values fit which Elasticsearch type, and what of a value is empty.

Elasticsearch refuses a document whose value does not fit its field's mapping; a value that does not fit is therefore
kept elsewhere (`anthropic.audit.metadata`), never forced and never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

Json = Any
"""A value as JSON has them."""

_LONG = 2**63
_MILLISECONDS_AT = 23
_SECONDS_AT = 19


def pruned(value: Json) -> Json:
    """Return a container without null, "", [] and {}, at any depth; what becomes empty goes, false and 0 stay."""
    if isinstance(value, dict):
        members = ((name, pruned(member)) for name, member in value.items())
        return {name: member for name, member in members if not is_empty(member)}
    if isinstance(value, list):
        return [item for item in map(pruned, value) if not is_empty(item)]
    return value


def is_empty(value: Json) -> bool:
    """Say whether a value is dropped as the published pipeline drops it."""
    return value is None or (not value and not isinstance(value, (int, float)))


def _is_keyword(value: Json) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, (str, int, float)) for item in value)
    return isinstance(value, (str, int, float))


def _is_long(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LONG <= value < _LONG


def _is_double(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_boolean(value: Json) -> bool:
    return isinstance(value, bool)


def _is_date(value: Json) -> bool:
    return milliseconds(value) is not None


def _is_flattened(value: Json) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


FITS: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {
        "keyword": _is_keyword,
        "long": _is_long,
        "double": _is_double,
        "boolean": _is_boolean,
        "date": _is_date,
        "flattened": _is_flattened,
    }
)
"""For each Elasticsearch type, whether a value that is not empty can be indexed under it."""


def milliseconds(value: Json) -> str | None:
    """Return a time as ECS documents have it (UTC, milliseconds, `Z`), or None when the value is no time."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    if value.endswith("Z") and value[10:11] == "T" and value[13:14] == ":" and value[16:17] == ":":
        if value[_SECONDS_AT : _SECONDS_AT + 1] == "Z":
            return f"{value[:_SECONDS_AT]}.000Z"
        if value[_SECONDS_AT : _SECONDS_AT + 1] == "." and len(value) > _MILLISECONDS_AT:
            return f"{value[:_MILLISECONDS_AT]}Z"
    return written(when)


def written(when: datetime) -> str | None:
    """Write a time as ECS documents have it; without an offset it is UTC, outside of the calendar it is None."""
    try:
        utc = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(65_536)
def is_address(value: str) -> bool:
    """Say whether a value is an IPv4 or IPv6 address, without a zone."""
    if "%" in value:
        return False
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
