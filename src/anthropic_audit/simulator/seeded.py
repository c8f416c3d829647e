"""Deterministic randomness: the same words give the same numbers and texts, on every machine."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def number(*words: object) -> int:
    """Return 128 bits that depend on the words alone."""
    text = "\x1f".join(map(str, words)).encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest(), "big")


def stream(*words: object) -> Random:
    """Return a random generator that depends on the words alone."""
    return Random(number(*words))


def letters(count: int, *words: object) -> str:
    """Return a number of letters and digits that depend on the words alone."""
    text = ""
    part = 0
    while len(text) < count:
        left = number(part, *words)
        for _ in range(21):  # 128 bits are enough for 21 characters
            left, letter = divmod(left, len(_LETTERS))
            text += _LETTERS[letter]
        part += 1
    return text[:count]
