"""The data files of one version of a table, and what can be said of their rows without reading them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Bound = int | datetime


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a table, and between which values its indexed columns lie (both included)."""

    path: str
    rows: int
    bounds: Mapping[str, tuple[Bound, Bound]]
    nbytes: int = 0
    """Its size, as the table's log says."""

    def may_hold(self, column: str, lowest: Bound, highest: Bound) -> bool:
        """Say whether a value of this span can be in the file; a file without statistics can hold anything."""
        if column not in self.bounds:
            return True
        first, last = self.bounds[column]
        return first <= highest and lowest <= last  # type: ignore[operator] # both bounds are of the column's type

    def may_hold_any(self, column: str, numbers: Sequence[int]) -> bool:
        """Say the same of some numbers, which come sorted."""
        if column not in self.bounds:
            return bool(numbers)
        first, last = self.bounds[column]
        place = bisect_left(numbers, first)
        return place < len(numbers) and numbers[place] <= last  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a table: its files, and the marks that were committed with them."""

    files: tuple[DataFile, ...]
    marks: Mapping[str, int]
    version: int = -1
