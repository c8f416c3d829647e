"""Conditions that select the events of a processor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from typing import Any

Json = Any
"""A JSON value."""

_NOT = "!"
_WORDS = {True: "true", False: "false"}


class EventCondition:
    """Conditions on fields, all of which must hold.

    Args:
        patterns: For each field, patterns of which one must match; a pattern that begins with `!` must not match.
    """

    def __init__(self, patterns: Mapping[str, Sequence[str]]) -> None:
        self._conditions = [_Condition(name, texts) for name, texts in patterns.items()]

    def holds(self, document: Mapping[str, Json]) -> bool:
        """Return whether a document meets all conditions."""
        return all(condition.holds(document) for condition in self._conditions)


class _Condition:
    """A field, and the patterns that its values must match and must not match."""

    def __init__(self, name: str, texts: Sequence[str]) -> None:
        self._path = tuple(name.split("."))
        self._wanted = _any_of([text for text in texts if not text.startswith(_NOT)])
        self._unwanted = _any_of([text.removeprefix(_NOT) for text in texts if text.startswith(_NOT)])

    def holds(self, document: Mapping[str, Json]) -> bool:
        texts = list(_texts(document, self._path))
        if self._unwanted is not None and any(map(self._unwanted.fullmatch, texts)):
            return False
        return self._wanted is None or any(map(self._wanted.fullmatch, texts))


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns))) if patterns else None


def _texts(value: Json, path: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of a field as text."""
    if isinstance(value, list):
        for member in value:
            yield from _texts(member, path)
    elif path:
        if isinstance(value, dict) and path[0] in value:
            yield from _texts(value[path[0]], path[1:])
    elif isinstance(value, bool):
        yield _WORDS[value]
    elif isinstance(value, str | int | float):
        yield str(value)
