"""Split a page into its activities when a strict JSON parser refuses it.

One activity that is no valid JSON (a lone surrogate escape, `NaN`, a raw control character, nesting without end) must
not hide the others of its page. So only the structure is read here: strings, brackets and commas. What lies between
them is not looked at, nothing recurses, and each element keeps its bytes as received.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

_BLANK = re.compile(rb"[\s,]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^\s,:\[\]{}"]++')
_COLON = re.compile(rb"\s*+:\s*+")
_NESTING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]|"', re.DOTALL)
_HEAD = re.compile(rb'\s*+\{(?:\s*+"(?:has_more|first_id|last_id)"\s*+:\s*+[^,\[\]{}]*+,)*+\s*+"data"\s*+:\s*+\[')
_TAIL = re.compile(
    rb'\]\s*+(?:,\s*+"(?:has_more|first_id|last_id)"\s*+:\s*+(?:true|false|null|"[^"\\]*+")\s*+)*+\}\s*+'
)
_BOUNDARY = re.compile(rb"\s*+,\s*+(?=\{)")
_ACTIVITY_MEMBERS = frozenset({"id", "type", "created_at"})
_TAIL_BYTES = 64 * 2**10
"""How far from its end a page's last members are looked for."""
_MAX_LOOKS = 2_000
"""How many boundaries are tried in one page whose brackets or quotes do not match."""
_LOOSE = json.JSONDecoder(strict=False)

MAX_VALUE_BYTES = 16 * 2**10
"""A longer value is no id, type or time."""

Span = tuple[int, int]
"""Where a value begins and ends in its text."""


class UnbalancedError(ValueError):
    """Brackets or quotes do not match: the text is cut off, or is no JSON at all."""


@dataclass(slots=True)
class Envelope:
    """The members of a page, unread but for the elements of `data`."""

    elements: list[bytes] = field(default_factory=list)
    members: dict[str, bytes] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    """Names that occur more than once; elements are those of each `data`."""


def split_page(body: bytes) -> Envelope:
    """Return a page's members and elements by its brackets and quotes alone.

    Raises:
        UnbalancedError: They do not match, or the body is no object.
    """
    try:
        return _balanced(body)
    except UnbalancedError:
        return _resynchronized(body)


def members_of(raw: bytes, names: Container[str]) -> dict[str, bytes]:
    """Return an object's own members of these names, their values unread, as far as brackets and quotes match."""
    found: dict[str, bytes] = {}
    try:
        for name, (start, end) in _members(raw, 0):
            if name in names and end - start <= MAX_VALUE_BYTES:
                found[name] = raw[start:end]
    except UnbalancedError:
        pass
    return found


def text_of(value: bytes | None) -> str | None:
    """Read a JSON string leniently; None when the value is none, or no string."""
    if value is None or not value.startswith(b'"'):
        return None
    try:
        read = _LOOSE.decode(value.decode("utf-8", "replace"))
    except ValueError:
        return None
    return read if isinstance(read, str) else None


def _balanced(body: bytes) -> Envelope:
    envelope = Envelope()
    if body[_value_end(body, _blank_end(body, 0)) :].strip():
        message = "something follows the page"
        raise UnbalancedError(message)
    for name, (start, end) in _members(body, 0):
        if name in envelope.members:
            envelope.repeated.add(name)
        is_data = name == "data" and body[start : start + 1] == b"["
        envelope.members[name] = b"[]" if is_data else body[start:end]
        if is_data:
            envelope.elements += (body[first:last] for first, last in _elements(body, start))
    return envelope


def _members(text: bytes, place: int) -> Iterator[tuple[str, Span]]:
    """Yield the names of an object's members, and where their values lie."""
    place = _blank_end(text, place)
    if text[place : place + 1] != b"{":
        message = "this is no object"
        raise UnbalancedError(message)
    place = _blank_end(text, place + 1)
    while text[place : place + 1] != b"}":
        name = _STRING.match(text, place)
        colon = name and _COLON.match(text, name.end())
        if name is None or colon is None:
            message = "a member has no name"
            raise UnbalancedError(message)
        end = _value_end(text, colon.end())
        yield text_of(name.group()) or "", (colon.end(), end)
        place = _blank_end(text, end)


def _elements(text: bytes, place: int) -> Iterator[Span]:
    """Yield where the elements of an array lie."""
    place = _blank_end(text, place + 1)
    while text[place : place + 1] != b"]":
        end = _value_end(text, place)
        yield place, end
        place = _blank_end(text, end)


def _value_end(text: bytes, place: int) -> int:
    """Return where the value ends that begins at a place."""
    first = text[place : place + 1]
    if first in (b"{", b"["):
        return _nested_end(text, place)
    found = (_STRING if first == b'"' else _SCALAR).match(text, place)
    if found is None:
        message = "a value is cut off"
        raise UnbalancedError(message)
    return found.end()


def _nested_end(text: bytes, place: int) -> int:
    depth = 0
    for token in _NESTING.finditer(text, place):
        sign = text[token.start()]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
            if not depth:
                return token.end()
        elif token.end() - token.start() == 1:
            break
    message = "a value is cut off"
    raise UnbalancedError(message)


def _blank_end(text: bytes, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _resynchronized(body: bytes) -> Envelope:
    """Split a page whose head and tail are whole although quotes or brackets between them do not match.

    Raises:
        UnbalancedError: They are not: the body is cut off, or no page.
    """
    head, tail = _HEAD.match(body), _tail_of(body)
    if head is None or tail is None or tail < head.end():
        message = "the body is cut off, or is no JSON"
        raise UnbalancedError(message)
    envelope = Envelope([body[start:end] for start, end in _loose_elements(body, head.end(), tail)])
    around = body[: head.end()] + body[tail:]
    for name, (start, end) in _members(around, 0):
        envelope.members[name] = around[start:end]
    return envelope


def _tail_of(body: bytes) -> int | None:
    """Return where the array of activities ends, seen from the page's own end."""
    found = None
    for match in re.finditer(rb"\]", body[-_TAIL_BYTES:]):
        place = max(0, len(body) - _TAIL_BYTES) + match.start()
        whole = _TAIL.fullmatch(body, place)
        if whole is not None:
            found = place
    return found


def _loose_elements(body: bytes, place: int, stop: int) -> Iterator[Span]:
    """Yield where elements lie; what can't be told apart from its neighbour's start is one element."""
    looks = 0
    place = _blank_end(body, place)
    while place < stop:
        end = _whole_end(body, place, stop)
        for boundary in _BOUNDARY.finditer(body, place, stop) if end is None else ():
            looks += 1
            if looks > _MAX_LOOKS:
                break
            if _whole_end(body, boundary.end(), stop) is not None:
                end = boundary.start()
                break
        end = stop if end is None else end
        yield place, len(body[:end].rstrip()) if end == stop else end
        place = _blank_end(body, end)


def _whole_end(body: bytes, place: int, stop: int) -> int | None:
    """Return where the activity ends that begins at a place, or None if there is no whole one."""
    try:
        end = _value_end(body, place)
    except UnbalancedError:
        return None
    after = _blank_end(body, end)
    if after > stop or (after < stop and body[after : after + 1] != b"{"):
        return None
    try:
        read = _LOOSE.decode(body[place:end].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return end if isinstance(read, dict) and _ACTIVITY_MEMBERS & read.keys() else None
