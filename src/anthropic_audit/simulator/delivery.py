"""Decide, by the seed, when each activity becomes visible and whether it is delivered twice."""

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
    """Settings of the vendor's indexing.

    `lag` is the upper bound of the ordinary time between an activity and its visibility; most activities take a small
    part of it. A `late_share` of the activities takes up to `lateness` longer. Each activity of the two types that the
    documentation calls late (up to two business days) takes up to `disclosure_lateness` longer. A `repeat_share` of
    the activities is delivered twice.
    """

    lag: timedelta = timedelta(seconds=60)
    late_share: float = 0.0
    lateness: timedelta = timedelta(hours=2)
    disclosure_lateness: timedelta = timedelta(0)
    repeat_share: float = 0.0


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """The time from which each row of a minute is visible, and the positions of the rows that are delivered twice."""

    visible_us: list[int]
    repeated: list[int]


def plan_delivery(delivery: IndexingBehavior, seed: int, minute: int, rows: Sequence[Row]) -> DeliveryPlan:
    """Return the delivery of one minute's rows; it depends on seed and minute alone."""
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
    return DeliveryPlan(visible, repeated)


def _microseconds(span: timedelta) -> int:
    return round(span.total_seconds() * _MICROSECONDS)
