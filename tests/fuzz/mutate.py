"""Mutations that keep the structure of an input: exchange JSON values, insert tokens of a language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

Json = Any
"""Any JSON value."""

MutateBytes = Callable[[bytes, int], bytes]
"""Mutates bytes; the second argument is the maximum length."""

ODD_TIMES: Final = (
    "2026-05-22T09:00:00.123456789Z",
    "2026-05-22T24:00:00Z",
    "2026-05-22T09:00:60Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1779440400",
)

ODD_VALUES: Final[tuple[Json, ...]] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**400,
    0.5,
    -0.0,
    1e308,
    5e-324,
    "",
    " ",
    "\x00",
    "\ud83d",
    "\ude00\ud83d",
    "\u202e",
    "e\u0301",
    "\u00e9",
    "😀",
    "\ufeff",
    '"\\',
    "a" * 300,
    *ODD_TIMES,
    "https://user:pa/ss@host:99999/x?y#z",
    "http://[::1",
    "javascript:alert(1)",
    "203.0.113.7:443",
    "fe80::1%eth0",
    "::ffff:192.0.2.1",
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    {"type": "user_actor"},
    ["a", 1, None],
)
_ODD_NAMES: Final = (
    "",
    ".",
    "a.b",
    "\x00",
    "\ud800",
    "id",
    "type",
    "created_at",
    "actor",
    "a" * 300,
    "é",
    "@timestamp",
)
_RAW_PIECES: Final = (
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"01",
    b"\t",
    b"\xff",
    b"1e999",
    b"9" * 5000,
    b"\\ud83d",
    b"\xef\xbb\xbf",
)
_DEPTHS: Final = (16, 17, 18, 19, 20, 64, 254, 255, 300, 900, 1023, 1024, 1100, 3000)
_MAX_WALKED_DEPTH: Final = 200


def mutated(
    data: bytes, max_bytes: int, random: Random, *, tokens: Sequence[bytes], is_json: bool, raw: MutateBytes
) -> bytes:
    """Return a mutation of an input: of its bytes, of its tokens, or of its structure."""
    ways: list[Callable[[], bytes | None]] = [lambda: raw(data, max_bytes)]
    if tokens:
        ways.append(lambda: _inserted(data, random.choice(tokens), random))
    if is_json:
        ways += [lambda: _json_mutated(data, random), lambda: _inserted(data, random.choice(_RAW_PIECES), random)]
    made = random.choice(ways)()
    if not made or len(made) > max_bytes:
        return raw(data, max_bytes)
    return made


def _inserted(data: bytes, piece: bytes, random: Random) -> bytes:
    """Insert a piece, or replace as many bytes by it."""
    at = random.randrange(len(data) + 1)
    return data[:at] + piece + data[at + random.choice((0, 0, len(piece))) :]


def _json_mutated(data: bytes, random: Random) -> bytes | None:
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    places = list(_places(value))
    if not places:
        return None
    container, key = random.choice(places)
    if random.random() < 0.1:
        return _nested(value, container, key, random)
    _change(container, key, random, [place[0][place[1]] for place in random.sample(places, min(3, len(places)))])
    try:
        text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    except (ValueError, RecursionError):
        return None
    return text.encode("utf-8", random.choice(("surrogatepass", "replace", "backslashreplace")))


def _change(container: Json, key: Json, random: Random, others: list[Json]) -> None:
    way = random.randrange(6)
    if way == 0:
        del container[key]
    elif way == 1 and isinstance(container, dict):
        container[random.choice(_ODD_NAMES)] = container[key]
    elif way == 2:
        container[key] = random.choice(others)
    elif way == 3:
        container[key] = [container[key]] * random.randrange(4)
    else:
        container[key] = random.choice(ODD_VALUES)


def _nested(value: Json, container: Json, key: Json, random: Random) -> bytes:
    """Replace a value by a deeply nested one."""
    mark, depth = "@deep@", random.choice(_DEPTHS)
    opening, closing = random.choice((("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")))
    container[key] = mark
    inner = "1" if "{" in opening else ""
    text = json.dumps(value).replace(json.dumps(mark), opening * depth + inner + closing * depth, 1)
    return text.encode()


def _places(value: Json, depth: int = 0) -> Iterator[tuple[Json, Json]]:
    """Yield container and key of every inner value."""
    if depth > _MAX_WALKED_DEPTH:
        return
    keys: Iterator[Json] = iter(())
    if isinstance(value, dict):
        keys = iter(list(value))
    elif isinstance(value, list):
        keys = iter(range(len(value)))
    for key in keys:
        yield value, key
        yield from _places(value[key], depth + 1)
