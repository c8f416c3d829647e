"""The world's settings and rows, and deterministic randomness: values from a seed and the names of their purpose."""

from __future__ import annotations

import math
from binascii import b2a_base64
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import NamedTuple

_TOKEN_BITS, _TOKEN_BYTES, _TOKEN_LETTERS = 136, 17, 22
_LETTERS = bytes.maketrans(b"+/", b"Kq")
"""Replacements for the two characters of base64 that ids don't have."""


def number(*parts: object) -> int:
    """Return 64 bits that depend on the texts of the parts alone."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def generator(*parts: object) -> Random:
    """Return a random generator that depends on the parts alone."""
    return Random(number(*parts))


def token(random: Random) -> str:
    """Return the variable part of an id: `01` and 22 letters and digits."""
    drawn = b2a_base64(random.getrandbits(_TOKEN_BITS).to_bytes(_TOKEN_BYTES, "big"))
    return "01" + drawn[:_TOKEN_LETTERS].translate(_LETTERS).decode()


def uuid(random: Random) -> str:
    """Return a UUID of version 4."""
    bits = f"{random.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"


def poisson(random: Random, mean: float) -> int:
    """Draw a number from the Poisson distribution with a mean."""
    if mean > 40:  # noqa: PLR2004 - from there on a normal distribution is as good, at a constant cost
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """Settings of the world: its seed, its size, and its rate of activities."""

    seed: int = 1
    activities_per_day: float = 5000.0
    """The mean over a whole week; most activities occur in working hours."""
    people: int = 120
    activities: int | None = None
    """The exact number of activities in the history, which replaces `activities_per_day`; None: no exact number."""


class Row(NamedTuple):
    """One activity: its JSON, and the values by which queries filter and order it."""

    created_us: int
    """Microseconds since the epoch, UTC."""
    id: str
    type: str
    actor_user_id: str | None
    organization_id: str | None
    organization_uuid: str | None
    raw: bytes
    """The JSON object as the vendor sends it."""


@dataclass(frozen=True, slots=True)
class Storyline:
    """An incident for an investigator to find."""

    name: str
    title: str
    sentence: str
    activity_ids: tuple[str, ...]
    search: str
    """The arguments of `anthropic-audit search` that find the incident."""
