"""Sets of moments as disjoint windows, with union, intersection and difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from anthropic_audit.model import Window


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of moments, kept as sorted, disjoint windows that do not touch each other."""

    windows: tuple[Window, ...] = ()

    @classmethod
    def of(cls, windows: Iterable[Window]) -> Self:
        """Build the set of all moments that lie in any of these windows."""
        merged: list[Window] = []
        for window in sorted(windows):
            if merged and window.start <= merged[-1].end:
                merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
            else:
                merged.append(window)
        return cls(tuple(merged))

    def __or__(self, other: Spans) -> Spans:
        """Return the moments in either."""
        return Spans.of((*self.windows, *other.windows))

    def __and__(self, other: Spans) -> Spans:
        """Return the moments in both."""
        return Spans(tuple(_overlaps(self.windows, other.windows)))

    def __sub__(self, other: Spans) -> Spans:
        """Return the moments in this set and not in the other."""
        return Spans(tuple(left for window in self.windows for left in _without(window, other.windows)))

    def __contains__(self, moment: object) -> bool:
        """Return whether a moment is in the set; the end of a window is not part of it."""
        return isinstance(moment, datetime) and any(window.start <= moment < window.end for window in self.windows)

    def __bool__(self) -> bool:
        """Return whether the set has any moment."""
        return bool(self.windows)

    def __iter__(self) -> Iterator[Window]:
        """Yield the windows, earliest first."""
        return iter(self.windows)

    @property
    def start(self) -> datetime | None:
        """The earliest moment; None if the set is empty."""
        return self.windows[0].start if self.windows else None

    @property
    def end(self) -> datetime | None:
        """The end of the latest window; None if the set is empty."""
        return self.windows[-1].end if self.windows else None

    @property
    def length(self) -> timedelta:
        """The total duration of the set."""
        return sum((window.end - window.start for window in self.windows), timedelta(0))

    @property
    def holes(self) -> Spans:
        """The moments between the first and the last window that are not in the set."""
        pairs = zip(self.windows, self.windows[1:], strict=False)
        return Spans(tuple(Window(before.end, after.start) for before, after in pairs))


def _without(window: Window, taken: Iterable[Window]) -> Iterator[Window]:
    start = window.start
    for other in taken:
        if other.end <= start:
            continue
        if other.start >= window.end:
            break
        if other.start > start:
            yield Window(start, other.start)
        start = other.end
    if start < window.end:
        yield Window(start, window.end)


def _overlaps(left: tuple[Window, ...], right: tuple[Window, ...]) -> Iterator[Window]:
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            yield Window(start, end)
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
