"""The progress display on a terminal: one line per feed, redrawn in place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from anthropic_audit.clock_difference import difference_in_words, effect_in_words
from anthropic_audit.progress import (
    ChangedActivities,
    ClaimHeldBack,
    ClockDiffers,
    CursorLost,
    Delivered,
    DeliveryFailed,
    Normalized,
    PageRead,
    Progress,
    RangeRead,
    RequestSent,
    StillWaiting,
    Stored,
    Unexpected,
    Waiting,
    WalkFailed,
    WalkFinished,
    WalkStarted,
    WorkFailed,
)
from anthropic_audit.redact import redact
from anthropic_audit.times import format_duration, format_time

_REDRAWS_PER_SECOND = 8
_BAR_WIDTH = 40


@dataclass(frozen=True, slots=True)
class FeedTally:
    """State and counts of one feed since the display was opened."""

    state: str = "starting"
    pages: int = 0
    read: int = 0
    stored: int = 0
    new: int = 0
    covered_to: datetime | None = None
    newest: datetime | None = None
    budget: int | None = None
    """Requests left in the minute's budget after the last walk."""

    @property
    def repeated(self) -> int:
        """Number of received activities that were stored already."""
        return self.stored - self.new


def tallied(tally: FeedTally, event: Progress) -> FeedTally:
    """Return the tally after one progress event of its feed."""
    match event:
        case WalkStarted():
            return replace(tally, state=f"walking ({event.purpose})")
        case PageRead():
            return replace(
                tally, pages=tally.pages + 1, read=tally.read + event.activities, newest=event.newest or tally.newest
            )
        case Stored():
            return replace(tally, stored=tally.stored + event.activities, new=tally.new + event.new)
        case WalkFinished():
            walk = event.coverage
            left = tally.budget if walk.requests_remaining is None else walk.requests_remaining
            return replace(tally, state="covered", covered_to=walk.window.end, budget=left)
        case ClaimHeldBack() | WalkFailed():
            return replace(tally, state=_ended(event))
        case _:
            return tally


def _ended(event: ClaimHeldBack | WalkFailed) -> str:
    if isinstance(event, WalkFailed):
        return "failed"
    return "not covered (clock)" if event.claimed is None else "covered less (clock)"


class ProgressDisplay:
    """A live display on stderr; failures and lost cursors are printed above it as permanent lines."""

    def __init__(self, console: Console, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._monotonic = monotonic
        self._started = monotonic()
        self._lock = threading.Lock()
        self._feeds: dict[str, FeedTally] = {}
        self._events = 0
        self._history: RangeRead | None = None
        self._note = ""
        self._spinner = Spinner("dots")
        self._live = Live(
            get_renderable=self.render, console=console, refresh_per_second=_REDRAWS_PER_SECOND, transient=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._note = ""
        self._live.stop()

    def watch(self, event: Progress) -> None:
        """Show one progress event; thread-safe."""
        with self._lock:
            match event:
                case Waiting():
                    self._note = f"waiting {event.seconds:.0f} s: {event.reason}"
                case StillWaiting():
                    self._note = f"{event.feed}: still waiting for an answer after {event.seconds:.0f} s"
                case RequestSent() | Delivered() | DeliveryFailed():
                    return
                case Unexpected() | WorkFailed():
                    self._console.print(Text(redact(f"{event.work}: {event.reason}"), style="red"))
                case RangeRead():
                    self._history = event
                case ChangedActivities() | ClockDiffers():
                    text = clocks_line(event) if isinstance(event, ClockDiffers) else changes_line(event)
                    self._console.print(Text(redact(text), style="yellow"))
                case Normalized():
                    self._events += event.events
                case _:
                    self._take(event)

    def render(self) -> RenderableType:
        """Draw the current state."""
        with self._lock:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
            for title in ("feed", "state", "covered up to"):
                table.add_column(title)
            for title in ("pages", "read", "new", "repeated", "a second", "budget left"):
                table.add_column(title, justify="right")
            seconds = max(self._monotonic() - self._started, 0.001)
            for name, tally in self._feeds.items():
                table.add_row(*_cells(name, tally, seconds))
            lines: list[RenderableType] = [table]
            if self._history is not None:
                lines.append(_bar(self._history, seconds))
            if self._events:
                lines.append(Text(f"{self._events:,} events normalized", style="dim"))
            if self._note:
                self._spinner.update(text=Text(redact(self._note), style="yellow"))
                lines.append(self._spinner)
            return Group(*lines)

    def _take(
        self, event: WalkStarted | PageRead | Stored | WalkFinished | ClaimHeldBack | WalkFailed | CursorLost
    ) -> None:
        self._note = ""
        feed = event.coverage.feed if isinstance(event, WalkFinished) else event.feed
        self._feeds[feed] = tallied(self._feeds.get(feed, FeedTally()), event)
        if isinstance(event, WalkFailed):
            self._console.print(Text(redact(f"{feed}: {event.reason}"), style="red"))
        elif isinstance(event, CursorLost):
            self._console.print(Text(f"{feed}: the cursor was lost, continuing at {format_time(event.resumed_at)}"))


def changes_line(event: ChangedActivities) -> str:
    """Return a line that stored activities were served again with other bytes."""
    spelling = f", {event.same_content:,} of them only in notation" if event.same_content else ""
    number = f"{event.activities:,} stored activities were" if event.activities != 1 else "1 stored activity was"
    return f"{event.feed}: {number} served again with other bytes{spelling}: `anthropic-audit status` counts them"


def clocks_line(event: ClockDiffers) -> str:
    """Return a line that clocks differ, with the effect, or that they agree again."""
    effect = f": {effect_in_words(event.difference)}" if event.difference else " again"
    return f"{event.feed}: {difference_in_words(event.difference)}{effect}"


def _bar(history: RangeRead, seconds: float) -> Text:
    """Draw a progress bar of a range, with the estimated time left."""
    share = history.done / history.total if history.total else 1.0
    full = round(share * _BAR_WIDTH)
    left = timedelta(seconds=seconds * (1 - share) / share) if share else None
    text = "" if left is None else f", about {format_duration(left)} left"
    bar = "━" * full + "╌" * (_BAR_WIDTH - full)
    return Text(f"{bar} {share:.0%} of {format_duration(history.total)}{text}", style="cyan")


def _cells(name: str, tally: FeedTally, seconds: float) -> tuple[str, ...]:
    reached = tally.covered_to or tally.newest
    return (
        name,
        tally.state,
        "-" if reached is None else format_time(reached.replace(microsecond=0)),
        f"{tally.pages:,}",
        f"{tally.read:,}",
        f"{tally.new:,}",
        f"{tally.repeated:,}",
        f"{tally.read / seconds:,.0f}",
        "-" if tally.budget is None else f"{tally.budget:,}",
    )
