"""`anthropic-audit sinks deliver`: deliver pending events."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.process import settle_in
from anthropic_audit.application.sinks import RETRY_FOREVER, chosen_sinks, open_deliverer
from anthropic_audit.archive import open_reader
from anthropic_audit.cli.configuration import open_application
from anthropic_audit.cli.failures import print_error, worst
from anthropic_audit.cli.logs import logging_watch, open_log
from anthropic_audit.cli.options import Archive, Config
from anthropic_audit.cli.output import notes
from anthropic_audit.cli.signals import stopping
from anthropic_audit.delivery import Follower
from anthropic_audit.errors import AuditError, InterruptedRunError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.progress import Watch
from anthropic_audit.service import UnexpectedErrors, safely
from anthropic_audit.service.parallel import side_by_side
from anthropic_audit.settings import SinkSettings

_POLL_SECONDS = 2.0


def deliver(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Names of sinks; by default all.", show_default=False),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Continue with new events until Ctrl-C.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Deliver pending events to sinks, also while `run` writes.

    Sinks are independent: one that is down does not delay the others. A sink's position advances only past settled
    events; an event that is sent twice is stored once if the target can recognize it. `run` does this automatically for
    all configured sinks.

    Exit codes: 0 all delivered, 1 failed, 2 wrong use or settings, 3 stopped, or gave up on a busy target.
    """
    application = open_application(config, {"archive": archive})
    chosen = chosen_sinks(application.settings, names or [])
    open_reader(application.settings.archive)
    settle_in()
    watch = safely(logging_watch(open_log()))
    with stopping(application.clock.interrupt, InterruptedRunError.exit_code):
        works = [partial(_deliver, application, one, watch, is_following=follow) for one in chosen]
        failures = [error for error in side_by_side(works) if error is not None]
    for error in {str(error): error for error in failures}.values():
        print_error(str(error), error.hint, error)
    if code := worst(error.exit_code for error in failures):
        raise typer.Exit(code)


def _deliver(application: Application, sink: SinkSettings, watch: Watch, *, is_following: bool) -> AuditError | None:
    """Deliver to one sink, and return the error that ended it, or None."""
    archive = application.settings.archive
    retry = RETRY_FOREVER if is_following else RetryPolicy()
    try:
        with open_deliverer(application, sink, watch, retry=retry) as deliverer:
            follower = Follower(deliverer)
            done = follower.catch_up(open_reader(archive))
            while is_following:
                application.clock.wait(_POLL_SECONDS)
                done += follower.catch_up(open_reader(archive))
    except Exception as error:  # noqa: BLE001 - any error ends only this sink
        return UnexpectedErrors(watch).note(f"sink {sink.name}", error)
    notes().print(f"{sink.name}: {done:,} events delivered, up to sequence number {follower.position:,}")
    return None
