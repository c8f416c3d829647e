"""Sessions: who is in, until when; kept by this process only, and never by their own name."""

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
    """Somebody who is in."""

    user: str
    role: Role
    label: str
    """What stands for the session in the access log; nobody gets in by it."""
    csrf: str
    """What a form has to bring along, so that no other site can send it."""
    ends: datetime

    def vouches_for(self, token: str) -> bool:
        """Say whether a form was made for this session."""
        return hmac.compare_digest(self.csrf.encode(), token.encode(errors="replace"))


class Sessions:
    """All who are in, by the hash of what their cookie says."""

    def __init__(self, clock: Clock, lasting: timedelta) -> None:
        self._clock = clock
        self._lasting = lasting
        self._lock = threading.Lock()
        self._held: dict[bytes, Session] = {}

    def begin(self, user: str, role: Role) -> tuple[str, Session]:
        """Let somebody in, and return what the cookie has to say."""
        cookie = secrets.token_urlsafe(_BYTES)
        now = self._clock.now()
        session = Session(user, role, secrets.token_hex(4), secrets.token_urlsafe(_BYTES), now + self._lasting)
        with self._lock:
            self._held = {key: one for key, one in self._held.items() if one.ends > now}
            if len(self._held) >= _MAX_SESSIONS:
                oldest = min(self._held, key=lambda key: self._held[key].ends)
                del self._held[oldest]
            self._held[_key(cookie)] = session
        return cookie, session

    def of(self, cookie: str) -> Session | None:
        """Return whose cookie it is, or None when nobody's is, or the session is over."""
        with self._lock:
            session = self._held.get(_key(cookie))
        return session if session is not None and session.ends > self._clock.now() else None

    def end(self, cookie: str) -> None:
        """End a session; its cookie opens nothing any more, whoever has it."""
        with self._lock:
            self._held.pop(_key(cookie), None)


def _key(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="replace")).digest()
