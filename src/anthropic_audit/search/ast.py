"""What an event has to be like, as a tree: comparisons and words, joined by and, or, not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .conditions import Condition

_FIELDS_OF_AN_EVENT: Final = 100


@dataclass(frozen=True, slots=True)
class Word:
    """A text that occurs, in any case, somewhere in a document's values."""

    text: str
    is_literal: bool = True
    """False when a `*` in it stands for anything."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Fits when each of its parts does; without parts, always."""

    parts: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Fits when one of its parts does; without parts, never."""

    parts: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """Fits when its part does not."""

    part: Query


Query = Condition | Word | AllOf | AnyOf | Not
"""What an event has to be like."""

EVERYTHING = AllOf()


def weight_of(query: Query) -> int:
    """Return about how many fields a query reads of each event; a word is sought in all of them."""
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
    """Yield each comparison of a query."""
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
    """Say whether a query asks for nothing at all, however often."""
    return isinstance(query, AllOf) and all(is_everything(part) for part in query.parts)
