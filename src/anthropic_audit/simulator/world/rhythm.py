"""The number of activities over time: the shape of a week, and exact counts for every block of minutes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .days import MINUTES_A_DAY
from .places import PLACES
from .random_values import number

_WEEK = 7 * MINUTES_A_DAY
_THURSDAY = 3 * MINUTES_A_DAY
"""The minute of the week at which the epoch began, a Thursday."""
_NIGHT, _WEEKEND = 0.06, 0.12
"""Activity at night and on weekends, in relation to the busiest hour of a working day."""
_BLOCKS = (60, 30, 10, 5, 2, 1)
"""Lengths of blocks in minutes, each a divisor of a day."""
_MAX_ROWS = 20_000
_PEAK = 3.0
PAUSE_MINUTES = 3
"""The minutes without any activity after an extent with a fixed number of activities."""
_DAY_BITS, _MIN_DAY_FACTOR, _DAY_FACTOR_SPAN = 2.0**64, 0.9, 0.2


@dataclass(frozen=True, slots=True)
class Extent:
    """A fixed number of activities in the minutes `[first_minute, end_minute)`."""

    activities: int
    first_minute: int
    end_minute: int


class Rhythm:
    """The number of activities in each block of minutes.

    Args:
        seed: The seed that makes some days a little busier than others.
        per_day: The mean number of activities per day over a whole week; not used with an extent.
        extent: A span of time with a fixed number of activities.
    """

    def __init__(self, seed: int, per_day: float, extent: Extent | None = None) -> None:
        self._seed = seed
        self._week = _week()
        self._sums = (0.0, *accumulate(self._week))
        self._extent = extent
        self.per_day = per_day if extent is None else self._mean_of(extent)
        self.block = next(
            (one for one in _BLOCKS if self.per_day / MINUTES_A_DAY * _PEAK * one <= _MAX_ROWS), _BLOCKS[-1]
        )
        self._counts = {} if extent is None else self._exact(extent)

    def blocks(self, day: int) -> Sequence[tuple[int, int]]:
        """Return the blocks of a UTC day as minutes `[start, end)`; an extent starts and ends at edges of blocks."""
        start = day * MINUTES_A_DAY
        edges = set(range(start, start + MINUTES_A_DAY + 1, self.block))
        if self._extent is not None:
            ends = (self._extent.first_minute, self._extent.end_minute)
            edges.update(one for one in (*ends, ends[1] + PAUSE_MINUTES) if start < one < start + MINUTES_A_DAY)
        ordered = sorted(edges)
        return list(pairwise(ordered))

    def is_inside(self, minute: int) -> bool:
        """Return whether a minute is in the extent with a fixed number."""
        return self._extent is not None and self._extent.first_minute <= minute < self._extent.end_minute

    def is_paused(self, minute: int) -> bool:
        """Return whether a minute has no activity, so that all activities of the extent before it become visible."""
        end = None if self._extent is None else self._extent.end_minute
        return end is not None and end <= minute < end + PAUSE_MINUTES

    def count(self, start: int, end: int) -> int:
        """Return the number of activities of a block."""
        if (start, end) in self._counts:
            return self._counts[start, end]
        mean = self.per_day / MINUTES_A_DAY * self._weight(start, end)
        return int(mean + number(self._seed, "count", start) / _DAY_BITS)

    def shape(self, minute: int) -> float:
        """Return the relative activity of a minute; 1 on average over a week."""
        return self._week[(minute + _THURSDAY) % _WEEK]

    def minute_at(self, start: int, end: int, share: float) -> int:
        """Return the minute of a block by which a share (0 to 1) of its activities has occurred."""
        low = (start + _THURSDAY) % _WEEK
        sums, length = self._sums, end - start
        if low + length > _WEEK:
            return start + int(share * length)
        target = sums[low] + share * (sums[low + length] - sums[low])
        return start + min(length - 1, max(0, bisect_right(sums, target) - 1 - low))

    def _weight(self, start: int, end: int) -> float:
        """Return the sum of the shape over a block, scaled by the factor of its day."""
        low = (start + _THURSDAY) % _WEEK
        high = low + end - start
        total = self._sums[min(high, _WEEK)] - self._sums[low] + self._sums[max(0, high - _WEEK)]
        return total * (
            _MIN_DAY_FACTOR + _DAY_FACTOR_SPAN * number(self._seed, "busy", start // MINUTES_A_DAY) / _DAY_BITS
        )

    def _mean_of(self, extent: Extent) -> float:
        """Return the mean number of activities per day in a world with a fixed number in an extent."""
        minutes = max(1, extent.end_minute - extent.first_minute)
        whole, rest = divmod(minutes, _WEEK)
        weight = whole * _WEEK + self._weight(extent.first_minute, extent.first_minute + rest)
        return extent.activities * MINUTES_A_DAY / max(weight, 1e-9)

    def _exact(self, extent: Extent) -> dict[tuple[int, int], int]:
        """Distribute the activities of an extent over its blocks by weight; the sum is exact."""
        days = range(extent.first_minute // MINUTES_A_DAY, (extent.end_minute - 1) // MINUTES_A_DAY + 1)
        blocks = [one for day in days for one in self.blocks(day) if self.is_inside(one[0])]
        sums = list(accumulate((self._weight(*one) for one in blocks), initial=0.0))
        shares = [round(extent.activities * one / sums[-1]) for one in sums]
        return {block: high - low for block, low, high in zip(blocks, shares, shares[1:], strict=False)}


def _week() -> tuple[float, ...]:
    """Return the relative activity of each minute of a week (Monday 00:00 UTC first), 1 on average."""
    busy = [
        sum(place.share * _busyness(minute + place.offset_hours * 60) for place in PLACES) for minute in range(_WEEK)
    ]
    mean = sum(busy) / _WEEK
    return tuple(one / mean for one in busy)


def _busyness(local_minute: int) -> float:
    """Return the activity at a minute of a person's local week: a peak before and after lunch, little at night."""
    minute = local_minute % _WEEK
    hour = minute % MINUTES_A_DAY / 60
    humps = max(0.0, 1 - ((hour - 10.5) / 3.0) ** 2) + max(0.0, 1 - ((hour - 15.25) / 3.5) ** 2)
    evening = 0.2 * max(0.0, 1 - ((hour - 20.0) / 2.5) ** 2)
    level = max(_NIGHT, humps + evening)
    return level * _WEEKEND if minute >= 5 * MINUTES_A_DAY else level
