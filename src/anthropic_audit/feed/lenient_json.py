"""Split a page into its activities when a strict JSON parser refuses it.

One activity that is not valid JSON (a lone surrogate escape, `NaN`, a raw control character, endless nesting) must
not hide the others of its page. So this module reads only the structure: strings, brackets and commas. It does not
read the text between them, never recurses, and keeps the bytes of each element as received.
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
"""The part at the end of a page in which its last members are searched."""
_MAX_LOOKS = 2_000
"""Upper bound on the boundaries that are tried in one page whose brackets or quotes do not match."""
_LOOSE = json.JSONDecoder(strict=False)

MAX_VALUE_BYTES = 16 * 2**10
"""Upper bound on the bytes of a value that `members_of` returns: a longer one is not an id, a type or a time."""

Span = tuple[int, int]
"""The offsets where a value begins and ends in its text, in bytes."""


class UnbalancedError(ValueError):
    """Brackets or quotes do not match: the text is truncated, or is not JSON."""


@dataclass(slots=True)
class Envelope:
    """The undecoded members of a page, and the undecoded elements of `data`."""

    elements: list[bytes] = field(default_factory=list)
    members: dict[str, bytes] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    """Names that occur more than once; if `data` does, `elements` holds those of each."""


def split_page(body: bytes) -> Envelope:
    """Return a page's members and elements, split by brackets and quotes alone.

    Raises:
        UnbalancedError: Brackets or quotes do not match, or the body is not an object.
    """
    try:
        return _balanced(body)
    except UnbalancedError:
        return _resynchronized(body)


def members_of(raw: bytes, names: Container[str]) -> dict[str, bytes]:
    """Return an object's own members of these names, undecoded, up to where brackets or quotes stop matching."""
    found: dict[str, bytes] = {}
    try:
        for name, (start, end) in _members(raw, 0):
            if name in names and end - start <= MAX_VALUE_BYTES:
                found[name] = raw[start:end]
    except UnbalancedError:
        pass
    return found


def text_of(value: bytes | None) -> str | None:
    """Decode a JSON string leniently; return None when the value is missing or not a string."""
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
        message = "the page is followed by more text"
        raise UnbalancedError(message)
    for name, (start, end) in _members(body, 0):
        if name in envelope.members:
            envelope.repeated.add(name)
        is_data = name == "data" and body[start : start + 1] == b"["
        envelope.members[name] = b"[]" if is_data else body[start:end]
        if is_data:
            envelope.elements += (body[first:last] for first, last in _elements(body, start))
    return envelope


def _members(text: bytes, offset: int) -> Iterator[tuple[str, Span]]:
    """Yield the names of an object's members, and the spans of their values."""
    offset = _blank_end(text, offset)
    if text[offset : offset + 1] != b"{":
        message = "the text is not an object"
        raise UnbalancedError(message)
    offset = _blank_end(text, offset + 1)
    while text[offset : offset + 1] != b"}":
        name = _STRING.match(text, offset)
        colon = name and _COLON.match(text, name.end())
        if name is None or colon is None:
            message = "a member has no name"
            raise UnbalancedError(message)
        end = _value_end(text, colon.end())
        yield text_of(name.group()) or "", (colon.end(), end)
        offset = _blank_end(text, end)


def _elements(text: bytes, offset: int) -> Iterator[Span]:
    """Yield the spans of an array's elements."""
    offset = _blank_end(text, offset + 1)
    while text[offset : offset + 1] != b"]":
        end = _value_end(text, offset)
        yield offset, end
        offset = _blank_end(text, end)


def _value_end(text: bytes, offset: int) -> int:
    """Return the end of the value that begins at an offset."""
    first = text[offset : offset + 1]
    if first in (b"{", b"["):
        return _nested_end(text, offset)
    found = (_STRING if first == b'"' else _SCALAR).match(text, offset)
    if found is None:
        message = "a value is truncated"
        raise UnbalancedError(message)
    return found.end()


def _nested_end(text: bytes, offset: int) -> int:
    depth = 0
    for token in _NESTING.finditer(text, offset):
        character = text[token.start()]
        if character in b"[{":
            depth += 1
        elif character in b"]}":
            depth -= 1
            if not depth:
                return token.end()
        elif token.end() - token.start() == 1:
            break
    message = "a value is truncated"
    raise UnbalancedError(message)


def _blank_end(text: bytes, offset: int) -> int:
    found = _BLANK.match(text, offset)
    return found.end() if found else offset


def _resynchronized(body: bytes) -> Envelope:
    """Split a page whose head and tail are complete although quotes or brackets between them do not match.

    Raises:
        UnbalancedError: The head or the tail is incomplete: the body is truncated, or is not a page.
    """
    head, tail = _HEAD.match(body), _tail_of(body)
    if head is None or tail is None or tail < head.end():
        message = "the body is truncated, or is not JSON"
        raise UnbalancedError(message)
    envelope = Envelope([body[start:end] for start, end in _loose_elements(body, head.end(), tail)])
    around = body[: head.end()] + body[tail:]
    for name, (start, end) in _members(around, 0):
        envelope.members[name] = around[start:end]
    return envelope


def _tail_of(body: bytes) -> int | None:
    """Return the offset where the array of activities ends, searched from the end of the page."""
    found = None
    for match in re.finditer(rb"\]", body[-_TAIL_BYTES:]):
        offset = max(0, len(body) - _TAIL_BYTES) + match.start()
        whole = _TAIL.fullmatch(body, offset)
        if whole is not None:
            found = offset
    return found


def _loose_elements(body: bytes, offset: int, stop: int) -> Iterator[Span]:
    """Yield the spans of elements; text without a recognizable boundary stays one element."""
    looks = 0
    offset = _blank_end(body, offset)
    while offset < stop:
        end = _whole_end(body, offset, stop)
        for boundary in _BOUNDARY.finditer(body, offset, stop) if end is None else ():
            looks += 1
            if looks > _MAX_LOOKS:
                break
            if _whole_end(body, boundary.end(), stop) is not None:
                end = boundary.start()
                break
        end = stop if end is None else end
        yield offset, len(body[:end].rstrip()) if end == stop else end
        offset = _blank_end(body, end)


def _whole_end(body: bytes, offset: int, stop: int) -> int | None:
    """Return the end of the activity that begins at an offset, or None if there is no complete one."""
    try:
        end = _value_end(body, offset)
    except UnbalancedError:
        return None
    after = _blank_end(body, end)
    if after > stop or (after < stop and body[after : after + 1] != b"{"):
        return None
    try:
        read = _LOOSE.decode(body[offset:end].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return end if isinstance(read, dict) and _ACTIVITY_MEMBERS & read.keys() else None
