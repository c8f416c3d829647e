"""Fakes for tests of this package and of what is built on it; they keep what they were given."""

from __future__ import annotations

from datetime import datetime, timedelta


class FakeClock:
    """A clock that stands still until somebody waits."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.waited: list[float] = []

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Move on by that long, at once."""
        self.waited.append(seconds)
        self._now += timedelta(seconds=max(0.0, seconds))

    def advance(self, span: timedelta) -> None:
        """Move on without anybody waiting."""
        self._now += span
