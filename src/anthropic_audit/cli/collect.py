"""`anthropic-audit collect`: collect the configured feeds into the archive, once or continuously."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from anthropic_audit.application import Application
from anthropic_audit.application.collecting import FeedWithKey, chosen_feeds, open_collecting
from anthropic_audit.application.feed_filters import warnings, with_types
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.clock_difference import CURE, difference_in_words, effect_in_words
from anthropic_audit.errors import FeedRefusedError, InterruptedRunError
from anthropic_audit.progress import ClaimHeldBack, Progress, Watch
from anthropic_audit.service import FeedOutcome, safely
from anthropic_audit.settings import FeedSettings
from anthropic_audit.settings_loader import resolve_keys

from .configuration import open_application
from .failures import print_error, worst
from .logs import logging_watch, open_log
from .options import Archive, Config
from .output import notes
from .progress_display import ProgressDisplay
from .signals import stopping

_FIRST_GIVE_UP = timedelta(seconds=6)
"""How long an unreachable host is retried while a user waits at a terminal; a service keeps retrying."""


def collect(
    once: Annotated[
        bool,
        typer.Option(
            "--once/--follow",
            help="Exit when everything up to now is collected, or continue at each feed's interval until stopped.",
        ),
    ] = True,
    feed: Annotated[
        list[str] | None,
        typer.Option("--feed", metavar="NAME", help="Collect this feed only; repeatable.", show_default=False),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Base URL, instead of the feeds' `url`.", show_default=False)
    ] = None,
    initial_interval: Annotated[
        str | None,
        typer.Option(
            "--initial-interval", metavar="DURATION", help="How far back the first walk begins.", show_default=False
        ),
    ] = None,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Collect activities, each exactly once, and normalize them.

    Without a settings file, a key in ANTHROPIC_COMPLIANCE_ACCESS_KEY or ANTHROPIC_ADMIN_KEY is enough to collect into
    ./archive. SIGTERM and Ctrl-C end it cleanly: stored activities stay, and the next run collects the rest. A second
    Ctrl-C ends it immediately, without loss.

    Exit codes: 0 covered up to now (or --follow was stopped), 1 failed, 2 wrong use or settings, 3 incomplete.
    """
    flags = {"archive": archive, "feeds.url": url, "feeds.initial_interval": initial_interval}
    application = open_application(config, flags)
    settings = with_types(application.settings)
    for warning in warnings(settings):
        application.warn(warning)
    chosen = chosen_feeds(settings, feed or [])
    keys = resolve_keys(chosen, application.environ)
    for name, key in keys.items():
        if key.warning:
            application.warn(f"feed {name}: {key.warning}")
    try:
        exit_code = InterruptedRunError.exit_code if once else 0
        with stopping(application.clock.interrupt, exit_code), watching() as shown:
            clocks = ClockNotes(safely(shown))
            feeds = [(one, keys[one.name].secret) for one in chosen]
            outcomes = _run(application.with_settings(settings), feeds, clocks.watch, once=once)
    except InterruptedRunError as error:
        notes().print(f"{error}: stored activities stay, the next run collects the rest")
        if once:
            raise typer.Exit(error.exit_code) from error
        return
    _conclude(outcomes, {one.name: _hint(one) for one in chosen}, clocks)


def _run(application: Application, feeds: Sequence[FeedWithKey], watch: Watch, *, once: bool) -> list[FeedOutcome]:
    """Collect, and return the outcome of each feed; an empty list if it followed the feeds until it was stopped."""
    first = _FIRST_GIVE_UP if once and sys.stderr.isatty() else timedelta.max
    with open_collecting(application, feeds, watch, first_give_up_after=first) as collecting:
        if once:
            return collecting.once()
        collecting.follow()
    return []


def _hint(feed: FeedSettings) -> str | None:
    """Return a hint that names the feed's activity types that the catalogue lacks, with suggestions, or None."""
    catalogue = load_catalogue()
    unknown = [name for name in (*feed.activity_types, *feed.exclude_activity_types) if name not in catalogue.types]
    meant = [f"`{name}`: did you mean `{near}`?" for name in unknown if (near := catalogue.suggest(name)) is not None]
    return f"not in the catalogue: {', '.join(meant or unknown)}" if unknown else None


def _conclude(outcomes: Sequence[FeedOutcome], hints: Mapping[str, str | None], clocks: ClockNotes) -> None:
    """Print the errors and what is left, and exit with the most severe code."""
    for outcome in outcomes:
        if outcome.error is not None:
            refused = hints.get(outcome.feed) if isinstance(outcome.error, FeedRefusedError) else None
            print_error(f"feed {outcome.feed}: {outcome.error}", refused or outcome.error.hint, outcome.error)
        elif not outcome.is_covered:
            notes().print(clocks.left(outcome.feed), markup=False)
    if code := worst(outcome.exit_code for outcome in outcomes):
        raise typer.Exit(code)


@contextmanager
def watching() -> Iterator[Watch]:
    """Open a progress display on a terminal, or a log on stderr otherwise; yield its watch."""
    if sys.stderr.isatty():
        with ProgressDisplay(Console(stderr=True, highlight=False)) as display:
            yield display.watch
    else:
        yield logging_watch(open_log())


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
