"""Divide a table's files into parts: parts that can be replaced one by one, and parts that are read one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from anthropic_audit.errors import ArchiveError
from anthropic_audit.model import Window

from .schema import DAY
from .snapshot import DataFile

_SEQ, _TIME = "seq", "timestamp"
_DAY_FOLDER = re.compile(rf"{DAY}=(\d{{4}}-\d{{2}}-\d{{2}})")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FileChunk:
    """The events of one day with a `seq` from `first` to `last` and a time from `lowest` to `highest`, all included."""

    day: date
    first: int
    last: int
    lowest: datetime
    highest: datetime
    nbytes: int
    """The approximate size of the chunk's files on the disk, in bytes."""

    @property
    def predicate(self) -> str:
        """The chunk's condition in SQL."""
        span = f"{_TIME} >= '{_stamp(self.lowest)}' AND {_TIME} <= '{_stamp(self.highest)}'"
        return f"{DAY} = '{self.day}' AND {_SEQ} >= {self.first} AND {_SEQ} <= {self.last} AND {span}"


def chunks_of(files: Iterable[DataFile], start: datetime, end: datetime) -> list[FileChunk]:
    """Return the chunks with events from `start` on and before `end`, oldest day first.

    Files of a day that overlap in `seq` form one chunk.
    """
    held = [(_day(file), file) for file in files if file.may_hold(_TIME, start, end - _MICROSECOND)]
    held.sort(key=lambda one: (one[0], _bounds(one[1])))
    chunks: list[FileChunk] = []
    for day, group in groupby(held, key=lambda one: one[0]):
        midnight = datetime.combine(day, time(), UTC)
        lowest, highest = max(start, midnight), min(end, midnight + timedelta(days=1)) - _MICROSECOND
        if lowest <= highest:
            chunks += [
                FileChunk(day, first, last, lowest, highest, nbytes)
                for first, last, nbytes in _merged_spans([file for _, file in group])
            ]
    return chunks


def divided_by_day(
    files: Iterable[DataFile], window: Window, max_events: int
) -> Iterator[tuple[Window, list[DataFile]]]:
    """Divide a window at midnights, oldest part first, with at most `max_events` events each unless one day has more.

    Yields each part with the files that can hold its events; days without events are left out.
    """
    held = [(_day(file), file) for file in files if file.may_hold(_TIME, window.start, window.end - _MICROSECOND)]
    held.sort(key=lambda one: one[0])
    start, chosen, rows = window.start, list[DataFile](), 0
    for day, group in groupby(held, key=lambda one: one[0]):
        more = [file for _, file in group]
        events = sum(file.rows for file in more)
        if chosen and rows + events > max_events:
            midnight = datetime.combine(day, time(), UTC)
            yield Window(start, midnight), chosen
            start, chosen, rows = midnight, [], 0
        chosen, rows = chosen + more, rows + events
    if chosen:
        yield Window(start, window.end), chosen


def _merged_spans(files: Sequence[DataFile]) -> list[tuple[int, int, int]]:
    """Merge the spans of `seq` of overlapping files, which must be sorted by span."""
    merged: list[tuple[int, int, int]] = []
    for file in files:
        first, last = _bounds(file)
        nbytes = Path(file.path).stat().st_size
        if merged and first <= merged[-1][1]:
            start, end, size = merged.pop()
            first, last, nbytes = start, max(end, last), size + nbytes
        merged.append((first, last, nbytes))
    return merged


def _bounds(file: DataFile) -> tuple[int, int]:
    bounds: Any = file.bounds.get(_SEQ)
    if bounds is None:
        message = f"a data file of `events` has no statistics: `{file.path}`"
        raise ArchiveError(message, hint="the archive was written by another program")
    return bounds[0], bounds[1]


def _day(file: DataFile) -> date:
    found = _DAY_FOLDER.search(file.path)
    if found is None:
        message = f"a data file of `events` is not in the folder of a day: `{file.path}`"
        raise ArchiveError(message, hint="the archive was written by another program")
    return date.fromisoformat(found.group(1))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
