"""How often somebody may try to get in."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from anthropic_audit.ports import Clock

MOST: Final = 8
WITHIN: Final = timedelta(minutes=5)
_REMEMBERED: Final = 10_000


class Throttle:
    """Counts failures by what they have in common (an address, a name): after `MOST` within `WITHIN`, it says no."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, deque[datetime]] = {}

    def wait(self, *keys: str) -> timedelta | None:
        """Return how long one of these has to wait, or None when it may try now."""
        now = self._clock.now()
        with self._lock:
            waits = [self._wait(key, now) for key in keys]
        return max((one for one in waits if one is not None), default=None)

    def note(self, *keys: str) -> None:
        """Count a failure."""
        now = self._clock.now()
        with self._lock:
            for key in keys:
                if len(self._failures) >= _REMEMBERED:
                    self._failures = {name: times for name, times in self._failures.items() if times[-1] > now - WITHIN}
                self._failures.setdefault(key, deque(maxlen=MOST)).append(now)

    def forget(self, *keys: str) -> None:
        """Start anew after a success."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str, now: datetime) -> timedelta | None:
        times = self._failures.get(key)
        if times is None or len(times) < MOST or times[0] <= now - WITHIN:
            return None
        return times[0] + WITHIN - now
