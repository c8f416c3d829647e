"""Read `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, which counts from the answer's own `Date`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_SECONDS: Final = 3600.0
"""A server that asks for a longer wait is asked again after this one; whoever waits says so."""

MAX_HEADER_CHARS: Final = 256
"""A longer value is no number and no date."""

_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long a server asks us to wait, uncapped, or None when it does not say so in a way that can be read.

    Args:
        headers: The answer's headers; names in lower case, or a mapping that does not care.
        now: Our own time, for an answer with a date and no `Date`.
    """
    said = (headers.get("retry-after") or "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    until = http_date(said)
    if until is None:
        return None
    return max(0.0, (until - (http_date(headers.get("date")) or now)).total_seconds())


def capped(seconds: float) -> tuple[float, str | None]:
    """Return a wait that is no longer than the cap, and what to say when it was longer."""
    if seconds <= MAX_RETRY_AFTER_SECONDS:
        return seconds, None
    return MAX_RETRY_AFTER_SECONDS, f"the server asks for {seconds:.3g} seconds; we wait {MAX_RETRY_AFTER_SECONDS:g}"


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date, in UTC; None when it is none."""
    if not text or len(text) > MAX_HEADER_CHARS:
        return None
    try:
        read = parsedate_to_datetime(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
