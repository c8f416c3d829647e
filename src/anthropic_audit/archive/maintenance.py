"""Keeping house in one table: few large files instead of many small ones, and none that nobody reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

GRACE = timedelta(hours=24)
"""How long files that were replaced stay on the disk for those who still read them."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of a table's files."""

    table: str
    files_before: int
    files_after: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """How many files of a table that nobody reads any more were deleted."""

    table: str
    files: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A day whose activities and events were removed, or would be."""

    day: date
    activities: int
    lowest_seq: int
    highest_seq: int
