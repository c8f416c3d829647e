"""Backfill: a long range of history cut into windows that suit its density, the newest first.

How much happened when is not known before it is read. So each window's length is chosen by what the windows read so
far had: none is empty for long, none is so full that a crash repeats much.
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
    """How long windows are: such that about `target` activities are expected in each."""

    target: int = 25_000
    first: timedelta = timedelta(hours=6)
    shortest: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(days=60)
    growth: float = 4.0
    """A window is at most so many times longer than the one before; an empty stretch says little of the next."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """What of a range is left to hand out, and how long the next window is to be."""

    left: Spans
    rules: BackfillRules = field(default_factory=BackfillRules)
    length: timedelta | None = None
    """The length of the next window; None before anything is known."""

    def take(self) -> tuple[Window | None, Self]:
        """Return the newest window that is left, and what is left without it; no window when nothing is."""
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
        """Return what is left when a window was not read to its end."""
        return replace(self, left=self.left | Spans((window,)))

    def learn(self, window: Window, activities: int) -> Self:
        """Choose the next length by what a window had."""
        took = window.end - window.start
        most = took * self.rules.growth
        wanted = most if activities == 0 else took * (self.rules.target / activities)
        bounded = min(max(min(wanted, most), self.rules.shortest), self.rules.longest)
        return replace(self, length=_whole_seconds(bounded))


def _whole_seconds(span: timedelta) -> timedelta:
    return max(_SECOND, span // _SECOND * _SECOND)
