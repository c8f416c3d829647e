"""Our clock and a server's: how far they lie apart, as far as answers tell, and what that means in plain words."""

from __future__ import annotations

import re
import threading
from collections import deque
from datetime import datetime, timedelta

from .progress import ClockDiffers
from .times import format_duration, format_time

TOLERANCE = timedelta(seconds=5)
"""Clocks that lie no farther apart than this agree: HTTP dates have whole seconds, and answers take time."""

CURE = "set this machine's clock by NTP; if it is right, a proxy or cache on the way may answer with an old time"
"""What to do about a difference."""

_CHANGE = timedelta(minutes=1)
_TEN, _MINUTE, _HOUR = 10, 60, 3600
"""In seconds."""
_STEADY = 5
"""So many answers in a row without a difference mean that the clocks agree again."""
_REMEMBERED = 20
_VALIDITY = re.compile(r"is not yet valid|has expired|is expired", re.IGNORECASE)
"""How TLS libraries say that a certificate (or a revocation list) is refused because of our clock."""


def clock_difference(server_time: datetime, received_at: datetime, took: timedelta) -> timedelta:
    """Return how many whole seconds our clock is ahead of the server's; negative: behind, zero: they agree.

    Args:
        server_time: What the server's clock showed when it answered, in whole seconds.
        received_at: What our clock showed when the answer had arrived.
        took: How long the request took: the server read its clock somewhere in that time. Differences that are no
            larger than this, or than `TOLERANCE`, count as none.
    """
    tolerance = max(TOLERANCE, took)
    ahead, behind = received_at - took - server_time, server_time - received_at
    difference = ahead if ahead > tolerance else -behind if behind > tolerance else timedelta(0)
    return timedelta(seconds=round(difference.total_seconds()))


def difference_in_words(difference: timedelta) -> str:
    """Say how far clocks lie apart, and in which direction; positive means that ours is ahead."""
    if not difference:
        return "our clock agrees with the server's"
    side = "ahead of" if difference > timedelta(0) else "behind"
    return f"our clock is {_size(difference)} {side} the server's"


def effect_in_words(difference: timedelta) -> str:
    """Say what a difference means for coverage; empty when there is none."""
    size = _size(difference)
    if difference > timedelta(0):
        return f"nothing is claimed that is younger than `settle` by the server's clock: coverage ends {size} earlier"
    if difference:
        return f"the last {size} by the server's clock are not asked for yet: coverage ends {size} earlier"
    return ""


def _size(difference: timedelta) -> str:
    """Write how large a difference is: to 10 seconds from a minute on, to a minute from an hour on.

    It is not known better than to a second or to the time of a request.
    """
    seconds = round(abs(difference).total_seconds())
    unit = _MINUTE if seconds >= _HOUR else _TEN if seconds >= _MINUTE else 1
    return format_duration(timedelta(seconds=round(seconds / unit) * unit))


def validity_hint(problem: str, now: datetime) -> str:
    """Return what to add to a hint when a certificate was refused because of its dates; empty otherwise.

    Args:
        problem: The TLS library's own words.
        now: What our clock shows.
    """
    return f"; or our clock is wrong: it shows {format_time(now)}" if _VALIDITY.search(problem) else ""


class ClockComparison:
    """Compare clocks at each answer of a feed, and tell of a difference once; safe from any thread.

    It is told when it appears, and again when it differs by more than a minute from all that was told. Servers behind
    one address whose clocks differ from each other are thus told once each.
    """

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._told: deque[timedelta] = deque(maxlen=_REMEMBERED)
        self._agreed = 0

    def take(self, server_time: datetime, received_at: datetime, difference: timedelta) -> ClockDiffers | None:
        """Take what one answer shows, and return what is to be told, or None."""
        with self._lock:
            is_news = self._is_news(difference)
        return ClockDiffers(self._feed, difference, received_at, server_time) if is_news else None

    def _is_news(self, difference: timedelta) -> bool:
        if difference:
            self._agreed = 0
            if any(abs(difference - one) <= _CHANGE for one in self._told):
                return False
            self._told.append(difference)
            return True
        self._agreed += 1
        if not self._told or self._agreed < _STEADY:
            return False
        self._told.clear()
        return True
