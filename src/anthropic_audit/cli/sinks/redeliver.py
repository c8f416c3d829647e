"""`anthropic-audit sinks replay` and `retry`: delivering again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from anthropic_audit.cli.logs import logging_watch, open_log
from anthropic_audit.cli.options import Archive, Config, Since, SinkName, Until, read_span
from anthropic_audit.cli.output import notes
from anthropic_audit.cli.signals import stopping
from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import replay as deliver_again
from anthropic_audit.delivery import send_again
from anthropic_audit.errors import InterruptedRunError, SetupError
from anthropic_audit.model import Delivery, DeliveryPurpose, Window

from .open_sinks import Opened, opened

_LEFT = 3


def replay(
    name: SinkName, since: Since = None, until: Until = None, config: Config = None, archive: Archive = None
) -> None:
    """Deliver the events of a period again, without duplicates.

    Its position stays where it is, too.

    Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 stopped, or gave up on a busy target.
    """
    start, end = read_span(since, until, SystemClock().now())
    if start is None:
        message = "a replay has a beginning"
        raise SetupError(message, hint="say it: --from 24h, or --from 2026-11-01")
    window = Window(start, end or SystemClock().now())
    with _opened(config, archive, name) as sink:
        _tell(name, deliver_again(sink.errands, sink.reader, window))


def retry(name: SinkName, config: Config = None, archive: Archive = None) -> None:
    """Send rejected events again.

    Exit codes: 0 all were taken, 1 failed, 2 wrong use or settings, 3 some are still rejected, or it was stopped.
    """
    with _opened(config, archive, name) as sink:
        seqs = [one.seq for one in sink.errands.ledger.rejections()]
        _tell(name, send_again(sink.errands, sink.reader, DeliveryPurpose.RETRY, seqs))
        left = len(sink.errands.ledger.rejections())
    if left:
        notes().print(
            f"{name}: {left:,} are still rejected; `anthropic-audit sinks rejected {name}` says why", markup=False
        )
        raise typer.Exit(_LEFT)


@contextmanager
def _opened(config: Path | None, archive: str | None, name: str) -> Iterator[Opened]:
    clock = SystemClock()
    with (
        stopping(clock.interrupt, InterruptedRunError.exit_code),
        opened(config, archive, name, clock, logging_watch(open_log())) as sink,
    ):
        yield sink


def _tell(name: str, deliveries: Sequence[Delivery]) -> None:
    created, existing, rejected = (
        sum(getattr(one, what) for one in deliveries) for what in ("created", "existing", "rejected")
    )
    notes().print(f"{name}: {created:,} created, {existing:,} were there, {rejected:,} rejected", markup=False)
