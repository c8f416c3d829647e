"""The one-line notation of a field: `string!`, `list(string)?`, `enum(blocked, unspecified)!`.

spec    = kind ["!"] ["?"]          `!`: always there, `?`: may be null
kind    = "string" | "number" | "boolean" | "unknown" | "object"
        | "enum(" value {", " value} [", ..."] ")"
        | "map(" kind ")" | "list(" kind ")" | "object(" members ")"
members = name "=" spec {", " name "=" spec}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from .errors import NotationError
from .model import FieldSpec

_TOKEN = re.compile(r"\s*([A-Za-z0-9_.:/-]+|[(),=!?])")
_WORD = re.compile(r"[A-Za-z0-9_.:/-]+")
_PLAIN = ("string", "number", "boolean", "unknown", "object")
_MORE = "..."


@cache
def parse_field(text: str) -> FieldSpec:
    """Read the notation of one field.

    Raises:
        NotationError: The text is not a notation of a field.
    """
    reader = _NotationReader(text)
    spec = reader.spec()
    reader.expect_end()
    return spec


@cache
def parse_members(text: str) -> Mapping[str, FieldSpec]:
    """Read the members of an object: `current_value=string!, type=enum(name)`.

    Raises:
        NotationError: The text is not a notation of members.
    """
    reader = _NotationReader(text)
    members = reader.members()
    reader.expect_end()
    return members


class _NotationReader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def spec(self) -> FieldSpec:
        """Read a kind and its marks."""
        kind = self._kind()
        is_required, is_nullable = self._takes("!"), self._takes("?")
        return replace(kind, is_required=is_required, is_nullable=is_nullable)

    def members(self) -> Mapping[str, FieldSpec]:
        """Read one or more `name=spec`, separated by commas."""
        members: dict[str, FieldSpec] = {}
        while True:
            name = self._word()
            if name in members:
                self._fail(f"`{name}` occurs twice")
            self._need("=")
            members[name] = self.spec()
            if not self._takes(","):
                return MappingProxyType(members)

    def expect_end(self) -> None:
        """Check that the text ends here."""
        if self._at < len(self._tokens):
            self._fail(f"unexpected `{self._tokens[self._at]}`")

    def _kind(self) -> FieldSpec:
        word = self._word()
        if word in _PLAIN and not (word == "object" and self._sees("(")):
            return FieldSpec(word)
        if word not in ("object", "enum", "map", "list"):
            self._fail(f"unknown kind of field: `{word}`")
        self._need("(")
        spec = self._inside(word)
        self._need(")")
        return spec

    def _inside(self, word: str) -> FieldSpec:
        if word == "object":
            return FieldSpec("object", fields=self.members())
        if word == "enum":
            values = self._values()
            known = tuple(value for value in values if value != _MORE)
            return FieldSpec("enum", values=known, has_more_values=_MORE in values)
        element = self._kind()
        if word == "map":
            return FieldSpec("map", element=element.kind)
        if element.is_array:
            self._fail("a list of lists is not supported")
        return replace(element, is_array=True)

    def _values(self) -> list[str]:
        values = [self._word()]
        while self._takes(","):
            values.append(self._word())
        return values

    def _sees(self, token: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == token

    def _takes(self, token: str) -> bool:
        seen = self._sees(token)
        self._at += seen
        return seen

    def _need(self, token: str) -> None:
        if not self._takes(token):
            self._fail(f"`{token}` is missing")

    def _word(self) -> str:
        if self._at >= len(self._tokens) or not _WORD.fullmatch(self._tokens[self._at]):
            self._fail("a word is missing")
        self._at += 1
        return self._tokens[self._at - 1]

    def _fail(self, reason: str) -> None:
        message = f"{reason} in `{self._text}`"
        raise NotationError(message)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        found = _TOKEN.match(stripped, position)
        if found is None:
            message = f"`{stripped[position:].strip()[:1]}` can't be read in `{text}`"
            raise NotationError(message)
        tokens.append(found.group(1))
        position = found.end()
    return tokens
