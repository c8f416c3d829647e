"""How often somebody may try to get in."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from anthropic_audit.ports import Clock

MAX_ATTEMPTS: Final = 8
WITHIN: Final = timedelta(minutes=5)
_REMEMBERED: Final = 10_000


_OF_ONE: Final = 64


def client_network(address: str) -> str:
    """Return what stands for whoever asks from an address: of IPv6, a household has a whole /64 to choose from."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    mapped = found.ipv4_mapped
    return str(mapped or ip_network((int(found), _OF_ONE), strict=False))


class LoginRateLimit:
    """Refuse an address or a user name after `MAX_ATTEMPTS` failed logins within `WITHIN`."""

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
                self._failures.setdefault(key, deque(maxlen=MAX_ATTEMPTS)).append(now)

    def forget(self, *keys: str) -> None:
        """Start anew after a success."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str, now: datetime) -> timedelta | None:
        times = self._failures.get(key)
        if times is None or len(times) < MAX_ATTEMPTS or times[0] <= now - WITHIN:
            return None
        return times[0] + WITHIN - now
