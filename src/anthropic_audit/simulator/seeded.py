"""Chance that repeats itself: the same words give the same numbers and names, on every machine."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def number(*words: object) -> int:
    """Return 128 bits that depend on nothing but the words."""
    text = "\x1f".join(map(str, words)).encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest(), "big")


def stream(*words: object) -> Random:
    """Open a generator that depends on nothing but the words."""
    return Random(number(*words))


def letters(count: int, *words: object) -> str:
    """Spell so many letters and digits that depend on nothing but the words."""
    text = ""
    part = 0
    while len(text) < count:
        left = number(part, *words)
        for _ in range(21):  # what 128 bits carry
            left, letter = divmod(left, len(_LETTERS))
            text += _LETTERS[letter]
        part += 1
    return text[:count]
