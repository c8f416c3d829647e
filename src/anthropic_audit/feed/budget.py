"""The request budget, as the server's headers tell it (`anthropic-ratelimit-requests-*`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from anthropic_audit.ports import Clock
from anthropic_audit.progress import Waiting, Watch

_LONGEST_SECONDS = 60.0
"""The budget is one of 600 requests a minute: no wait for it is longer."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the server said last: so many requests left until `reset`."""

    limit: int
    remaining: int
    reset: datetime

    def wait_seconds(self, now: datetime) -> float:
        """Return how long the next request has to wait; 0 when it need not."""
        if self.remaining > 0 or now >= self.reset:
            return 0.0
        return min(_LONGEST_SECONDS, (self.reset - now).total_seconds())


def allowance(headers: Mapping[str, str]) -> Allowance | None:
    """Read the three headers; None when one is missing or unreadable."""
    try:
        reset = datetime.fromisoformat(headers["anthropic-ratelimit-requests-reset"])
        return Allowance(
            limit=int(headers["anthropic-ratelimit-requests-limit"]),
            remaining=int(headers["anthropic-ratelimit-requests-remaining"]),
            reset=reset if reset.tzinfo else reset.replace(tzinfo=UTC),
        )
    except (KeyError, ValueError):
        return None


class Budget:
    """The requests that all feeds under one key may still send; safe to share between threads."""

    def __init__(self, clock: Clock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch
        self._lock = threading.Lock()
        self._allowance: Allowance | None = None

    def take(self) -> None:
        """Spend one request, after waiting for the next minute's budget if this one's is spent.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        self._clock.check()
        with self._lock:
            left = self._allowance
            seconds = 0.0 if left is None else left.wait_seconds(self._clock.now())
            if left is not None:
                self._allowance = None if seconds else Allowance(left.limit, left.remaining - 1, left.reset)
        if seconds:
            self._watch(Waiting(seconds, "the request budget of this minute is spent"))
            self._clock.wait(seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what the server says; headers without a budget change nothing."""
        said = allowance(headers)
        if said is not None:
            with self._lock:
                self._allowance = said

    @property
    def allowance(self) -> Allowance | None:
        """What is left as far as we know, or None before the first answer."""
        return self._allowance
