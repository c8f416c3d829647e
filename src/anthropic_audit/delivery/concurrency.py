"""How many requests are sent at the same time, and how large: less when a target is busy, more when it takes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from anthropic_audit.ports import Clock

_PATIENCE_SECONDS = 0.5


_GROWTH = 1.05
"""What a request may be larger than one that went well."""


class AdaptiveConcurrency:
    """Turns to send, and sizes; safe from any thread. Halved when a target is busy, grown when requests go well."""

    def __init__(self, most: int, most_events: int) -> None:
        self._most = most
        self._most_events = most_events
        self._events = float(most_events)
        self._allowed = float(most)
        self._sending = 0
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """How many may send at the same time now."""
        return max(1, int(self._allowed))

    @property
    def events(self) -> int:
        """How many events may be in one request now."""
        return max(1, int(self._events))

    @contextmanager
    def turn(self, clock: Clock) -> Iterator[None]:
        """Wait until one may send.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        with self._changed:
            while self._sending >= self.allowed:
                self._changed.wait(_PATIENCE_SECONDS)
                clock.check()
            self._sending += 1
        try:
            yield
        finally:
            with self._changed:
                self._sending -= 1
                self._changed.notify()

    def slower(self) -> None:
        """Take note of a target that is busy."""
        with self._changed:
            self._allowed = max(1.0, self._allowed / 2)

    def smaller(self, events: int) -> None:
        """Take note of a request with so many events that was too large."""
        with self._changed:
            self._events = max(1.0, min(self._events, events / 2))

    def faster(self) -> None:
        """Take note of a request that went well."""
        with self._changed:
            self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
            self._events = min(float(self._most_events), self._events * _GROWTH)
            self._changed.notify()
