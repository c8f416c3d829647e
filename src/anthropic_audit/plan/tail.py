"""The live tail: compute the windows that are due now from the covered time."""

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
