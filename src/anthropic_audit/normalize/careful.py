"""Reading what a fast parser refuses or would spoil: deep nesting, long numbers, NaN, broken Unicode."""

from __future__ import annotations

import json
import math
import re

from .values import DEPTH, Json

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_MOST_DIGITS = 4000


def read_carefully(raw: bytes) -> dict[str, Json] | str:
    """Return the JSON object in these bytes, or the reason why there is none; never raises.

    Containers nested deeper than we store become their own text; integers keep all their digits; NaN, infinities and
    numbers that no computer holds become text; bytes that are no UTF-8 and lone surrogates become visible escapes.
    """
    text = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        read = json.loads(_shallow(text), parse_int=_integer, parse_float=_number, parse_constant=str)
    except json.JSONDecodeError as error:
        return f"no JSON: {error.msg} at character {error.pos + 1}"
    if not isinstance(read, dict):
        return f"no JSON object: {_names.get(type(read), 'a number')}"
    return {_visible(name): _cleaned(value) for name, value in read.items()}


def _shallow(text: str) -> str:
    """Replace what is nested too deep by a string of its text."""
    parts: list[str] = []
    depth = position = cut = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in ("{", "["):
            depth += 1
            if depth == DEPTH + 1:
                cut = token.start()
                parts.append(text[position:cut])
        elif mark in ("}", "]"):
            if depth == DEPTH + 1:
                position = token.end()
                parts.append(json.dumps(text[cut:position]))
            depth -= 1
    if depth > DEPTH:  # never closed, so no JSON; but the parser that says so must not descend
        return "".join([*parts, json.dumps(text[cut:])])
    return text if not parts else "".join([*parts, text[position:]])


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _number(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return _visible(value)
    if isinstance(value, dict):
        return {_visible(name): _cleaned(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_cleaned(element) for element in value]
    return value


def _visible(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


_names = {list: "a list", str: "a text", type(None): "null", bool: "true or false"}
