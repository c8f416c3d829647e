"""Passwords, hashed with argon2id as RFC 9106 recommends where memory is short (64 MiB, three passes)."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from anthropic_audit.errors import SetupError

MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 1000


def hash_password(password: str) -> str:
    """Return the `password_hash` of a user for a password.

    Raises:
        SetupError: The password is too short or too long.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        message = f"a password needs {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS:,} characters"
        raise SetupError(message, hint="choose several unrelated words: they are easy to remember and hard to guess")
    return PasswordHasher().hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Return whether a password matches a hash; for None, an unknown user, return False after the same time."""
    try:
        PasswordHasher().verify(password_hash or _dummy_hash(), password[:MAX_PASSWORD_CHARS])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _dummy_hash() -> str:
    return PasswordHasher().hash("no user has this password")
