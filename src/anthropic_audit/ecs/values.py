"""Tests for empty values, and for values that fit an Elasticsearch type.

Elasticsearch refuses a whole document for one value that does not fit its field; such a value is set aside
(in `anthropic.audit.metadata`, which takes any value), never converted and never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .limits import MAX_DEPTH
from .names import put_member
from .timestamps import read_time

Json = Any
"""A JSON value."""

EXACT: Final = 2.0**63
"""The fast parser may read an integer of at least this absolute value as a float, and lose digits."""

LONG: Final = 2**63
"""Elasticsearch accepts integers from `-LONG` (included) to `LONG` (excluded)."""

ANY_FLOAT: Final = float("inf")
"""The limit for floats that were read leniently: all of them are exact."""

_DOUBLE: Final = 2**1023
"""Upper bound on the numbers that are stored as a double, which holds no integer much larger than this."""

_WHOLE: Final = 2**53
"""A float represents every integer up to this one exactly."""


class SpoiledError(Exception):
    """The fast parser's result is not exact, or is nested too deep: read the activity again leniently."""


def is_empty(value: Json) -> bool:
    """Return whether a value is dropped, as in the published pipeline: null and empty values, but not false and 0."""
    return value is None or (not value and not isinstance(value, int | float))


def pruned(value: Json, limit: float, depth: int = MAX_DEPTH - 1) -> Json:
    """Return a value without null, "", [] and {} at any depth, and without containers that become empty by that.

    Names of members are written so that every target accepts them (`names`).

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
    """Return a whole number that Elasticsearch's `long` accepts, or None; it would cut off a fraction silently."""
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
"""For each Elasticsearch type, a function that returns a (non-empty) value as stored, or None if it does not fit."""
