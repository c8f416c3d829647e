"""What the deciding rooms ask of the outside; each implementation is compared with these by mypy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from .model import Coverage, Page, Query, Received


class Clock(Protocol):
    """The time of day, and waiting for it."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait that long.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        ...

    def check(self) -> None:
        """Go on, unless the operator asked for an end.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        ...


class Feed(Protocol):
    """One configured Activity Feed."""

    def read_page(self, query: Query) -> Page:
        """Ask one question.

        Raises:
            TransientError: Waiting may help.
            FatalError: It won't.
        """
        ...


class Ledger(Protocol):
    """Where activities and coverage are kept."""

    def append(self, received: Sequence[Received]) -> int:
        """Store what is not stored yet, durably, and return how many that were."""
        ...

    def claim(self, coverage: Coverage) -> None:
        """Record that a window was walked to its end; everything in it was stored before."""
        ...
