"""Templates of sentences about one activity: `{actor} created API key {api_key_id}[ in workspace {workspace_id}]`.

A name in braces is a placeholder: a field of the activity by the vendor's name (dots go into objects), `actor` for the
actor, or `target` for the user whom the activity affects. A part in brackets is left out when one of its values is
missing.
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
"""Returns the value of a placeholder as text, or None when it is missing."""


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A part of a sentence."""

    pieces: tuple[tuple[bool, str], ...]
    """Plain texts (with False), and names of placeholders (with True)."""
    is_optional: bool
    """True for a part in brackets, which is left out when one of its values is missing."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with placeholders; an empty one is false."""

    parts: tuple[SentencePart, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def names(self) -> frozenset[str]:
        """The names of the placeholders."""
        return frozenset(text for part in self.parts for is_name, text in part.pieces if is_name)

    def lacks(self, value: Value) -> bool:
        """Return whether the value of a placeholder outside brackets is missing."""
        needed = [text for part in self.parts if not part.is_optional for is_name, text in part.pieces if is_name]
        return any(value(name) is None for name in needed)

    def fill(self, value: Value) -> str:
        """Return the sentence with its values filled in."""
        return "".join(_filled(part, value) for part in self.parts)


SILENT: Final = Sentence()
"""The empty sentence."""


def parse_sentence(text: str) -> Sentence:
    """Read a sentence.

    Raises:
        NotationError: A brace or bracket has no partner, or brackets are nested.
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


def _filled(part: SentencePart, value: Value) -> str:
    texts = [(value(text) if is_name else text) for is_name, text in part.pieces]
    if part.is_optional and None in texts:
        return ""
    return "".join(_NOT_GIVEN if text is None else text for text in texts)
