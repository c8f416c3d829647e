"""The syntax tree of a query: conditions and words, combined by and, or, not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .conditions import Condition

_FIELDS_OF_AN_EVENT: Final = 100


@dataclass(frozen=True, slots=True)
class Word:
    """A text that occurs, in any case, in one of a document's values."""

    text: str
    is_literal: bool = True
    """False if `*` in the text is a wildcard."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Matches if all parts match; without parts, always."""

    parts: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches if one of the parts matches; without parts, never."""

    parts: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """Matches if its part does not."""

    part: Query


Query = Condition | Word | AllOf | AnyOf | Not
"""A condition on events."""

EVERYTHING = AllOf()


def weight_of(query: Query) -> int:
    """Return about how many fields a query reads of each event; a word is searched in all of them."""
    match query:
        case Word():
            return _FIELDS_OF_AN_EVENT
        case AllOf(parts) | AnyOf(parts):
            return sum(map(weight_of, parts))
        case Not(part):
            return weight_of(part)
        case Condition():
            return 1


def conditions_of(query: Query) -> Iterator[Condition]:
    """Yield each condition of a query."""
    match query:
        case Condition():
            yield query
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions_of(part)
        case Not(part):
            yield from conditions_of(part)
        case Word():
            pass


def is_everything(query: Query) -> bool:
    """Return whether a query matches every event because it has no conditions, in any nesting."""
    return isinstance(query, AllOf) and all(is_everything(part) for part in query.parts)
