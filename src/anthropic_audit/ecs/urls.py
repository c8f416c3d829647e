"""Mask the passwords in an activity's URLs, before the activity is normalized."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from anthropic_audit.redact import mask_urls, safe_url

from .limits import MAX_DEPTH, MAX_NAME_CHARS
from .values import Json, SpoiledError

_MAX_NAMES: Final = 1_024
_URL_NAMES: Final = re.compile(r"ur[li]|link|href|endpoint|issuer|host|webhook|proxy|origin|remote|callback|redirect")
"""Names of fields whose whole value may be a URL, even without a scheme."""

_CREDENTIALS: Final = re.compile(rb'(?:\\"|[:/\\])[^":/\\@]*+@')
_AT, _PERCENT = b"@%"  # numbers: `in` finds a number in bytes eight times faster than bytes
_AT_VARIANTS: Final = ("\uff20".encode(), "\ufe6b".encode())


def may_hold_credentials(written: bytes) -> bool:
    """Return whether JSON without needless escapes may hold a URL with a password; an e-mail address does not count."""
    if _AT in written and _CREDENTIALS.search(written):
        return True
    if _PERCENT in written and b"%40" in written:
        return True
    return not written.isascii() and any(variant in written for variant in _AT_VARIANTS)


def mask_members(members: dict[str, Json], names: Iterable[str] | None = None) -> None:
    """Mask the passwords in the URLs of an object's members, in place.

    Raises:
        SpoiledError: A member is nested too deep.
    """
    for name in list(members) if names is None else names:
        value = members[name]
        if type(value) is str:
            if "@" in value or "%40" in value or not value.isascii():
                members[name] = _masked_text(name, value)
        elif type(value) in (dict, list):
            members[name] = masked(name, value)


def masked(name: str, value: Json, depth: int = MAX_DEPTH) -> Json:
    """Return the value of a field of this name with the passwords in its URLs masked.

    Raises:
        SpoiledError: The value is nested too deep.
    """
    if isinstance(value, str):
        return _masked_text(name, value)
    if isinstance(value, dict | list):
        if depth <= 0:
            raise SpoiledError
        if isinstance(value, dict):
            return {inner: masked(_either(name, inner), member, depth - 1) for inner, member in value.items()}
        return [masked(name, element, depth - 1) for element in value]
    return value


def _masked_text(name: str, text: str) -> str:
    if "@" not in text and "%40" not in text and text.isascii():
        return text
    return safe_url(text) if _holds_urls(name) else mask_urls(text)


def _either(name: str, inner: str) -> str:
    """Return the name that decides whether a member of a field may be a URL: the field's own if it may be one."""
    return name if _holds_urls(name) else inner


def _holds_urls(name: str) -> bool:
    return len(name) <= MAX_NAME_CHARS and _names_urls(name)


@lru_cache(_MAX_NAMES)
def _names_urls(name: str) -> bool:
    return _URL_NAMES.search(name.lower()) is not None
