"""Value types of settings; their error messages never show the value, which may hold a secret."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from .section import Duration, Timeout

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def _url(text: str) -> str:
    """Refuse a text that is not a URL, or has a user or password in it; the message never shows the text."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and parts.port != 0
        is_url = is_web and text.isprintable() and " " not in text and bool((parts.hostname or "").encode("idna"))
    except ValueError:
        parts, is_url = None, False
    if parts is not None and "@" in parts.netloc:
        message = (
            "a URL must not contain a user or password: set `username` (of a cluster), and name the location of "
            "the password with secret_env, secret_file or secret_command"
        )
        raise ValueError(message)
    if not is_url:
        message = "not a URL: write `https://host:port`, or `http://…`"
        raise ValueError(message)
    return text


def _whole_days(span: timedelta) -> timedelta:
    if span % timedelta(days=1):
        message = "must be whole days: write 1d, 90d or 365d, or 0s"
        raise ValueError(message)
    return span


def _longer_than_zero(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        message = "must be longer than zero"
        raise ValueError(message)
    return span


def _filled(text: str) -> str:
    if not text.strip():
        message = "must not be empty"
        raise ValueError(message)
    return text


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            message = f"a header must have a name without spaces and a value on one line, both in ASCII: {name!r}"
            raise ValueError(message)
    return headers


Url = Annotated[str, AfterValidator(_url)]
UrlOrNone = Annotated[str, AfterValidator(lambda text: text and _url(text))]
Filled = Annotated[str, AfterValidator(_filled)]
Headers = Annotated[dict[str, str], AfterValidator(_sendable)]
Span = Annotated[Duration, AfterValidator(_longer_than_zero)]
TimeoutSpan = Annotated[Timeout, AfterValidator(_longer_than_zero)]
Days = Annotated[Duration, AfterValidator(_whole_days)]
