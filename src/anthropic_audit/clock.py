"""The machine's clock, and waiting that an operator can end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from .errors import InterruptedRunError


class SystemClock:
    """The wall clock; `interrupt` ends every wait, now and later."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Wait that long, or until interrupted.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        self._stop.wait(max(0.0, seconds))
        self.check()

    def check(self) -> None:
        """Go on, unless interrupted.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        if self._stop.is_set():
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """End every wait; safe in a signal handler."""
        self._stop.set()
