"""Read values of JSON documents by the dotted names of their fields."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_MAX_REMEMBERED_NAMES = 4096


def value_at(document: object, name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of a field by its dotted name, or None if it is missing; lists are not descended into."""
    return value_at_path(document, _steps(name))


def value_at_path(value: object, path: Sequence[str]) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value at a path of member names, or None if it is missing; lists are not descended into."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


@lru_cache(_MAX_REMEMBERED_NAMES)
def _steps(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))
