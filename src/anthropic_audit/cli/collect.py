"""`anthropic-audit collect`: from the settings' feeds into the archive, once or for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.console import Console

from anthropic_audit.archive import open_writer
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import FeedRefusedError, InterruptedRunError, SetupError
from anthropic_audit.progress import Watch
from anthropic_audit.service import Collector, FeedOutcome, RequestLog, open_feeds, safely
from anthropic_audit.settings import KEY_VARIABLES, FeedSettings, Settings
from anthropic_audit.settings_loader import ResolvedKey, resolve_keys

from .clock_notes import ClockNotes
from .configuration import load_settings
from .environment import environment
from .failures import print_error, worst
from .filters import warnings, with_types
from .logs import logging_watch, open_log
from .normalizing import normalize_rules, open_normalizer
from .options import Archive, Config
from .output import notes
from .process import settle_in
from .progress_display import ProgressDisplay
from .signals import stopping

_FIRST_GIVE_UP = timedelta(seconds=6)
"""How long a host is tried that has never answered while a user waits at a terminal; a service goes on trying."""


def collect(
    once: Annotated[
        bool,
        typer.Option(
            "--once/--follow",
            help="End when everything up to now is in the archive, or go on at each feed's interval until stopped.",
        ),
    ] = True,
    feed: Annotated[
        list[str] | None, typer.Option("--feed", metavar="NAME", help="This feed only; repeat it.", show_default=False)
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Base URL, instead of the feeds' one.", show_default=False)
    ] = None,
    initial_interval: Annotated[
        str | None,
        typer.Option(
            "--initial-interval", metavar="DURATION", help="How far back a first walk starts.", show_default=False
        ),
    ] = None,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Collect activities, each exactly once, and normalize them.

    With no settings at all, a key in ANTHROPIC_COMPLIANCE_ACCESS_KEY or ANTHROPIC_ADMIN_KEY is enough to collect into
    ./archive. SIGTERM and Ctrl-C end it cleanly: what is stored stays, the rest is due next time; a second Ctrl-C ends
    it at once, and loses nothing either.

    Exit codes: 0 covered up to now (or --follow was stopped), 1 failed, 2 wrong use or settings, 3 something is left.
    """
    flags = {"archive": archive, "feeds.url": url, "feeds.initial_interval": initial_interval}
    settings = with_types(load_settings(config, flags).settings)
    for warning in warnings(settings):
        notes().print(f"warning: {warning}", markup=False)
    chosen = chosen_feeds(settings, feed or [])
    keys = resolve_keys(chosen, environment())
    for name, key in keys.items():
        if key.warning:
            notes().print(f"warning: feed {name}: {key.warning}", markup=False)
    clock = SystemClock()
    try:
        with stopping(clock.interrupt, InterruptedRunError.exit_code if once else 0), watching() as shown:
            clocks = ClockNotes(safely(shown))
            outcomes = _run(settings, [(one, keys[one.name]) for one in chosen], clock, clocks.watch, once=once)
    except InterruptedRunError as error:
        notes().print(f"{error}: what is stored stays, the rest is due next time")
        if once:
            raise typer.Exit(error.exit_code) from error
        return
    _conclude(outcomes, {one.name: _hint(one) for one in chosen}, clocks)


def _run(
    settings: Settings,
    feeds: Sequence[tuple[FeedSettings, ResolvedKey]],
    clock: SystemClock,
    watch: Watch,
    *,
    once: bool,
) -> list[FeedOutcome]:
    """Collect, and return how it ended; nothing when it went on until it was stopped."""
    rules = normalize_rules(feed for feed, _ in feeds)
    with ExitStack() as stack:
        settle_in()
        requests = RequestLog(watch, clock)
        first = _FIRST_GIVE_UP if once and sys.stderr.isatty() else timedelta.max
        secrets = [(feed, key.secret) for feed, key in feeds]
        runs = open_feeds(secrets, clock, requests.watch, first_give_up_after=first)
        for one in runs:
            stack.callback(one.close)
        archive = stack.enter_context(open_writer(settings.archive, clock, watch))
        collector = Collector(
            archive, clock, normalizer=open_normalizer(settings), rules=rules, watch=watch, requests=requests
        )
        if once:
            return collector.once(runs)
        collector.follow(runs)
    return []


def chosen_feeds(settings: Settings, names: Sequence[str]) -> list[FeedSettings]:
    """Return the feeds of these names, or all.

    Raises:
        SetupError: There is none, or none of such a name.
    """
    if not settings.feeds:
        message = f"no feed is configured: looked for a settings file and at {' and '.join(KEY_VARIABLES)}"
        raise SetupError(message, hint="put a key into one of these variables, or write a settings file with a feed")
    known = [feed.name for feed in settings.feeds]
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"there is no such feed: {', '.join(unknown)}"
        near = get_close_matches(unknown[0], known, n=1)
        raise SetupError(message, hint=f"did you mean {near[0]}?" if near else f"the feeds are: {', '.join(known)}")
    return [feed for feed in settings.feeds if not names or feed.name in names]


def _hint(feed: FeedSettings) -> str | None:
    """Say which of a feed's activity types the catalogue does not know, and what was probably meant."""
    catalogue = load_catalogue()
    unknown = [name for name in (*feed.activity_types, *feed.exclude_activity_types) if name not in catalogue.types]
    meant = [f"`{name}`: did you mean `{near}`?" for name in unknown if (near := catalogue.suggest(name)) is not None]
    return f"not in our catalogue is {', '.join(meant or unknown)}" if unknown else None


def _conclude(outcomes: Sequence[FeedOutcome], hints: Mapping[str, str | None], clocks: ClockNotes) -> None:
    """Tell what went wrong, and exit with the code that counts most."""
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
    """Show progress on a terminal, write log lines elsewhere."""
    if sys.stderr.isatty():
        with ProgressDisplay(Console(stderr=True, highlight=False)) as display:
            yield display.watch
    else:
        yield logging_watch(open_log())
