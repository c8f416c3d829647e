"""When an activity becomes visible, and whether it is delivered twice: decided by the seed, once for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from .seeded import stream
from .world import Row

_MICROSECONDS = 1_000_000
_DISCLOSURES = frozenset({"anthropic_access", "cmek_preserve"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingBehavior:
    """How the vendor's indexing behaves.

    `lag` is the longest ordinary time from occurring to being visible; most take a small part of it. A `late_share`
    of the activities takes up to `lateness` more. `disclosure_lateness` does so for each activity of the two types
    that the documentation calls late (up to two business days). A `repeat_share` is delivered twice.
    """

    lag: timedelta = timedelta(seconds=60)
    late_share: float = 0.0
    lateness: timedelta = timedelta(hours=2)
    disclosure_lateness: timedelta = timedelta(0)
    repeat_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of a minute's rows: when each is visible, and the positions of those that come twice."""

    visible_us: list[int]
    repeated: list[int]


def fates(delivery: IndexingBehavior, seed: int, minute: int, rows: Sequence[Row]) -> Fates:
    """Decide the fates of one minute's rows; the same seed and minute decide the same."""
    chance = stream("fates", seed, minute).random
    lag_us = _microseconds(delivery.lag)
    visible = [row.created_us + int(lag_us * chance() ** 3) for row in rows]
    if delivery.late_share:
        late_us = _microseconds(delivery.lateness)
        for position, row in enumerate(rows):
            if chance() < delivery.late_share:
                visible[position] = row.created_us + lag_us + int(late_us * chance())
    if delivery.disclosure_lateness:
        late_us = _microseconds(delivery.disclosure_lateness)
        for position, row in enumerate(rows):
            if row.type in _DISCLOSURES:
                visible[position] += int(late_us * chance())
    repeated = []
    if delivery.repeat_share:
        repeated = [position for position in range(len(rows)) if chance() < delivery.repeat_share]
    return Fates(visible, repeated)


def _microseconds(span: timedelta) -> int:
    return round(span.total_seconds() * _MICROSECONDS)
