"""The system clock, with waits that an operator can interrupt."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from .errors import InterruptedRunError

_CHECK_SECONDS = 1.0


class SystemClock:
    """The wall clock; `interrupt` ends every wait, current and future ones.

    A signal handler runs on the main thread, possibly while that thread holds the lock of a wait. The lock is therefore
    reentrant (an `Event` would deadlock), and the main thread wakes once a second, in case `interrupt` was called
    between its last check and the start of its wait.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._is_interrupted = False

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Wait for a number of seconds, or until `interrupt` is called.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        longest = _CHECK_SECONDS if threading.current_thread() is threading.main_thread() else threading.TIMEOUT_MAX
        ends = time.monotonic() + seconds
        with self._changed:
            while not self._is_interrupted and (left := ends - time.monotonic()) > 0:
                self._changed.wait(min(left, longest))
        self.check()

    def check(self) -> None:
        """Return at once, or raise if `interrupt` was called.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        if self._is_interrupted:
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """End every wait, current and future ones; safe in a signal handler."""
        self._is_interrupted = True
        with self._changed:
            self._changed.notify_all()
