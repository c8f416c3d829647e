"""Read `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date relative to the response's own `Date`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_SECONDS: Final = 3600.0
"""Longest wait in seconds that is honoured; a longer `Retry-After` is cut to it, and the wait is reported."""

MAX_HEADER_CHARS: Final = 256
"""Longest header value that is parsed as a number or a date, in characters."""

_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a server asks us to wait, uncapped, or None without a readable header.

    Args:
        headers: The response's headers: names in lower case, or a case-insensitive mapping.
        now: Our current time, for a response whose `Retry-After` is a date and that has no `Date`.
    """
    said = (headers.get("retry-after") or "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    until = http_date(said)
    if until is None:
        return None
    return max(0.0, (until - (http_date(headers.get("date")) or now)).total_seconds())


def capped(seconds: float) -> tuple[float, str | None]:
    """Return a wait in seconds, limited to `MAX_RETRY_AFTER_SECONDS`, and a note if it was cut, else None."""
    if seconds <= MAX_RETRY_AFTER_SECONDS:
        return seconds, None
    return MAX_RETRY_AFTER_SECONDS, f"the server asks for {seconds:.3g} seconds; we wait {MAX_RETRY_AFTER_SECONDS:g}"


def http_date(text: str | None) -> datetime | None:
    """Return an HTTP date as an aware time in UTC; None if the text is not one."""
    if not text or len(text) > MAX_HEADER_CHARS:
        return None
    try:
        read = parsedate_to_datetime(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
