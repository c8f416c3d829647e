"""Sentences that tell of one activity: `{actor} created API key {api_key_id}[ in workspace {workspace_id}]`.

A name in braces stands for a value: a field of the activity by the vendor's name (dots go into objects), `actor` for
who acted, `target` for the user it was done to. What stands in brackets is left out when a value in it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .errors import NotationError

_TOKEN = re.compile(r"\{([a-z0-9_.]+)\}|([\[\]])|([^{}\[\]]+)|(.)", re.DOTALL)
_NOT_GIVEN = "(not given)"

Value = Callable[[str], str | None]
"""Returns what stands for a name, or None when it is missing."""


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A stretch of a sentence that is told whole or not at all."""

    pieces: tuple[tuple[bool, str], ...]
    """Texts, and names of values (marked True)."""
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places for values."""

    parts: tuple[SentencePart, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def names(self) -> frozenset[str]:
        """The names of the values it tells of."""
        return frozenset(text for part in self.parts for is_name, text in part.pieces if is_name)

    def lacks(self, value: Value) -> bool:
        """Say whether a value is missing that stands outside of brackets."""
        needed = [text for part in self.parts if not part.is_optional for is_name, text in part.pieces if is_name]
        return any(value(name) is None for name in needed)

    def tell(self, value: Value) -> str:
        """Return the sentence with its values."""
        return "".join(_told(part, value) for part in self.parts)


SILENT: Final = Sentence()
"""No sentence at all."""


def parse_sentence(text: str) -> Sentence:
    """Read a sentence.

    Raises:
        NotationError: A brace or bracket has no partner, or brackets stand in brackets.
    """
    parts: list[SentencePart] = []
    pieces: list[tuple[bool, str]] = []
    is_optional = False
    for name, bracket, plain, stray in _TOKEN.findall(text):
        if stray or (bracket and (bracket == "[") == is_optional):
            message = f"`{stray or bracket}` has no partner in `{text}`"
            raise NotationError(message)
        if not bracket:
            pieces.append((bool(name), name or plain))
            continue
        if pieces:
            parts.append(SentencePart(tuple(pieces), is_optional))
        pieces, is_optional = [], bracket == "["
    if is_optional:
        message = f"`[` has no partner in `{text}`"
        raise NotationError(message)
    if pieces:
        parts.append(SentencePart(tuple(pieces), is_optional=False))
    return Sentence(tuple(parts))


def _told(part: SentencePart, value: Value) -> str:
    told = [(value(text) if is_name else text) for is_name, text in part.pieces]
    if part.is_optional and None in told:
        return ""
    return "".join(_NOT_GIVEN if text is None else text for text in told)
