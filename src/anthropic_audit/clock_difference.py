"""Measure how far our clock differs from a server's, and describe the difference and its effect in words."""

from __future__ import annotations

import re
import threading
from collections import deque
from datetime import datetime, timedelta

from .progress import ClockDiffers
from .times import format_duration, format_time

TOLERANCE = timedelta(seconds=5)
"""Largest difference that counts as none: HTTP dates have whole seconds, and responses take time."""

CURE = "synchronize this machine's clock (NTP); if it is correct, a proxy or cache may send responses with an old date"
"""Hint for a difference."""

_CHANGE = timedelta(minutes=1)
_TEN, _MINUTE, _HOUR = 10, 60, 3600
"""In seconds."""
_STEADY_RESPONSES = 5
"""Number of consecutive responses without a difference after which the clocks count as agreeing again."""
_MAX_REPORTED = 20
_VALIDITY = re.compile(r"is not yet valid|has expired|is expired", re.IGNORECASE)
"""Phrases of TLS libraries that reject a certificate (or a revocation list) because of our clock."""


def clock_difference(server_time: datetime, received_at: datetime, took: timedelta) -> timedelta:
    """Return how far our clock is ahead of the server's, in whole seconds; negative: behind, zero: they agree.

    Args:
        server_time: Time of the server's clock when it responded (the `date` header), in whole seconds.
        received_at: Time of our clock when the response had arrived.
        took: Duration of the request: the server read its clock at some moment within it. A difference that is not
            larger than this, or than `TOLERANCE`, counts as none.
    """
    tolerance = max(TOLERANCE, took)
    ahead, behind = received_at - took - server_time, server_time - received_at
    difference = ahead if ahead > tolerance else -behind if behind > tolerance else timedelta(0)
    return timedelta(seconds=round(difference.total_seconds()))


def difference_in_words(difference: timedelta) -> str:
    """Return a clause that says how far our clock is ahead of (positive) or behind (negative) the server's."""
    if not difference:
        return "our clock agrees with the server's"
    side = "ahead of" if difference > timedelta(0) else "behind"
    return f"our clock is {_size(difference)} {side} the server's"


def effect_in_words(difference: timedelta) -> str:
    """Return a clause that says how a difference affects coverage; an empty string for no difference."""
    size = _size(difference)
    if difference > timedelta(0):
        return f"time younger than `settle` by the server's clock is not claimed: coverage ends {size} earlier"
    if difference:
        return f"the last {size} by the server's clock are not requested yet: coverage ends {size} earlier"
    return ""


def _size(difference: timedelta) -> str:
    """Format the size of a difference, rounded to 10 seconds from one minute on, and to a minute from one hour on.

    A difference is known to a second at best, or to the duration of a request.
    """
    seconds = round(abs(difference).total_seconds())
    unit = _MINUTE if seconds >= _HOUR else _TEN if seconds >= _MINUTE else 1
    return format_duration(timedelta(seconds=round(seconds / unit) * unit))


def validity_hint(problem: str, now: datetime) -> str:
    """Return a suffix for a hint if a certificate was rejected because of its dates; an empty string otherwise.

    Args:
        problem: The error message of the TLS library.
        now: Current time of our clock.
    """
    return f"; or our clock is wrong: it shows {format_time(now)}" if _VALIDITY.search(problem) else ""


class ClockComparison:
    """Compare clocks at each response of a feed, and report each difference once; thread-safe.

    A difference is reported when it first appears, and again when it is more than a minute away from all differences
    that were reported. Several servers behind one address with different clocks are thus reported once each.
    """

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._reported: deque[timedelta] = deque(maxlen=_MAX_REPORTED)
        self._agreeing_responses = 0

    def take(self, server_time: datetime, received_at: datetime, difference: timedelta) -> ClockDiffers | None:
        """Record the difference at one response, and return the progress event to report, or None."""
        with self._lock:
            is_new = self._is_new(difference)
        return ClockDiffers(self._feed, difference, received_at, server_time) if is_new else None

    def _is_new(self, difference: timedelta) -> bool:
        if difference:
            self._agreeing_responses = 0
            if any(abs(difference - one) <= _CHANGE for one in self._reported):
                return False
            self._reported.append(difference)
            return True
        self._agreeing_responses += 1
        if not self._reported or self._agreeing_responses < _STEADY_RESPONSES:
            return False
        self._reported.clear()
        return True
