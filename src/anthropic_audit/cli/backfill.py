"""`anthropic-audit backfill` and `reconcile`: collect a past period, or read it again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.collecting import chosen_feeds, open_collecting
from anthropic_audit.application.feed_filters import with_types
from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.model import Purpose, Window
from anthropic_audit.service import HistoryRead, HistoryReader, HistoryRules, safely
from anthropic_audit.settings_loader import resolve_keys

from .collect import watching
from .configuration import open_application
from .failures import print_error
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .signals import stopping

_INCOMPLETE = 3
_MAX_AGE = timedelta(days=6 * 366)
"""How long the API keeps activities: six years."""

Feed = Annotated[
    str | None,
    typer.Option("--feed", metavar="NAME", help="The feed to read; required if there are several.", show_default=False),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers", min=1, max=64, help="Number of parallel walks; together they stay within the request budget."
    ),
]


def backfill(
    since: Since = None,
    until: Until = None,
    feed: Feed = None,
    workers: Workers = 12,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Collect a past period of up to six years, newest first.

    Without --from it starts six years ago, as far back as the API keeps activities. It can be stopped at any time, and
    continues where it stopped when it is started again.

    Exit codes: 0 the whole range is covered, 1 failed, 2 wrong use or settings, 3 part of the range is left.
    """
    done = _read(_application(config, archive), Purpose.BACKFILL, (since, until), feed, workers=workers)
    notes().print(
        f"backfilled {done.activities:,} activities, {done.new:,} of them new, in {done.windows:,} windows",
        markup=False,
    )
    _conclude(done)


def reconcile(
    since: Since = None,
    until: Until = None,
    feed: Feed = None,
    workers: Workers = 12,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Read a period again, and count late activities.

    `collect` does this automatically for the last days; use this command to be certain before an audit. Without --from
    it reads the last 30 days.

    Exit codes: 0 the whole range was read, 1 failed, 2 wrong use or settings, 3 part of the range is left.
    """
    done = _read(_application(config, archive), Purpose.RECONCILE, (since or "30d", until), feed, workers=workers)
    notes().print(f"read {done.activities:,} activities again, {done.new:,} of them late", markup=False)
    _conclude(done)


def _application(config: Path | None, archive: str | None) -> Application:
    application = open_application(config, {"archive": archive})
    return application.with_settings(with_types(application.settings))


def _read(
    application: Application, purpose: Purpose, span: tuple[str | None, str | None], feed: str | None, *, workers: int
) -> HistoryRead:
    clock = application.clock
    now = clock.now()
    start, end = read_span(*span, now)
    window = Window(start or now - _MAX_AGE, end or now)
    feeds = chosen_feeds(application.settings, [feed] if feed else [])
    if len(feeds) > 1:
        message = f"there are {len(feeds)} feeds: {', '.join(one.name for one in feeds)}"
        raise SetupError(message, hint="choose one with --feed")
    (key,) = resolve_keys(feeds, application.environ).values()
    try:
        with ExitStack() as stack:
            stack.enter_context(stopping(clock.interrupt, InterruptedRunError.exit_code))
            watch = safely(stack.enter_context(watching()))
            collecting = stack.enter_context(open_collecting(application, [(feeds[0], key.secret)], watch))
            writer, requests, collector = collecting.archive, collecting.requests, collecting.collector
            stack.callback(lambda: requests.record(writer, now=True))
            unexpected = collector.unexpected
            (run,) = collecting.feeds
            history = HistoryReader(
                run, writer, clock, rules=HistoryRules(purpose, workers, unexpected=unexpected), watch=watch
            )

            def normalize() -> AuditError | None:
                error = unexpected.attempt("normalize", collector.normalize)
                return unexpected.attempt("request log", lambda: requests.record(writer)) or error

            done = history.read(window, normalize)
            return replace(done, error=done.error or normalize())
    except InterruptedRunError as error:
        notes().print(f"{error}: stored activities stay; run it again for the rest")
        raise typer.Exit(error.exit_code) from error


def _conclude(done: HistoryRead) -> None:
    """Print the error or what is left, and exit with its code."""
    if done.error is not None:
        print_error(str(done.error), done.error.hint, done.error)
        raise typer.Exit(_INCOMPLETE if done.windows else done.error.exit_code)
    if done.left:
        notes().print(f"{done.left.length} of the range is left: run the command again")
        raise typer.Exit(_INCOMPLETE)
