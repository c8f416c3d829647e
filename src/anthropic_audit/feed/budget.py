"""The request budget, as the server's headers tell it (`anthropic-ratelimit-requests-*`)."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from anthropic_audit.ports import Clock
from anthropic_audit.progress import Waiting, Watch
from anthropic_audit.retry_after import MAX_HEADER_CHARS
from anthropic_audit.timestamps import read_timestamp

_MAX_WAIT_SECONDS = 60.0
"""The budget is one of 600 requests a minute: no wait for it is longer."""

MAX_REQUESTS = 1_000_000
"""A larger limit or remainder is not believed: the documented budget is 600 requests a minute."""

_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class ServerBudget:
    """What the server said last: so many requests left until `reset`."""

    limit: int
    remaining: int
    reset: datetime

    def wait_seconds(self, now: datetime, spared: int = 0) -> float:
        """Return how long the next request has to wait that must leave so many others; 0 when it need not."""
        if self.remaining > spared or now >= self.reset:
            return 0.0
        return min(_MAX_WAIT_SECONDS, (self.reset - now).total_seconds())


def allowance(headers: Mapping[str, str]) -> ServerBudget | None:
    """Read the three headers; None when one is missing, unreadable or not believable."""
    limit = _count(headers.get("anthropic-ratelimit-requests-limit"))
    remaining = _count(headers.get("anthropic-ratelimit-requests-remaining"))
    reset = read_timestamp((headers.get("anthropic-ratelimit-requests-reset") or "")[:MAX_HEADER_CHARS])
    if limit is None or remaining is None or reset is None:
        return None
    return ServerBudget(limit, remaining, reset.moment)


def _count(text: str | None) -> int | None:
    """Read a number of requests; None when it is none that can be believed."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return None
    return min(int(text), MAX_REQUESTS)


class Budget:
    """The requests that all feeds of one parent organization may still send; safe to share between threads.

    `reserve` is the share of the limit that is never spent, so that others of the organization find some left.
    """

    def __init__(self, clock: Clock, watch: Watch, *, reserve: float = 0.0) -> None:
        self.watch = watch
        """Is told of waits, and of answers."""
        self._clock = clock
        self._reserve = reserve
        self._lock = threading.Lock()
        self._allowance: ServerBudget | None = None
        self._unanswered = 0

    def take(self, leave: float = 0.0) -> None:
        """Spend one request, after waiting for the next minute's budget if this one's is spent.

        A request that can wait leaves a share of the limit to those that can't. `learn` or `give_up` must follow.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        while True:
            self._clock.check()
            with self._lock:
                left = self._allowance
                spared = 0 if left is None else self._unanswered + ceil(left.limit * (self._reserve + leave))
                seconds = 0.0 if left is None else left.wait_seconds(self._clock.now(), spared)
                if not seconds:
                    self._unanswered += 1
                    return
            self.watch(Waiting(seconds, "the request budget of this minute is spent"))
            self._clock.wait(seconds)
            with self._lock:
                if self._allowance is left:
                    self._allowance = None

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what the server says; headers without a budget change nothing."""
        said = allowance(headers)
        with self._lock:
            self._unanswered = max(0, self._unanswered - 1)
            if said is not None:
                self._allowance = said

    def give_up(self) -> None:
        """Count a request that got no answer."""
        with self._lock:
            self._unanswered = max(0, self._unanswered - 1)

    @property
    def allowance(self) -> ServerBudget | None:
        """What is left as far as we know, or None before the first answer."""
        return self._allowance
