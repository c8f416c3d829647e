"""`anthropic-audit gaps`: list gaps, and declare gaps that can't be collected permanent."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer

from anthropic_audit.application.feed_filters import with_types
from anthropic_audit.archive import GapRow, append_to_ledger, open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import SetupError
from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import GapEntry, GapState, Spans
from anthropic_audit.settings import Settings
from anthropic_audit.status import FeedState, current_gaps, feed_statuses
from anthropic_audit.times import format_duration, format_time

from .configuration import load_settings
from .options import Archive, Config, Since, TableOrJson, Until, read_span
from .output import notes, print_json
from .status_gaps import gaps_as_json, print_gaps

_FOUND = 3


def list_gaps(
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
    config: Config = None,
    archive: Archive = None,
) -> None:
    """List gaps: open, closed in the last 30 days, and permanent.

    A feed that is behind (`max_lag`) has an open gap after the end of its coverage, even if its collector hangs or is
    not running. A feed that is no longer configured has no gap there.

    Exit codes: 0 nothing is missing, 3 a gap is open, or a configured feed was never collected with its filters.
    """
    now = SystemClock().now()
    settings = with_types(load_settings(config, {"archive": archive}).settings)
    reader = open_reader(settings.archive)
    walks = reader.coverage()
    found = current_gaps(walks, reader.gaps(), settings.feeds, now)
    statuses = feed_statuses(walks, settings.feeds, now)
    never = [one.feed for one in statuses if one.state is FeedState.NEVER_COLLECTED]
    if format is TableOrJson.JSON:
        print_json(gaps_as_json(found))
    else:
        print_gaps(found)
    for name in never:
        notes().print(f"{name}: configured, but never collected with these filters: nothing is covered", markup=False)
    if never or any(one.gap.state is GapState.OPENED for one in found):
        raise typer.Exit(_FOUND)


def declare(
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed with the gap.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the time can't be collected.")],
    since: Since = None,
    until: Until = None,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Declare a gap permanent: its time is not read again.

    The declaration stays in the ledger with your reason and your user name, and can't be revoked. A running collector
    is not disturbed. Covered time is left out. You can still read the period with `backfill`.
    """
    settings = with_types(load_settings(config, {"archive": archive}).settings)
    now = SystemClock().now()
    window = _window(since, until, now)
    if not reason.strip():
        message = "--reason is empty"
        raise SetupError(message, hint='give the reason why this time can\'t be collected: --reason "…"')
    walks = open_reader(settings.archive).coverage(feed)
    filters = _filters(settings, feed, walks)
    covered = Spans.of(walk.window for walk in walks if walk.filters == filters)
    missing = Spans((window,)) - covered
    if not missing:
        message = f"feed {feed} has no gap from {format_time(window.start)} to {format_time(window.end)}"
        raise SetupError(message, hint="`anthropic-audit gaps list` lists its gaps")
    declared = [GapEntry(one, GapState.PERMANENT, now, reason.strip(), _user()) for one in missing]
    append_to_ledger(settings.archive, [GapRow(feed, filters, entry) for entry in declared])
    for one in missing:
        span = f"{format_time(one.start)} to {format_time(one.end)} ({format_duration(one.end - one.start)})"
        notes().print(f"{feed}: {span} is declared permanently lost", markup=False)


def _window(since: str | None, until: str | None, now: datetime) -> Window:
    start, end = read_span(since, until, now)
    if start is None or end is None:
        message = "a permanent gap needs a start and an end"
        raise SetupError(message, hint="give both: --from 2026-11-01T08:00:00Z --to 2026-11-01T09:30:00Z")
    if end > now:
        message = f"the end of the gap lies in the future: {format_time(end)}"
        raise SetupError(message, hint="only past time can be declared lost")
    return Window(start, end)


def _filters(settings: Settings, feed: str, walks: Iterable[Coverage]) -> str:
    """Return the filters of a feed's coverage: those of the settings, or the only ones that it was walked with."""
    configured = [one.filters.key() for one in settings.feeds if one.name == feed]
    walked = {walk.filters for walk in walks}
    if configured:
        return configured[0]
    if len(walked) == 1:
        return walked.pop()
    if walked:
        message = f"feed {feed} was collected with {len(walked)} sets of filters, and is not configured"
        raise SetupError(message, hint="use --config with a settings file that has the feed with its filters")
    message = f"unknown feed: `{feed}`"
    raise SetupError(message, hint="`anthropic-audit status` lists the feeds of the archive")


def _user() -> str:
    """Return the name of the operating system's user that runs this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
