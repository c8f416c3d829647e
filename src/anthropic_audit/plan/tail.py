"""The live tail: the windows that are due now, and the margins for late activities that follow from measurements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from anthropic_audit.model import Purpose, Window

from .spans import Spans


@dataclass(frozen=True, slots=True)
class TailRules:
    """How far before now the first walk starts, and how much of the covered time every walk reads again."""

    initial_interval: timedelta
    overlap: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """A window to walk, and the purpose of the walk."""

    window: Window
    purpose: Purpose


def due_windows(covered: Spans, now: datetime, rules: TailRules) -> Iterator[Due]:
    """Yield the windows that the tail has to walk now, earliest first.

    Holes between covered windows come before the tail itself. If the clock is behind the coverage (it was set back, or
    the claim came from a machine whose clock was ahead), only the overlap before `now` is walked.
    """
    for hole in covered.holes:
        yield Due(hole, Purpose.GAP)
    start = now - rules.initial_interval if covered.end is None else min(covered.end, now) - rules.overlap
    if start < now:
        yield Due(Window(start, now), Purpose.TAIL)


def is_covered(covered: Spans, now: datetime, settle: timedelta) -> bool:
    """Return whether everything older than `settle` is covered."""
    return covered.end is not None and covered.end >= now - settle and not covered.holes


_MINUTE = timedelta(minutes=1)
MIN_SETTLE, MAX_SETTLE = timedelta(seconds=60), timedelta(minutes=10)
MIN_OVERLAP, MAX_OVERLAP = timedelta(minutes=10), timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Margins:
    """The age below which time is not claimed, and the length of claimed time that each tail walk reads again."""

    settle: timedelta
    overlap: timedelta

    @property
    def reach(self) -> timedelta:
        """The lateness up to which the live tail finds an activity."""
        return self.settle + self.overlap


def suggested(median: timedelta, nearly_all: timedelta) -> Margins:
    """Return margins from the median and the 99th percentile of lateness, in whole minutes and within bounds.

    With them, half of the late activities would not have been late, and nearly all would have been found by the live
    tail. Activities later than the bounds allow are left to the reconciliation, since reading hours again every few
    minutes costs more. Lateness is measured when an activity is found, so both margins are rather too long than too
    short. Activities that a longer `settle` keeps from being late can't be measured: a caller that applies these
    margins should never let `settle` decrease.
    """
    settle = min(max(_whole_minutes(median), MIN_SETTLE), MAX_SETTLE)
    overlap = min(max(_whole_minutes(nearly_all - settle), MIN_OVERLAP), MAX_OVERLAP)
    return Margins(settle, overlap)


def _whole_minutes(span: timedelta) -> timedelta:
    """Round up."""
    return -(-span // _MINUTE) * _MINUTE
