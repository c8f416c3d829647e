"""Read JSON that a fast parser refuses or would change: deep nesting, long numbers, NaN, invalid Unicode."""

from __future__ import annotations

import json
import math
import re
from secrets import token_hex
from typing import Final, NamedTuple

from .limits import MAX_DEPTH, MAX_INTEGER_DIGITS
from .values import Json

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_ZERO = re.compile(r"-?[0.]+(?:[eE].*)?")
_MARK: Final = token_hex(16)
"""The random prefix of the text of a value that was nested too deep; no sender can know it."""


class LenientReader(NamedTuple):
    """An activity that was read leniently."""

    activity: dict[str, Json]
    changed: frozenset[str]
    """The names of members in which another value became text, or a text was changed."""


class _JsonText(str):
    """The text of a number that is not kept as one."""

    __slots__ = ()


def read_leniently(raw: bytes) -> LenientReader | str:
    """Return the JSON object in these bytes, or the reason why there is none; never raises.

    Objects and lists nested deeper than `MAX_DEPTH` become their JSON text; integers keep all their digits; NaN,
    infinities and numbers that a double can't hold become text; bytes that are not UTF-8 and lone surrogates become
    visible escapes.
    """
    text = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        read = json.loads(_shallow(text), parse_int=_integer, parse_float=_number, parse_constant=_JsonText)
    except json.JSONDecodeError as error:
        return f"no JSON: {error.msg} at character {error.pos + 1}"
    if not isinstance(read, dict):
        return f"no JSON object: {_names.get(type(read), 'a number')}"
    activity: dict[str, Json] = {}
    changed: set[str] = set()
    for name, value in read.items():
        cleaning = _Cleaning()
        activity[name] = cleaning.cleaned(value)
        if cleaning.has_changed:
            changed.add(name)
    return LenientReader(activity, frozenset(changed))


def _shallow(text: str) -> str:
    """Replace values that are nested too deep by strings with their text."""
    parts: list[str] = []
    depth = position = cut = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in ("{", "["):
            depth += 1
            if depth == MAX_DEPTH + 1:
                cut = token.start()
                parts.append(text[position:cut])
        elif mark in ("}", "]"):
            if depth == MAX_DEPTH + 1:
                position = token.end()
                parts.append(json.dumps(_MARK + text[cut:position]))
            depth -= 1
    if depth > MAX_DEPTH:  # never closed, so not JSON; but the parser that refuses it must not descend
        return "".join([*parts, json.dumps(text[cut:])])
    return text if not parts else "".join([*parts, text[position:]])


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else _JsonText(digits)


def _number(text: str) -> float | str:
    """Read a number with a point or an exponent; if a double would be 0 or infinite instead, return the text."""
    number = float(text)
    is_lost = not math.isfinite(number) or (number == 0 and not _ZERO.fullmatch(text))
    return _JsonText(text) if is_lost else number


class _Cleaning:
    """Cleans the value of one member, and records whether anything was changed."""

    def __init__(self) -> None:
        self.has_changed = False

    def cleaned(self, value: Json) -> Json:
        """Return a value whose texts are plain and valid UTF-8; the depth of containers must be bounded before."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.cleaned(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.cleaned(element) for element in value]
        return value

    def _text(self, text: str) -> str:
        is_number, is_deep = type(text) is _JsonText, text.startswith(_MARK)
        plain = str(text).removeprefix(_MARK)
        shown = plain if plain.isascii() else _visible(plain)
        self.has_changed = self.has_changed or is_number or is_deep or shown != plain
        return shown


def _visible(text: str) -> str:
    """Return a text with escapes for characters that are not valid in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


_names = {list: "a list", str: "a text", type(None): "null", bool: "true or false"}
