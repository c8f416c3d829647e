"""Gaps: what is missing of the time that should be covered, as a ledger that is only ever written on.

The ledger says of spans of time that they opened, closed, or are lost for good. What is open now follows from reading
it from its first entry to its last, so nothing is lost when a gap closes in pieces, grows, or opens once more.
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
"""Who records what was found missing."""

_WALKED = "walked"
_MIN_GROWTH = 0.1
"""An open end is recorded again when it has grown by this share, so that a long outage takes few entries."""


class GapState(StrEnum):
    """What an entry of the ledger says of its span."""

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
    """Who opened or declared it; of a closed one, the purpose of the walk that closed it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that is missing, was missing, or is lost for good."""

    window: Window
    state: GapState
    opened_at: datetime
    """When it was first recorded; it may have begun before."""
    cause: str
    ended_at: datetime | None = None
    """When it was closed, or None."""
    ended_by: str | None = None
    """The purpose of the walk that closed it, or who declared it permanent."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """A ledger, read to its end; each list is in the order of time."""

    opened: tuple[Gap, ...] = ()
    closed: tuple[Gap, ...] = ()
    permanent: tuple[Gap, ...] = ()

    @property
    def missing(self) -> Spans:
        """The moments that open gaps hold."""
        return Spans.of(gap.window for gap in self.opened)

    @property
    def lost(self) -> Spans:
        """The moments that were declared lost for good."""
        return Spans.of(gap.window for gap in self.permanent)


def read_gaps(entries: Iterable[GapEntry]) -> Gaps:
    """Read a ledger, oldest entry first; what was declared permanent is so from the beginning, and stays so."""
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
    """Return the entries that make a ledger say what is missing now; none when it does already.

    A hole inside the covered time is a gap, and so is the time after its end once that is longer than `lag_limit`; None
    if the feed is no longer collected. What is covered is no longer a gap. `cause` is the text of the last failure, or
    None.
    """
    ledger = read_gaps(known)
    closed = [GapEntry(window, GapState.CLOSED, now, _WALKED, COLLECTOR) for window in ledger.missing & covered]
    return closed + list(_openings(covered, now, ledger, lag_limit=lag_limit, cause=cause))


def without_permanent(due: Iterable[Due], known: Iterable[GapEntry]) -> Iterator[Due]:
    """Yield what is left to walk when what was declared lost for good is left out."""
    lost = read_gaps(known).lost
    for one in due:
        yield from (replace(one, window=window) for window in Spans((one.window,)) - lost)


def due_again(covered: Spans, known: Iterable[GapEntry]) -> Iterator[Due]:
    """Yield open gaps that are no holes between covered windows: what `archive repair` withdrew at coverage's start.

    What lies behind the end of coverage is the tail's.
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
    """Return the time after the end of a coverage if it is longer than the limit."""
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
    """Return open gaps with one more; those that it overlaps become one with it."""
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
    """Return what is left of open gaps without some moments."""
    return [replace(gap, window=window) for gap in opened for window in Spans((gap.window,)) - taken]


def _joined(closed: Iterable[Gap]) -> list[Gap]:
    """Return closed gaps; the parts of one that closed piece by piece are one again."""
    joined: list[Gap] = []
    for gap in sorted(closed, key=_place):
        before = joined[-1] if joined else None
        if before and (before.window.end, before.opened_at) == (gap.window.start, gap.opened_at):
            last = max(before, gap, key=lambda one: one.ended_at or one.opened_at)
            joined[-1] = replace(last, window=Window(before.window.start, gap.window.end))
        else:
            joined.append(gap)
    return joined


def _in_order(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=_place))


def _place(gap: Gap) -> tuple[Window, datetime]:
    return gap.window, gap.opened_at
