"""Gaps: uncovered time that should be covered, recorded in an append-only ledger.

The entries of the ledger say that spans of time opened, closed, or are permanent gaps. The gaps that are open now
follow from reading all entries in order, so nothing is lost when a gap closes in pieces, grows, or opens again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from anthropic_audit.model import Purpose, Window

from .spans import Spans
from .tail import Due

NOT_WALKED = "not walked"
"""The cause of a gap that no failure explains."""

COLLECTOR = "collector"
"""The recorder of gaps that the collector finds."""

_WALKED = "walked"
_MIN_GROWTH = 0.1
"""An open end is recorded again when it has grown by this share, so that a long outage takes few entries."""


class GapState(StrEnum):
    """The change that an entry of the ledger records for its span."""

    OPENED = "opened"
    CLOSED = "closed"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class GapEntry:
    """One entry of the ledger of one feed under one set of filters."""

    window: Window
    state: GapState
    recorded_at: datetime
    cause: str
    recorded_by: str
    """The recorder that opened or declared the gap; for a closed gap, the purpose of the walk that closed it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that is missing, was missing, or is permanently missing."""

    window: Window
    state: GapState
    opened_at: datetime
    """When the gap was first recorded; it may have begun earlier."""
    cause: str
    ended_at: datetime | None = None
    """When the gap was closed; None if it was not."""
    ended_by: str | None = None
    """The purpose of the walk that closed the gap, or who declared it permanent."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a ledger; each tuple is ordered by time."""

    opened: tuple[Gap, ...] = ()
    closed: tuple[Gap, ...] = ()
    permanent: tuple[Gap, ...] = ()

    @property
    def missing(self) -> Spans:
        """The time of all open gaps."""
        return Spans.of(gap.window for gap in self.opened)

    @property
    def lost(self) -> Spans:
        """The time that was declared permanently missing."""
        return Spans.of(gap.window for gap in self.permanent)


def read_gaps(entries: Iterable[GapEntry]) -> Gaps:
    """Read a ledger, oldest entry first; time declared permanent counts as such from the beginning, and always."""
    known = list(entries)
    permanent = [_declared(entry) for entry in known if entry.state is GapState.PERMANENT]
    lost = Spans.of(gap.window for gap in permanent)
    opened: list[Gap] = []
    closed: list[Gap] = []
    for entry in known:
        if entry.state is GapState.OPENED:
            opened = _opened(opened, entry)
        elif entry.state is GapState.CLOSED:
            closed += _closed(opened, entry)
            opened = _left(opened, Spans((entry.window,)))
    return Gaps(_in_order(_left(opened, lost)), _in_order(_joined(closed)), _in_order(permanent))


def gap_changes(
    covered: Spans, now: datetime, known: Sequence[GapEntry], *, lag_limit: timedelta | None, cause: str | None
) -> list[GapEntry]:
    """Return the entries that bring a ledger up to date; an empty list if it is.

    A hole inside the covered time is a gap, and so is the time after its end if that is longer than `lag_limit`; pass
    None for a feed that is no longer collected. Covered time is no longer a gap. `cause` is the text of the last
    failure, or None.
    """
    ledger = read_gaps(known)
    closed = [GapEntry(window, GapState.CLOSED, now, _WALKED, COLLECTOR) for window in ledger.missing & covered]
    return closed + list(_openings(covered, now, ledger, lag_limit=lag_limit, cause=cause))


def without_permanent(due: Iterable[Due], known: Iterable[GapEntry]) -> Iterator[Due]:
    """Yield due windows without the time that was declared permanently missing."""
    lost = read_gaps(known).lost
    for one in due:
        yield from (replace(one, window=window) for window in Spans((one.window,)) - lost)


def due_again(covered: Spans, known: Iterable[GapEntry]) -> Iterator[Due]:
    """Yield open gaps that are not holes between covered windows: time that `archive repair` withdrew at the start.

    Time after the end of coverage is left to the tail.
    """
    missing = read_gaps(known).missing - covered - covered.holes
    for window in missing:
        if covered.end is None or window.start < covered.end:
            yield Due(window, Purpose.GAP)


def _openings(
    covered: Spans, now: datetime, ledger: Gaps, *, lag_limit: timedelta | None, cause: str | None
) -> Iterator[GapEntry]:
    open_now = ledger.missing - covered
    for window in (covered.holes | _tail(covered, now, lag_limit)) - ledger.lost:
        known, unknown = Spans((window,)) & open_now, Spans((window,)) - open_now
        is_growing = bool(known) and covered.end is not None and window.start >= covered.end and window.end == now
        wanted = max(lag_limit or timedelta(0), known.length * _MIN_GROWTH) if is_growing else timedelta(0)
        if unknown and unknown.length >= wanted:
            why = cause or _cause_of(ledger.opened, window) or NOT_WALKED
            yield GapEntry(window, GapState.OPENED, now, why, COLLECTOR)


def _tail(covered: Spans, now: datetime, lag_limit: timedelta | None) -> Spans:
    """Return the time after the end of a coverage if it is longer than the limit, else an empty set."""
    if covered.end is None or lag_limit is None or now - covered.end <= lag_limit:
        return Spans()
    return Spans((Window(covered.end, now),))


def _cause_of(opened: Iterable[Gap], window: Window) -> str | None:
    return next((gap.cause for gap in opened if _overlap(gap.window, window)), None)


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end


def _declared(entry: GapEntry) -> Gap:
    return Gap(entry.window, GapState.PERMANENT, entry.recorded_at, entry.cause, ended_by=entry.recorded_by)


def _opened(opened: Sequence[Gap], entry: GapEntry) -> list[Gap]:
    """Add an entry to open gaps; gaps that overlap it are merged with it."""
    same = [gap for gap in opened if _overlap(gap.window, entry.window)]
    windows = [entry.window, *(gap.window for gap in same)]
    window = Window(min(one.start for one in windows), max(one.end for one in windows))
    since = min([entry.recorded_at, *(gap.opened_at for gap in same)])
    return [gap for gap in opened if gap not in same] + [Gap(window, GapState.OPENED, since, entry.cause)]


def _closed(opened: Iterable[Gap], entry: GapEntry) -> Iterator[Gap]:
    """Yield the parts of open gaps that an entry closes."""
    for gap in opened:
        for window in Spans((gap.window,)) & Spans((entry.window,)):
            ended = {"state": GapState.CLOSED, "ended_at": entry.recorded_at, "ended_by": entry.recorded_by}
            yield replace(gap, window=window, **ended)  # type: ignore[arg-type] # by name


def _left(opened: Iterable[Gap], taken: Spans) -> list[Gap]:
    """Return the parts of open gaps outside of `taken`."""
    return [replace(gap, window=window) for gap in opened for window in Spans((gap.window,)) - taken]


def _joined(closed: Iterable[Gap]) -> list[Gap]:
    """Merge the parts of gaps that closed piece by piece."""
    joined: list[Gap] = []
    for gap in sorted(closed, key=_sort_key):
        before = joined[-1] if joined else None
        if before and (before.window.end, before.opened_at) == (gap.window.start, gap.opened_at):
            last = max(before, gap, key=lambda one: one.ended_at or one.opened_at)
            joined[-1] = replace(last, window=Window(before.window.start, gap.window.end))
        else:
            joined.append(gap)
    return joined


def _in_order(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=_sort_key))


def _sort_key(gap: Gap) -> tuple[Window, datetime]:
    return gap.window, gap.opened_at
