"""Fakes for tests of this package and of what is built on it; they keep what they were given."""

from __future__ import annotations

from datetime import datetime, timedelta

from .errors import InterruptedRunError


class FakeClock:
    """A clock that stands still until somebody waits."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.waited: list[float] = []
        self._is_interrupted = False

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Move on by that long, at once."""
        self.check()
        self.waited.append(seconds)
        self._now += timedelta(seconds=max(0.0, seconds))

    def check(self) -> None:
        """Go on, unless interrupted.

        Raises:
            InterruptedRunError: `interrupt` was called.
        """
        if self._is_interrupted:
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """End every wait from now on."""
        self._is_interrupted = True

    def advance(self, span: timedelta) -> None:
        """Move on without anybody waiting."""
        self._now += span
