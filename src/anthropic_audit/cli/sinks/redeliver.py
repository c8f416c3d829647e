"""`anthropic-audit sinks replay` and `retry`: deliver events again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.sinks import chosen_sinks, open_deliverer
from anthropic_audit.archive import open_reader
from anthropic_audit.cli.configuration import open_application
from anthropic_audit.cli.logs import logging_watch, open_log
from anthropic_audit.cli.options import Archive, Config, Since, SinkName, Until, read_span
from anthropic_audit.cli.output import notes
from anthropic_audit.cli.signals import stopping
from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import Deliverer, send_again
from anthropic_audit.delivery import replay as deliver_again
from anthropic_audit.errors import InterruptedRunError, SetupError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import Delivery, DeliveryPurpose, Window

_LEFT = 3


def replay(
    name: SinkName, since: Since = None, until: Until = None, config: Config = None, archive: Archive = None
) -> None:
    """Deliver the events of a period again, without duplicates.

    The sink's position does not change.

    Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 stopped, or gave up on a busy target.
    """
    start, end = read_span(since, until, SystemClock().now())
    if start is None:
        message = "--from is missing: a replay needs a start time"
        raise SetupError(message, hint="for example --from 24h, or --from 2026-11-01")
    window = Window(start, end or SystemClock().now())
    application = open_application(config, {"archive": archive})
    with opened_deliverer(application, name) as deliverer:
        _print_deliveries(name, deliver_again(deliverer, open_reader(application.settings.archive), window))


def retry(name: SinkName, config: Config = None, archive: Archive = None) -> None:
    """Send rejected events again.

    Exit codes: 0 all were accepted, 1 failed, 2 wrong use or settings, 3 some are still rejected, or it was stopped.
    """
    application = open_application(config, {"archive": archive})
    with opened_deliverer(application, name) as deliverer:
        seqs = [one.seq for one in deliverer.ledger.rejections()]
        reader = open_reader(application.settings.archive)
        _print_deliveries(name, send_again(deliverer, reader, DeliveryPurpose.RETRY, seqs))
        left = len(deliverer.ledger.rejections())
    if left:
        notes().print(
            f"{name}: {left:,} are still rejected; `anthropic-audit sinks rejected {name}` lists the reasons",
            markup=False,
        )
        raise typer.Exit(_LEFT)


@contextmanager
def opened_deliverer(application: Application, name: str) -> Iterator[Deliverer]:
    """Open one sink for delivery alongside its follower; give up on a busy target after two minutes.

    Raises:
        SetupError: Something is missing or wrong in the settings.
        typer.Exit: The operator stopped it.
    """
    (sink,) = chosen_sinks(application.settings, [name])
    open_reader(application.settings.archive)  # says so when there is none
    watch = logging_watch(open_log())
    with (
        stopping(application.clock.interrupt, InterruptedRunError.exit_code),
        open_deliverer(application, sink, watch, retry=RetryPolicy(), moves=False) as deliverer,
    ):
        yield deliverer


def _print_deliveries(name: str, deliveries: Sequence[Delivery]) -> None:
    created, existing, rejected = (
        sum(getattr(one, what) for one in deliveries) for what in ("created", "existing", "rejected")
    )
    notes().print(f"{name}: {created:,} created, {existing:,} existed already, {rejected:,} rejected", markup=False)
