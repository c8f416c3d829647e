"""Margins that follow what was measured: how long to wait with a claim, and how much to read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_MINUTE = timedelta(minutes=1)
LEAST_SETTLE, LONGEST_SETTLE = timedelta(seconds=60), timedelta(minutes=10)
LEAST_OVERLAP, LONGEST_OVERLAP = timedelta(minutes=10), timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Margins:
    """What is too young to be claimed, and what of the claimed time each walk of the tail reads again."""

    settle: timedelta
    overlap: timedelta

    @property
    def reach(self) -> timedelta:
        """How late an activity may become visible, and is still read by the live tail."""
        return self.settle + self.overlap


def suggested(median: timedelta, nearly_all: timedelta) -> Margins:
    """Return margins by the median and the 99th percentile of lateness, in whole minutes and within bounds.

    Half of what was late would not have been late at all, and nearly all would have been found by the live tail. What
    is later than the bounds allow is left to the reconciliation: reading hours again every few minutes costs more.
    Lateness is measured when an activity is found, so both margins are rather too long than too short. What a longer
    `settle` keeps from being late can't be measured: whoever follows these margins should let `settle` only grow.
    """
    settle = min(max(_whole_minutes(median), LEAST_SETTLE), LONGEST_SETTLE)
    overlap = min(max(_whole_minutes(nearly_all - settle), LEAST_OVERLAP), LONGEST_OVERLAP)
    return Margins(settle, overlap)


def _whole_minutes(span: timedelta) -> timedelta:
    """Round up."""
    return -(-span // _MINUTE) * _MINUTE
