"""Passwords, hashed with argon2id as RFC 9106 recommends where memory is short (64 MiB, three passes)."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from anthropic_audit.errors import SetupError

SHORTEST: Final = 12
LONGEST: Final = 1000


def hash_password(password: str) -> str:
    """Return what a user's `password_hash` has to be.

    Raises:
        SetupError: It is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"a password has {SHORTEST} signs at least, and {LONGEST:,} at most"
        raise SetupError(message, hint="a few words that nobody would put together are easy to keep in mind")
    return PasswordHasher().hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Say whether a password is the one; takes as long when there is nobody of that name."""
    try:
        PasswordHasher().verify(password_hash or _nobodys(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys() -> str:
    return PasswordHasher().hash("nobody has this password")
