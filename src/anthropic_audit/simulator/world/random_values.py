"""Deterministic randomness: generators and values from a seed and the names of their purpose, on every machine."""

from __future__ import annotations

import math
from binascii import b2a_base64
from hashlib import blake2b
from random import Random

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
