"""The results of a table's maintenance: compaction, vacuum and retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

GRACE = timedelta(hours=24)
"""How long replaced files stay on the disk for readers that have them open."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """The number of a table's files before and after compaction."""

    table: str
    files_before: int
    files_after: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """The number of a table's files that were deleted because no version needs them."""

    table: str
    files: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A day whose activities and events were removed, or would be removed."""

    day: date
    activities: int
    lowest_seq: int
    highest_seq: int
