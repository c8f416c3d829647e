"""Compute margins from measured lateness: how long to wait with a claim, and how much to read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

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
