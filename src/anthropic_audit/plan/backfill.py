"""Backfill: divide a long range of history into windows that suit its density, newest first.

The density of activities is not known before they are read. So each window's length is computed from the windows read
so far: empty windows soon grow, and no window is so full that a crash repeats much.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self

from anthropic_audit.model import Window

from .spans import Spans

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class BackfillRules:
    """The lengths of windows, chosen such that about `target` activities are expected in each."""

    target: int = 25_000
    first: timedelta = timedelta(hours=6)
    shortest: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(days=60)
    growth: float = 4.0
    """Maximum ratio of a window's length to the one before; an empty window predicts little about the next one."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """The parts of a range that were not taken yet, and the length of the next window."""

    left: Spans
    rules: BackfillRules = field(default_factory=BackfillRules)
    length: timedelta | None = None
    """The length of the next window; None until a window has been read."""

    def take(self) -> tuple[Window | None, Self]:
        """Return the newest window that is left, and the backfill without it; None if no time is left."""
        if not self.left:
            return None, self
        newest = self.left.windows[-1]
        wanted = self.length or self.rules.first
        start = max(newest.start, newest.end - wanted)
        if start - newest.start < self.rules.shortest:
            start = newest.start
        window = Window(start, newest.end)
        return window, replace(self, left=self.left - Spans((window,)))

    def give_back(self, window: Window) -> Self:
        """Return the backfill with a window added back that was not read to its end."""
        return replace(self, left=self.left | Spans((window,)))

    def learn(self, window: Window, activities: int) -> Self:
        """Choose the next length from the number of activities in a window."""
        took = window.end - window.start
        most = took * self.rules.growth
        wanted = most if activities == 0 else took * (self.rules.target / activities)
        bounded = min(max(min(wanted, most), self.rules.shortest), self.rules.longest)
        return replace(self, length=_whole_seconds(bounded))


def _whole_seconds(span: timedelta) -> timedelta:
    return max(_SECOND, span // _SECOND * _SECOND)
