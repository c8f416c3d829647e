"""Which values are empty, and which fit an Elasticsearch type.

Elasticsearch refuses a whole document for one value that does not fit its field; such a value is kept elsewhere
(`anthropic.audit.metadata`, which takes everything), never forced and never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .limits import MAX_DEPTH
from .names import put_member
from .timestamps import read_time

Json = Any
"""A value as JSON has them."""

EXACT: Final = 2.0**63
"""From here on, and from its negative, the fast parser may read an integer as a float, and lose digits."""

LONG: Final = 2**63
"""Elasticsearch takes integers below this, and from its negative on."""

ANY_FLOAT: Final = float("inf")
"""The limit of floats that were read with care: all are as received."""

_DOUBLE: Final = 2**1023
"""A double holds no integer much larger than this."""

_WHOLE: Final = 2**53
"""Up to here a float has every integer."""


class SpoiledError(Exception):
    """The fast parser's reading is not exact enough, or too deep: read again with care."""


def is_empty(value: Json) -> bool:
    """Say whether a value is dropped, as the published pipeline drops it; false and 0 are not."""
    return value is None or (not value and not isinstance(value, int | float))


def pruned(value: Json, limit: float, depth: int = MAX_DEPTH - 1) -> Json:
    """Return a value without null, "", [] and {} at any depth, children first; what becomes empty goes as well.

    Names of members are made fit for every target (`names`).

    Raises:
        SpoiledError: A float of at least `limit` or 0 (it may be a tiny one), or containers deeper than `depth`.
    """
    if isinstance(value, dict):
        _check_depth(depth)
        kept: dict[str, Json] = {}
        for name, received in value.items():
            member = pruned(received, limit, depth - 1)
            if not is_empty(member):
                put_member(kept, name, member)
        return kept
    if isinstance(value, list):
        _check_depth(depth)
        elements = [pruned(element, limit, depth - 1) for element in value]
        return [element for element in elements if not is_empty(element)]
    if isinstance(value, float) and limit != ANY_FLOAT and not (value and -limit < value < limit):
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
        numbers = list(map(_whole, value))
        return None if None in numbers else numbers
    return _whole(value)


def _whole(value: Json) -> int | None:
    """Return a whole number that Elasticsearch's `long` takes: no fraction, which it would cut in silence."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _WHOLE else None
    return value if isinstance(value, int) and not isinstance(value, bool) and -LONG <= value < LONG else None


def _double(value: Json) -> Json:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and -_DOUBLE < value < _DOUBLE else None


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
