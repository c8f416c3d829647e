"""`anthropic-audit renormalize`: derive events again from the stored activities, with what is known today."""

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

    Worth it after an update: types and fields that the catalogue has learned since, and newer databases of locations,
    then show in what was collected before. Without --from and --to all events are derived again. Events keep their
    places, and each stretch of them is replaced at once: an end at any time, even by force, leaves an event as it was
    or as it is to be. Waits while another process collects into the archive.
    """
    application = open_application(config, {"archive": archive})
    now = SystemClock().now()
    start, end = read_span(since, until, now)
    open_reader(application.settings.archive)  # says so when there is none; a writer would make one
    clock = application.clock
    try:
        with stopping(clock.interrupt, InterruptedRunError.exit_code), _watching(clock) as watch:
            done, version = _derive(application, Window(start or EPOCH, end or now + _TOMORROW), watch)
    except InterruptedRunError as error:
        notes().print(f"{error}: the events of some stretches are renewed; run it again for the rest")
        raise typer.Exit(error.exit_code) from error
    notes().print(f"renormalized {done:,} events with catalogue {version}")


def _derive(application: Application, window: Window, watch: Watch) -> tuple[int, str]:
    settings = application.settings
    normalizer, rules = open_normalizer(application), normalize_rules(settings.feeds)
    with open_writer(settings.archive, application.clock, watch) as writer:
        return derive_again(writer, normalizer, rules, window, watch=watch), normalizer.catalogue_version


@contextmanager
def _watching(clock: SystemClock) -> Iterator[Watch]:
    """Show progress on a terminal, write log lines elsewhere, and end between two stretches when asked to."""
    if not sys.stderr.isatty():
        told = logging_watch(open_log())

        def log(event: Progress) -> None:
            told(event)
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
