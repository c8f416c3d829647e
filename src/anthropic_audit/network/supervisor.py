"""What a request may take, and whether the operator asked for an end: looked at again and again while it waits."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

SLICE_SECONDS: Final = 0.2
"""How long a wait goes on before the deadline and the operator's stop are looked at again."""
_FIRST_NOTE_SECONDS: Final = 30.0


class DeadlineExceededError(Exception):
    """A whole request, from connecting to the last byte of its answer, took longer than it may."""


def nothing() -> None:
    """Go on: nobody can ask for an end."""


def _silent(_: float) -> None:
    pass


@dataclass(slots=True)
class _Request:
    """A request that a thread is busy with."""

    started: float
    deadline: float
    next_note: float


class Supervisor:
    """Bounds the requests of one client; each thread may be busy with one of them.

    Args:
        check: Raises when the operator asked for an end; called at least five times a second while a request waits.
        still_waiting: Told the seconds that a request has taken when it takes long: after 30, 60, 120 and so on, or
            after a quarter of the deadline if that is sooner.
    """

    def __init__(self, check: Callable[[], None] = nothing, still_waiting: Callable[[float], None] = _silent) -> None:
        self._check = check
        self._still_waiting = still_waiting
        self._busy = threading.local()

    @contextmanager
    def request(self, seconds: float) -> Iterator[None]:
        """Bound what this thread does on the network meanwhile.

        Raises:
            DeadlineExceededError: It took longer than that.
        """
        now = time.monotonic()
        self._busy.request = _Request(now, now + seconds, now + min(_FIRST_NOTE_SECONDS, seconds / 4))
        try:
            yield
        finally:
            self._busy.request = None

    def tick(self) -> None:
        """Go on, unless the operator asked for an end or the deadline has passed.

        Raises:
            DeadlineExceededError: The deadline has passed.
            InterruptedRunError: The operator asked for an end.
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
        """Wait until a socket is ready, and say whether it was within so many seconds.

        Raises:
            DeadlineExceededError, InterruptedRunError: As `tick` does.
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
