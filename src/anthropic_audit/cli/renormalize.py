"""`anthropic-audit renormalize`: derive events again from stored activities, with the current catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.normalizing import normalize_rules, open_normalizer
from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.follow import renormalize as derive_again
from anthropic_audit.model import Window
from anthropic_audit.progress import Normalized, Progress, Waiting, Watch
from anthropic_audit.times import EPOCH

from .configuration import open_application
from .logs import logging_watch, open_log
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .signals import stopping

_TOMORROW = timedelta(days=1)


def renormalize(since: Since = None, until: Until = None, config: Config = None, archive: Archive = None) -> None:
    """Derive the events of a period again from stored activities.

    Use it after an update: types and fields that are new in the catalogue, and newer location databases, then apply to
    events of earlier activities. Without --from and --to all events are derived again. Events keep their order, and are
    replaced in atomic parts: whenever the command is stopped, even by SIGKILL, each event is either the old or the new
    one. The command waits while another process collects into the archive.
    """
    application = open_application(config, {"archive": archive})
    now = SystemClock().now()
    start, end = read_span(since, until, now)
    open_reader(application.settings.archive)  # raises if there is no archive; a writer would create one
    clock = application.clock
    try:
        with stopping(clock.interrupt, InterruptedRunError.exit_code), _watching(clock) as watch:
            done, version = _derive(application, Window(start or EPOCH, end or now + _TOMORROW), watch)
    except InterruptedRunError as error:
        notes().print(f"{error}: part of the events is renormalized; run the command again for the rest")
        raise typer.Exit(error.exit_code) from error
    notes().print(f"renormalized {done:,} events with catalogue {version}")


def _derive(application: Application, window: Window, watch: Watch) -> tuple[int, str]:
    settings = application.settings
    normalizer, rules = open_normalizer(application), normalize_rules(settings.feeds)
    with open_writer(settings.archive, application.clock, watch) as writer:
        return derive_again(writer, normalizer, rules, window, watch=watch), normalizer.catalogue_version


@contextmanager
def _watching(clock: SystemClock) -> Iterator[Watch]:
    """Open a status line on a terminal, or a log otherwise; yield a watch that raises after an operator's stop."""
    if not sys.stderr.isatty():
        log_event = logging_watch(open_log())

        def log(event: Progress) -> None:
            log_event(event)
            clock.check()

        yield log
        return
    with notes().status("renormalizing") as status:
        events = 0

        def show(event: Progress) -> None:
            nonlocal events
            if isinstance(event, Normalized):
                events += event.events
                status.update(f"renormalizing: {events:,} events")
            elif isinstance(event, Waiting):
                status.update(event.reason)
            clock.check()

        yield show
