"""Apply the retention settings: remove old days, except those that wait for a sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from anthropic_audit.archive import ArchiveWriter, open_reader
from anthropic_audit.archive.maintenance import Removed
from anthropic_audit.settings import Settings
from anthropic_audit.status.undelivered import Undelivered, undelivered


@dataclass(frozen=True, slots=True)
class Retained:
    """The result of applying retention."""

    removed: Sequence[Removed]
    waiting: Sequence[Undelivered]
    """Undelivered events; their days were kept."""
    never_delivered: Sequence[Undelivered]
    """Undelivered events that were removed, because `retention.wait_for_sinks` is false."""


def retain(writer: ArchiveWriter, settings: Settings, now: datetime, *, is_rehearsal: bool = False) -> Retained:
    """Remove days older than `retention.keep`, except legal holds and days with undelivered events.

    Raises:
        ArchiveError: A table can't be read or written.
    """
    before = (now - settings.retention.keep).date()
    holds = [(hold.start, hold.end) for hold in settings.retention.holds]
    behind = _behind(settings, before)
    waits = settings.retention.wait_for_sinks
    kept = [(one.day, one.day) for one in behind] if waits else []
    removed = writer.retain(before, [*holds, *kept], is_rehearsal=is_rehearsal)
    days = {one.day for one in removed}
    lost = [one for one in behind if one.day in days]
    return Retained(removed, behind if waits else [], lost)


def undelivered_lines(found: Sequence[Undelivered]) -> list[str]:
    """Return a line per sink with the number and the days of its undelivered events."""
    lines = []
    for sink in dict.fromkeys(one.sink for one in found):
        mine = [one for one in found if one.sink == sink]
        events = sum(one.events for one in mine)
        lines.append(f"sink {sink}: {events:,} events of {_days(mine[0].day, mine[-1].day)}")
    return lines


def _days(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _behind(settings: Settings, before: date) -> Sequence[Undelivered]:
    if not settings.sinks:
        return []
    with open_reader(settings.archive).connect() as connection:
        return undelivered(connection, [sink.name for sink in settings.sinks], before)
