"""The live tail: from what is covered to the windows that are due now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from anthropic_audit.model import Purpose, Window

from .spans import Spans


@dataclass(frozen=True, slots=True)
class TailRules:
    """How far back the first walk starts, and how much of the covered time every walk reads again."""

    initial_interval: timedelta
    overlap: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """A window that should be walked, and why."""

    window: Window
    purpose: Purpose


def due_windows(covered: Spans, now: datetime, rules: TailRules) -> Iterator[Due]:
    """Yield what the tail has to walk at this moment, earliest first.

    Holes between covered windows come before the tail itself. A clock that stands behind the coverage (it was set
    back, or the claim came from a machine whose clock was ahead) leads to a walk of the overlap before `now` only.
    """
    for hole in covered.holes:
        yield Due(hole, Purpose.GAP)
    start = now - rules.initial_interval if covered.end is None else min(covered.end, now) - rules.overlap
    if start < now:
        yield Due(Window(start, now), Purpose.TAIL)


def is_covered(covered: Spans, now: datetime, settle: timedelta) -> bool:
    """Say whether nothing is left to collect but what is younger than `settle`."""
    return covered.end is not None and covered.end >= now - settle and not covered.holes
