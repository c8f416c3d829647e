"""What the deciding rooms ask of the outside; each implementation is compared with these by mypy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, Protocol

from .model import Coverage, Page, Parcel, Query, Received, Verdict

DAMAGE_LOGGER: Final = "anthropic_audit.archive.damage"
"""Name of the standard library's logger to which readers of an archive report each file that they leave out."""
REPAIR_HINT: Final = "`anthropic-audit archive repair` sets damaged files aside and gets back what can be had"
"""Hint of every error and warning about damage to an archive."""


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


class Enrichment(Protocol):
    """What is known of addresses and user agents beyond what an activity says."""

    def of_address(self, address: str) -> Mapping[str, Any]:
        """Return `geo` and `as` of a valid IP address, as ECS has them below `source`; empty when nothing is known."""
        ...

    def of_user_agent(self, text: str) -> Mapping[str, Any]:
        """Return `name`, `version`, `os` and `device` as ECS has them below `user_agent`; empty when unknown."""
        ...

    def refresh(self) -> bool:
        """Read again what has changed outside, and say whether anything has; answers given before may be outdated."""
        ...


class Sink(Protocol):
    """A place that events are delivered to; several threads may deliver at the same time."""

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events, and return what became of each, in their order.

        Raises:
            SinkBusyError: Nobody knows what became of them; sending them again may help.
            SinkRefusedError: None was taken; fewer at once may be.
            SinkDeniedError: None was taken, and none will be before somebody changes something.
        """
        ...

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that are there already; none where the target can't say.

        Raises:
            SinkBusyError: It can't be said now.
            SinkDeniedError: We may not ask.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...
