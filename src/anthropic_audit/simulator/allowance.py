"""The request budget of one parent organization: requests per minute, for all its keys (Compliance API, Rate limit)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from anthropic_audit.times import format_time

from .http import RefusalError

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AllowanceState:
    """The request budget of the current window after a request."""

    limit: int
    remaining: int
    reset: datetime

    def headers(self) -> dict[str, str]:
        """Return the rate limit headers of a response."""
        prefix = "anthropic-ratelimit-requests"
        return {
            f"{prefix}-limit": str(self.limit),
            f"{prefix}-remaining": str(self.remaining),
            f"{prefix}-reset": format_time(self.reset),
        }

    def refusal(self, now: datetime) -> RefusalError:
        """Return the 429 for a request over the limit, with `retry-after` in whole seconds, at least 1."""
        seconds = max(1, -(-(self.reset - now) // timedelta(seconds=1)))
        message = f"This request would exceed the rate limit of {self.limit} requests per minute"
        headers = {"retry-after": str(seconds)}
        return RefusalError(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_error", message, headers)


class Allowance:
    """A request counter over windows of one minute; the first request opens a window, which ends at a whole second."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._spent = 0
        self._reset: datetime | None = None

    def take(self, now: datetime) -> tuple[AllowanceState, RefusalError | None]:
        """Spend one request, and return the state of the budget; with a refusal, which is free, if none is left."""
        with self._lock:
            if self._reset is None or now >= self._reset or now < self._reset - 2 * _MINUTE:
                whole = now.replace(microsecond=0)
                self._reset = whole + _MINUTE + timedelta(seconds=whole != now)
                self._spent = 0
            is_over = self._spent >= self._limit
            self._spent += not is_over
            state = AllowanceState(self._limit, self._limit - self._spent, self._reset)
        return state, state.refusal(now) if is_over else None
