"""Remember which feeds claimed less because of a clock, to say so when a run ends."""

from __future__ import annotations

from datetime import timedelta

from anthropic_audit.clock_difference import CURE, difference_in_words, effect_in_words
from anthropic_audit.progress import ClaimHeldBack, Progress, Watch


class ClockNotes:
    """A watch that passes on what it is told, and keeps each feed's last claim that was held back."""

    def __init__(self, watch: Watch) -> None:
        self._passed_on = watch
        self._held_back: dict[str, timedelta] = {}

    def watch(self, event: Progress) -> None:
        """Take one event; safe from any thread."""
        if isinstance(event, ClaimHeldBack):
            self._held_back[event.feed] = event.difference
        self._passed_on(event)

    def left(self, feed: str) -> str:
        """Say that something of a feed is left to collect, why if a clock is the reason, and what to do."""
        difference = self._held_back.get(feed)
        if difference is None:
            return f"feed {feed}: something is left to collect, run it again"
        why = f"{difference_in_words(difference)}, and {effect_in_words(difference)}"
        return f"feed {feed}: something is left to collect: {why}; {CURE}, then run it again"
