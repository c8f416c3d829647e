"""Chance that is the same on every machine: generators and names from a seed and what they are for."""

from __future__ import annotations

import math
from hashlib import blake2b
from random import Random

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_TOKEN_PAIRS = 11


def number(*parts: object) -> int:
    """Return 64 bits that depend on nothing but these parts' texts."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def generator(*parts: object) -> Random:
    """Return a generator of its own for these parts."""
    return Random(number(*parts))


def token(random: Random) -> str:
    """Return the variable part of an id: `01` and 22 letters and digits."""
    bits, count = random.getrandbits(136), len(_PAIRS)
    found = []
    for _ in range(_TOKEN_PAIRS):
        bits, place = divmod(bits, count)
        found.append(_PAIRS[place])
    return "01" + "".join(found)


def uuid(random: Random) -> str:
    """Return a UUID of version 4."""
    bits = f"{random.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"


def poisson(random: Random, mean: float) -> int:
    """Return how often something happens that happens `mean` times on average."""
    if mean > 40:  # noqa: PLR2004 - from there on a normal distribution is as good, and its cost does not grow
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count
