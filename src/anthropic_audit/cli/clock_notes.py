"""Record which feeds claimed less time because of a clock difference, for the message at the end of a run."""

from __future__ import annotations

from datetime import timedelta

from anthropic_audit.clock_difference import CURE, difference_in_words, effect_in_words
from anthropic_audit.progress import ClaimHeldBack, Progress, Watch


class ClockNotes:
    """A watch that records the clock difference of each feed whose claim was held back, and passes all events on."""

    def __init__(self, watch: Watch) -> None:
        self._next_watch = watch
        self._held_back: dict[str, timedelta] = {}

    def watch(self, event: Progress) -> None:
        """Record one progress event, and pass it on; thread-safe."""
        if isinstance(event, ClaimHeldBack):
            self._held_back[event.feed] = event.difference
        self._next_watch(event)

    def left(self, feed: str) -> str:
        """Return a line that a feed is incomplete, with the clock difference if that is the cause, and a hint."""
        difference = self._held_back.get(feed)
        if difference is None:
            return f"feed {feed}: not collected up to now: run the command again"
        why = f"{difference_in_words(difference)}, and {effect_in_words(difference)}"
        return f"feed {feed}: not collected up to now: {why}; {CURE}, then run the command again"
