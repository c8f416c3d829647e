"""Adaptive number and size of concurrent requests: reduced when a target is busy, increased when requests succeed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from anthropic_audit.ports import Clock

_POLL_SECONDS = 0.5


_GROWTH = 1.05
"""Factor by which the size of requests grows after a successful one."""


class AdaptiveConcurrency:
    """Limits on concurrent requests and their size; safe from any thread.

    The number is halved when a target is busy, the size when a request is too large; both grow with each success.
    """

    def __init__(self, max_requests: int, max_events: int) -> None:
        self._max_requests = max_requests
        self._max_events = max_events
        self._events = float(max_events)
        self._allowed = float(max_requests)
        self._sending = 0
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """The current number of requests that may be sent at the same time."""
        return max(1, int(self._allowed))

    @property
    def events(self) -> int:
        """The current number of events that a request may have."""
        return max(1, int(self._events))

    @contextmanager
    def turn(self, clock: Clock) -> Iterator[None]:
        """Wait until a request may be sent, and count it while the context is open.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        with self._changed:
            while self._sending >= self.allowed:
                self._changed.wait(_POLL_SECONDS)
                clock.check()
            self._sending += 1
        try:
            yield
        finally:
            with self._changed:
                self._sending -= 1
                self._changed.notify()

    def slower(self) -> None:
        """Halve the number of concurrent requests, as the target is busy."""
        with self._changed:
            self._allowed = max(1.0, self._allowed / 2)

    def smaller(self, events: int) -> None:
        """Reduce the size to half of a request of `events` events that was too large."""
        with self._changed:
            self._events = max(1.0, min(self._events, events / 2))

    def faster(self) -> None:
        """Increase the number and the size of requests after a successful one."""
        with self._changed:
            self._allowed = min(float(self._max_requests), self._allowed + 1 / self._allowed)
            self._events = min(float(self._max_events), self._events * _GROWTH)
            self._changed.notify()
