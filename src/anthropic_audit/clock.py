"""The machine's clock, and waiting that an operator can end."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from .errors import InterruptedRunError

_LOOK_SECONDS = 1.0


class SystemClock:
    """The wall clock; `interrupt` ends every wait, now and later.

    A signal handler runs inside of whatever the main thread does, also when that is about to wait. So the lock is one
    that its holder may take again (an `Event` would wait for itself for ever), and the main thread looks every second
    whether it was interrupted between its last look and falling asleep.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._is_interrupted = False

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Wait that long, or until interrupted.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        longest = _LOOK_SECONDS if threading.current_thread() is threading.main_thread() else threading.TIMEOUT_MAX
        ends = time.monotonic() + seconds
        with self._changed:
            while not self._is_interrupted and (left := ends - time.monotonic()) > 0:
                self._changed.wait(min(left, longest))
        self.check()

    def check(self) -> None:
        """Go on, unless interrupted.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        if self._is_interrupted:
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """End every wait; safe in a signal handler."""
        self._is_interrupted = True
        with self._changed:
            self._changed.notify_all()
