"""`anthropic-audit backfill` and `reconcile`: read a long range of the past, or read it once more."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.archive import open_writer
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.follow import normalize_pending
from anthropic_audit.model import Purpose, Window
from anthropic_audit.service import (
    HistoryRead,
    HistoryReader,
    HistoryRules,
    RequestLog,
    UnexpectedErrors,
    open_feeds,
    safely,
)
from anthropic_audit.settings import Settings
from anthropic_audit.settings_loader import resolve_keys

from .collect import chosen_feeds, watching
from .configuration import load_settings
from .environment import environment
from .failures import print_error
from .filters import with_types
from .normalizing import normalize_rules, open_normalizer
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .process import settle_in
from .signals import stopping

_INCOMPLETE = 3
_MAX_AGE = timedelta(days=6 * 366)
"""The API keeps activities for six years."""

Feed = Annotated[
    str | None,
    typer.Option("--feed", metavar="NAME", help="The feed to read; needed when there are several.", show_default=False),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers", min=1, max=64, help="Walks side by side; together they stay inside the server's request budget."
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

    Without --from it starts where the API's memory does, six years ago. It can be stopped at any time and goes on
    where it was when it is started again.

    Exit codes: 0 all of the range is covered, 1 failed, 2 wrong use or settings, 3 something is left.
    """
    done = _read(_settings(config, archive), Purpose.BACKFILL, (since, until), feed, workers=workers)
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

    `collect` does this by itself for the last days; by hand it is for certainty before an audit. Without --from it
    reads the last 30 days.

    Exit codes: 0 all of the range was read, 1 failed, 2 wrong use or settings, 3 something is left.
    """
    done = _read(_settings(config, archive), Purpose.RECONCILE, (since or "30d", until), feed, workers=workers)
    notes().print(f"read {done.activities:,} activities again and found {done.new:,} that were late", markup=False)
    _conclude(done)


def _settings(config: Path | None, archive: str | None) -> Settings:
    return with_types(load_settings(config, {"archive": archive}).settings)


def _read(
    settings: Settings, purpose: Purpose, span: tuple[str | None, str | None], feed: str | None, *, workers: int
) -> HistoryRead:
    now = SystemClock().now()
    start, end = read_span(*span, now)
    window = Window(start or now - _MAX_AGE, end or now)
    feeds = chosen_feeds(settings, [feed] if feed else [])
    if len(feeds) > 1:
        message = f"there are {len(feeds)} feeds: {', '.join(one.name for one in feeds)}"
        raise SetupError(message, hint="say which with --feed")
    (key,) = resolve_keys(feeds, environment()).values()
    clock = SystemClock()
    normalizer, rules = open_normalizer(settings), normalize_rules(feeds)
    settle_in()
    try:
        with ExitStack() as stack:
            stack.enter_context(stopping(clock.interrupt, InterruptedRunError.exit_code))
            watch = safely(stack.enter_context(watching()))
            requests = RequestLog(watch, clock)
            (run,) = open_feeds([(feeds[0], key.secret)], clock, requests.watch)
            stack.callback(run.close)
            writer = stack.enter_context(open_writer(settings.archive, clock, watch))
            stack.callback(lambda: requests.record(writer, now=True))
            unexpected = UnexpectedErrors(watch)
            history = HistoryReader(
                run, writer, clock, rules=HistoryRules(purpose, workers, unexpected=unexpected), watch=watch
            )

            def normalize() -> AuditError | None:
                error = unexpected.attempt(
                    "normalize", lambda: normalize_pending(writer, normalizer, rules, watch, check=clock.check)
                )
                return unexpected.attempt("request log", lambda: requests.record(writer)) or error

            done = history.read(window, normalize)
            return replace(done, error=done.error or normalize())
    except InterruptedRunError as error:
        notes().print(f"{error}: what was read stays, run it again for the rest")
        raise typer.Exit(error.exit_code) from error


def _conclude(done: HistoryRead) -> None:
    """Tell what went wrong, and exit with its code."""
    if done.error is not None:
        print_error(str(done.error), done.error.hint, done.error)
        raise typer.Exit(_INCOMPLETE if done.windows else done.error.exit_code)
    if done.left:
        notes().print(f"{done.left.length} of the range is left: run it again")
        raise typer.Exit(_INCOMPLETE)
