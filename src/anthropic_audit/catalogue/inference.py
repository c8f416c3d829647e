"""Inference of a field's kind from observed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from .model import FieldSpec

Json = Any
"""A JSON value."""

WORD: Final = re.compile(r"[A-Za-z0-9_.:/-]+")
"""A name or a value that the notation accepts."""

_MAX_DEPTH, _MAX_MEMBERS = 4, 60
_KINDS: Mapping[type, str] = MappingProxyType(
    {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "list"}
)


class ObservedValues:
    """A summary of a field's values: their kinds, without the values; bounded, however many values there are."""

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._kinds: set[str] = set()
        self._members: dict[str, ObservedValues] = {}
        self._elements: ObservedValues | None = None
        self._objects = 0
        self._is_crowded = False
        self.times = 0
        """The number of values."""
        self.is_null = False
        """True when a value was null."""
        self.is_fraction = False
        """True when a value was a float."""
        self.is_time = True
        """True while every value is the text of a time."""

    def add(self, value: Json) -> None:
        """Add a value to the summary."""
        self.times += 1
        if value is None:
            self.is_null = True
            return
        kind = _KINDS[type(value)]
        self._kinds.add(kind)
        self.is_fraction |= isinstance(value, float)
        self.is_time &= isinstance(value, str) and _is_time(value)
        if self._depth < _MAX_DEPTH:
            self._look_inside(value)

    def spec(self, *, of: int) -> FieldSpec:
        """Return the most likely field.

        Args:
            of: The number of objects that could have had the field; it is required if all of them had it.
        """
        required, nullable = self.times >= of, self.is_null
        if self._kinds == {"list"}:
            element = FieldSpec("unknown") if self._elements is None else self._elements.spec(of=0)
            if element.is_array:
                element = FieldSpec("unknown")
            return FieldSpec(element.kind, True, required, nullable, fields=element.fields)  # noqa: FBT003 - an array
        if len(self._kinds) != 1:
            return FieldSpec("unknown", is_required=required, is_nullable=nullable)
        (kind,) = self._kinds
        return FieldSpec(kind, is_required=required, is_nullable=nullable, fields=self._fields())

    def stored_as(self) -> str:
        """Return the Elasticsearch type that accepts the observed values."""
        inner = self._elements if self._kinds == {"list"} and self._elements else self
        kinds = inner._kinds  # noqa: SLF001 - of the same class
        if kinds == {"object"}:
            return "flattened"
        if kinds == {"boolean"}:
            return "boolean"
        if kinds == {"number"}:
            return "double" if inner.is_fraction and inner is self else "long"
        return "date" if kinds == {"string"} and self.is_time else "keyword"

    def _look_inside(self, value: Json) -> None:
        if isinstance(value, dict):
            self._objects += 1
            for name, member in value.items():
                if name in self._members or len(self._members) < _MAX_MEMBERS:
                    self._members.setdefault(name, ObservedValues(self._depth + 1)).add(member)
                else:
                    self._is_crowded = True
        elif isinstance(value, list):
            self._elements = self._elements or ObservedValues(self._depth + 1)
            for element in value:
                self._elements.add(element)

    def _fields(self) -> dict[str, FieldSpec]:
        """Return the members of an object; none when there are too many, or a name is not a word of the notation."""
        if self._is_crowded or not all(WORD.fullmatch(name) for name in self._members):
            return {}
        return {name: seen.spec(of=self._objects) for name, seen in sorted(self._members.items())}


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
