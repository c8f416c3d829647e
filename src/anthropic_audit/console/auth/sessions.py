"""Sessions of logged-in users, in this process's memory only, stored by the hash of their cookie."""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from anthropic_audit.ports import Clock
from anthropic_audit.settings import Role

_MAX_SESSIONS: Final = 10_000
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """The session of a user who is logged in."""

    user: str
    role: Role
    label: str
    """Identifier of the session in the access log; it gives no access."""
    csrf: str
    """The CSRF token that forms of this session have to carry."""
    ends: datetime

    def has_csrf_token(self, token: str) -> bool:
        """Return whether a form's token is that of this session."""
        return hmac.compare_digest(self.csrf.encode(), token.encode(errors="replace"))


class Sessions:
    """All sessions, by the hash of their cookie; safe from any thread."""

    def __init__(self, clock: Clock, duration: timedelta) -> None:
        self._clock = clock
        self._duration = duration
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}

    def begin(self, user: str, role: Role) -> tuple[str, Session]:
        """Start a session, and return the value of its cookie with it; beyond `_MAX_SESSIONS`, the oldest one ends."""
        cookie = secrets.token_urlsafe(_BYTES)
        now = self._clock.now()
        session = Session(user, role, secrets.token_hex(4), secrets.token_urlsafe(_BYTES), now + self._duration)
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if one.ends > now}
            if len(self._sessions) >= _MAX_SESSIONS:
                oldest = min(self._sessions, key=lambda key: self._sessions[key].ends)
                del self._sessions[oldest]
            self._sessions[_key(cookie)] = session
        return cookie, session

    def of(self, cookie: str) -> Session | None:
        """Return the session of a cookie, or None if there is none or it has expired."""
        with self._lock:
            session = self._sessions.get(_key(cookie))
        return session if session is not None and session.ends > self._clock.now() else None

    def end(self, cookie: str) -> None:
        """End the session of a cookie, if there is one."""
        with self._lock:
            self._sessions.pop(_key(cookie), None)


def _key(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="replace")).digest()
