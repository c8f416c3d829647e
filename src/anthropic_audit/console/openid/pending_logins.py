"""Logins that have begun: each belongs to one browser, can be finished once, and not for long."""

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

LASTING: Final = timedelta(minutes=10)
MAX_PENDING: Final = 5_000
MAX_PENDING_PER_NETWORK: Final = 200
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that has begun."""

    state: str
    """Comes back with the browser."""
    nonce: str
    """Comes back in the token that the provider signs."""
    verifier: str
    """Proves to the provider that whoever brings the code has begun the login (PKCE)."""
    browser: bytes
    """The hash of what the browser's cookie says."""
    address: str
    session: str
    """The cookie of the session before it, which ends when this one begins; empty if there was none."""
    ends: datetime

    @property
    def challenge(self) -> str:
        """What the provider is shown of the verifier: its SHA-256."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Attempts:
    """All logins that have begun; when there are too many, the oldest can't be finished any more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, Attempt] = {}

    def begin(self, address: str, session: str) -> tuple[str, Attempt]:
        """Begin a login, and return what the browser's cookie has to say."""
        state, nonce, verifier, cookie = (secrets.token_urlsafe(_BYTES) for _ in range(4))
        now = self._clock.now()
        attempt = Attempt(state, nonce, verifier, _hashed(cookie), address, session, now + LASTING)
        with self._lock:
            for old in list(self._outlived(now, address)):
                self._held.pop(old, None)
            self._held[state] = attempt
        return cookie, attempt

    def take(self, state: str, cookie: str) -> Attempt | None:
        """Return the login of this state if this browser has begun it, for the first time and soon enough."""
        with self._lock:
            attempt = self._held.get(state)
            if attempt is None or not hmac.compare_digest(attempt.browser, _hashed(cookie)):
                return None
            del self._held[state]
        return attempt if attempt.ends > self._clock.now() else None

    def _outlived(self, now: datetime, address: str) -> Iterator[str]:
        """Yield what has to go before one more comes in: what is over, and the oldest of too many."""
        yield from (one.state for one in takewhile(lambda one: one.ends <= now, self._held.values()))
        of_address = [one.state for one in self._held.values() if one.address == address]
        if len(of_address) >= MAX_PENDING_PER_NETWORK:
            yield of_address[0]
        elif len(self._held) >= MAX_PENDING:
            yield next(iter(self._held))


def _hashed(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="replace")).digest()
