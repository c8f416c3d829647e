"""Which values are empty, and which fit an Elasticsearch type.

Elasticsearch refuses a whole document for one value that does not fit its field; such a value is kept elsewhere
(`anthropic.audit.metadata`, which takes everything), never forced and never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .moments import read_time

Json = Any
"""A value as JSON has them."""

DEPTH: Final = 17
"""How deep objects and lists are kept as such; below, they are kept as text (Elasticsearch takes 20 levels)."""

EXACT: Final = 2.0**63
"""From here on, and from its negative, the fast parser may read an integer as a float, and lose digits."""

LONG: Final = 2**63
"""Elasticsearch takes integers below this, and from its negative on."""


class SpoiledError(Exception):
    """The fast parser's reading is not exact enough, or too deep: read again with care."""


def is_empty(value: Json) -> bool:
    """Say whether a value is dropped, as the published pipeline drops it; false and 0 are not."""
    return value is None or (not value and not isinstance(value, int | float))


def pruned(value: Json, limit: float, depth: int = DEPTH) -> Json:
    """Return a value without null, "", [] and {} at any depth, children first; what becomes empty goes as well.

    Raises:
        SpoiledError: A float of at least `limit`, or containers nested deeper than `depth`.
    """
    if isinstance(value, dict):
        _check_depth(depth)
        members = [(name, pruned(member, limit, depth - 1)) for name, member in value.items()]
        return {name: member for name, member in members if not is_empty(member)}
    if isinstance(value, list):
        _check_depth(depth)
        elements = [pruned(element, limit, depth - 1) for element in value]
        return [element for element in elements if not is_empty(element)]
    if isinstance(value, float) and not -limit < value < limit:
        raise SpoiledError
    return value


def _check_depth(depth: int) -> None:
    if depth <= 0:
        raise SpoiledError


def _keyword(value: Json) -> Json:
    if isinstance(value, list):
        return value if all(isinstance(element, str | int | float) for element in value) else None
    return value if isinstance(value, str | int | float) else None


def _long(value: Json) -> Json:
    if isinstance(value, list):
        return value if all(map(_is_long, value)) else None
    return value if _is_long(value) else None


def _is_long(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LONG <= value < LONG


def _double(value: Json) -> Json:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Json) -> Json:
    return value if isinstance(value, bool) else None


def _flattened(value: Json) -> Json:
    if isinstance(value, list):
        return value if all(isinstance(element, dict) for element in value) else None
    return value if isinstance(value, dict) else None


FITTED: Mapping[str, Callable[[Json], Json]] = MappingProxyType(
    {
        "keyword": _keyword,
        "long": _long,
        "double": _double,
        "boolean": _boolean,
        "date": read_time,
        "flattened": _flattened,
    }
)
"""For each Elasticsearch type: what a value (not empty) is stored as, or None when it does not fit."""
