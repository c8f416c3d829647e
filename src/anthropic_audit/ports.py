"""Protocols of everything outside the core logic (clock, feed, archive, sinks); mypy checks each implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, Protocol

from .model import Coverage, Page, Parcel, Query, Received, Verdict

DAMAGE_LOGGER: Final = "anthropic_audit.archive.damage"
"""Name of the standard library's logger to which readers of an archive report each file that they leave out."""
REPAIR_HINT: Final = "`anthropic-audit archive repair` sets damaged files aside and restores what can be restored"
"""Hint of every error and warning about damage to an archive."""


class Clock(Protocol):
    """The current time, and waiting."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait for a number of seconds.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        ...

    def check(self) -> None:
        """Return at once, or raise if the operator stopped the run.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        ...


class Feed(Protocol):
    """One configured Activity Feed."""

    def read_page(self, query: Query) -> Page:
        """Send one request, and return the page of its response.

        Raises:
            TransientError: The same request may succeed later.
            FatalError: The same request will not succeed.
        """
        ...


class Ledger(Protocol):
    """Storage of activities and coverage."""

    def append(self, received: Sequence[Received]) -> int:
        """Store activities that are not stored yet, durably, and return how many those were."""
        ...

    def claim(self, coverage: Coverage) -> None:
        """Record that a window was walked to its end; all its activities must be stored before."""
        ...


class Enrichment(Protocol):
    """Lookups of addresses and user agents."""

    def of_address(self, address: str) -> Mapping[str, Any]:
        """Return `geo` and `as` of a valid IP address, as ECS defines them below `source`; empty if unknown."""
        ...

    def of_user_agent(self, text: str) -> Mapping[str, Any]:
        """Return `name`, `version`, `os` and `device` as ECS defines them below `user_agent`; empty if unknown."""
        ...

    def refresh(self) -> bool:
        """Reload databases that changed on disk, and return whether any did; earlier results may then be outdated."""
        ...


class Sink(Protocol):
    """A target that events are delivered to; several threads may deliver at the same time."""

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events, and return one verdict per event, in their order.

        Raises:
            SinkBusyError: The result is unknown; sending the events again may succeed.
            SinkRefusedError: No event was accepted; a smaller batch may be.
            SinkDeniedError: No event was accepted, and none will be until the settings or the target change.
        """
        ...

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of the events that the target has already; an empty set if the target can't tell.

        Raises:
            SinkBusyError: The target can't tell now.
            SinkDeniedError: The target refuses the request.
        """
        ...

    def close(self) -> None:
        """Close connections and files."""
        ...
