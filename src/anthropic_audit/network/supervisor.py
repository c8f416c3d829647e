"""Supervision of requests: check the deadline and the operator's stop again and again while a request waits."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

SLICE_SECONDS: Final = 0.2
"""The longest wait before the deadline and the operator's stop are checked again."""
_FIRST_NOTE_SECONDS: Final = 30.0


class DeadlineExceededError(Exception):
    """A request, from connecting to the last byte of its response, took longer than its deadline."""


def nothing() -> None:
    """Do nothing: a check for callers that can't be stopped."""


def _silent(_: float) -> None:
    pass


@dataclass(slots=True)
class _Request:
    """The present request of a thread; times are by the monotonic clock, in seconds."""

    started: float
    deadline: float
    next_note: float


class Supervisor:
    """Bounds the requests of one client; each thread may have one request at a time.

    Args:
        check: Raises when the operator asked to stop; called at least five times a second while a request waits.
        still_waiting: Called with the seconds that a long request has taken: after 30, 60, 120 and so on, or first
            after a quarter of the deadline if that is sooner.
    """

    def __init__(self, check: Callable[[], None] = nothing, still_waiting: Callable[[float], None] = _silent) -> None:
        self._check = check
        self._still_waiting = still_waiting
        self._busy = threading.local()

    @contextmanager
    def request(self, seconds: float) -> Iterator[None]:
        """Set a deadline, in seconds from now, for what this thread does on the network inside the `with` block.

        Raises:
            DeadlineExceededError: The network takes longer.
        """
        now = time.monotonic()
        self._busy.request = _Request(now, now + seconds, now + min(_FIRST_NOTE_SECONDS, seconds / 4))
        try:
            yield
        finally:
            self._busy.request = None

    def tick(self) -> None:
        """Check the operator's stop and the deadline of this thread's request.

        Raises:
            DeadlineExceededError: The deadline has passed.
            InterruptedRunError: The operator asked to stop.
        """
        self._check()
        request: _Request | None = getattr(self._busy, "request", None)
        if request is None:
            return
        now = time.monotonic()
        if now >= request.deadline:
            raise DeadlineExceededError
        if now >= request.next_note:
            request.next_note = now + (now - request.started)
            self._still_waiting(now - request.started)

    def wait(self, fileno: int, events: int, seconds: float | None) -> bool:
        """Wait until a socket is ready; return False if it was not ready within `seconds` (None: no limit).

        Raises:
            DeadlineExceededError, InterruptedRunError: As `tick` raises them.
        """
        poller = select.poll()
        poller.register(fileno, events)
        ends = None if seconds is None else time.monotonic() + seconds
        self.tick()
        while True:
            left = SLICE_SECONDS if ends is None else min(SLICE_SECONDS, ends - time.monotonic())
            if poller.poll(max(0.0, left) * 1000):
                return True
            self.tick()
            if ends is not None and time.monotonic() >= ends:
                return False
