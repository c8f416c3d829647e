"""Rate limit of logins."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from anthropic_audit.ports import Clock

MAX_ATTEMPTS: Final = 8
WITHIN: Final = timedelta(minutes=5)
_MAX_KEYS: Final = 10_000


_IPV6_CLIENT_PREFIX: Final = 64


def client_network(address: str) -> str:
    """Return the key of a client's address: its /64 network for IPv6, as one client has all of it, else the address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    mapped = found.ipv4_mapped
    return str(mapped or ip_network((int(found), _IPV6_CLIENT_PREFIX), strict=False))


class LoginRateLimit:
    """Refuse an address or a user name after `MAX_ATTEMPTS` failed logins within `WITHIN`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, deque[datetime]] = {}

    def wait(self, *keys: str) -> timedelta | None:
        """Return the longest time that one of the keys has to wait, or None if all may log in now."""
        now = self._clock.now()
        with self._lock:
            waits = [self._wait(key, now) for key in keys]
        return max((one for one in waits if one is not None), default=None)

    def note(self, *keys: str) -> None:
        """Count a failed login for each key."""
        now = self._clock.now()
        with self._lock:
            for key in keys:
                if len(self._failures) >= _MAX_KEYS:
                    self._failures = {name: times for name, times in self._failures.items() if times[-1] > now - WITHIN}
                self._failures.setdefault(key, deque(maxlen=MAX_ATTEMPTS)).append(now)

    def forget(self, *keys: str) -> None:
        """Remove the failures of keys after a successful login."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str, now: datetime) -> timedelta | None:
        times = self._failures.get(key)
        if times is None or len(times) < MAX_ATTEMPTS or times[0] <= now - WITHIN:
            return None
        return times[0] + WITHIN - now
