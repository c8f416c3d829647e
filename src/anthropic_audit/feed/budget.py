"""The request budget, from the server's headers (`anthropic-ratelimit-requests-*`)."""

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
"""Upper bound on one wait: the documented budget (600 requests a minute) starts again every minute."""

MAX_REQUESTS = 1_000_000
"""Upper bound on a limit or remainder in a header; larger numbers are reduced to it."""

_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class ServerBudget:
    """The request budget in the server's last response: `remaining` of `limit` requests until `reset`."""

    limit: int
    remaining: int
    reset: datetime

    def wait_seconds(self, now: datetime, spared: int = 0) -> float:
        """Return the seconds that the next request has to wait; 0 when it can be sent at once.

        Args:
            now: The time by our clock.
            spared: The number of requests that must remain for others.
        """
        if self.remaining > spared or now >= self.reset:
            return 0.0
        return min(_MAX_WAIT_SECONDS, (self.reset - now).total_seconds())


def allowance(headers: Mapping[str, str]) -> ServerBudget | None:
    """Return the budget in the three headers, or None when one of them is missing or can't be read."""
    limit = _count(headers.get("anthropic-ratelimit-requests-limit"))
    remaining = _count(headers.get("anthropic-ratelimit-requests-remaining"))
    reset = read_timestamp((headers.get("anthropic-ratelimit-requests-reset") or "")[:MAX_HEADER_CHARS])
    if limit is None or remaining is None or reset is None:
        return None
    return ServerBudget(limit, remaining, reset.moment)


def _count(text: str | None) -> int | None:
    """Return a number of requests, at most `MAX_REQUESTS`, or None when the text is not one of up to seven digits."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return None
    return min(int(text), MAX_REQUESTS)


class Budget:
    """The requests that all feeds of one parent organization may still send; safe to share between threads.

    Args:
        clock: The clock that waits.
        watch: Receives an event for each wait.
        reserve: The share of the limit (0 to 1) that is never spent, so that other clients of the organization can
            send requests, too.
    """

    def __init__(self, clock: Clock, watch: Watch, *, reserve: float = 0.0) -> None:
        self.watch = watch
        """Receives an event for each wait; the feed's client sends it an event for each response."""
        self._clock = clock
        self._reserve = reserve
        self._lock = threading.Lock()
        self._allowance: ServerBudget | None = None
        self._unanswered = 0

    def take(self, leave: float = 0.0) -> None:
        """Spend one request; wait for the next minute's budget if this minute's is spent.

        `learn` or `give_up` must follow.

        Args:
            leave: The share of the limit (0 to 1) that this request leaves to more urgent ones.

        Raises:
            InterruptedRunError: The operator asked to stop.
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
        """Take over the budget in a response's headers; headers without a budget change nothing."""
        reported = allowance(headers)
        with self._lock:
            self._unanswered = max(0, self._unanswered - 1)
            if reported is not None:
                self._allowance = reported

    def give_up(self) -> None:
        """Count a request that got no response."""
        with self._lock:
            self._unanswered = max(0, self._unanswered - 1)

    @property
    def allowance(self) -> ServerBudget | None:
        """The budget in the last response that had one, or None before the first."""
        return self._allowance
