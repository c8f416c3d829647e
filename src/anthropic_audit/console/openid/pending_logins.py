"""Pending logins: each is bound to one browser, can be finished once, and expires."""

from __future__ import annotations

import hmac
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import takewhile
from typing import Final

from anthropic_audit.ports import Clock

LOGIN_TIMEOUT: Final = timedelta(minutes=10)
MAX_PENDING: Final = 5_000
MAX_PENDING_PER_NETWORK: Final = 200
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Attempt:
    """A pending login."""

    state: str
    """Returned by the browser in the callback."""
    nonce: str
    """Returned in the ID token that the provider signs."""
    verifier: str
    """Proves to the provider that the client with the code has begun the login (PKCE)."""
    browser: bytes
    """The hash of the browser's cookie."""
    address: str
    session: str
    """The cookie of the browser's earlier session, which ends when the new one begins; empty if there was none."""
    ends: datetime

    @property
    def challenge(self) -> str:
        """The code challenge (PKCE): the SHA-256 of the verifier."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Attempts:
    """All pending logins; beyond `MAX_PENDING`, or `MAX_PENDING_PER_NETWORK` of an address, the oldest is dropped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[str, Attempt] = {}

    def begin(self, address: str, session: str) -> tuple[str, Attempt]:
        """Add a login, and return the value of the browser's cookie with it."""
        state, nonce, verifier, cookie = (secrets.token_urlsafe(_BYTES) for _ in range(4))
        now = self._clock.now()
        attempt = Attempt(state, nonce, verifier, _hashed(cookie), address, session, now + LOGIN_TIMEOUT)
        with self._lock:
            for old in list(self._expired(now, address)):
                self._pending.pop(old, None)
            self._pending[state] = attempt
        return cookie, attempt

    def take(self, state: str, cookie: str) -> Attempt | None:
        """Remove and return the login of a state; None if another browser has begun it, or it was used or expired."""
        with self._lock:
            attempt = self._pending.get(state)
            if attempt is None or not hmac.compare_digest(attempt.browser, _hashed(cookie)):
                return None
            del self._pending[state]
        return attempt if attempt.ends > self._clock.now() else None

    def _expired(self, now: datetime, address: str) -> Iterator[str]:
        """Yield the states to drop before a login is added: expired ones, and the oldest beyond a limit."""
        yield from (one.state for one in takewhile(lambda one: one.ends <= now, self._pending.values()))
        of_address = [one.state for one in self._pending.values() if one.address == address]
        if len(of_address) >= MAX_PENDING_PER_NETWORK:
            yield of_address[0]
        elif len(self._pending) >= MAX_PENDING:
            yield next(iter(self._pending))


def _hashed(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="replace")).digest()
