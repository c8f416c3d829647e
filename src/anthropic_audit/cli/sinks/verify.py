"""`anthropic-audit sinks verify`: compare the events of a cluster with the archive, id by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.sinks import chosen_cluster, opened_cluster, preparing
from anthropic_audit.archive import open_reader
from anthropic_audit.cli.configuration import open_application
from anthropic_audit.cli.options import Archive, Config, Since, SinkName, TableOrJson, Until, read_span
from anthropic_audit.cli.output import Heading, console, notes, print_json, print_table
from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import ExpectedEvents, HourCompared, compare, send_again
from anthropic_audit.model import DeliveryPurpose, Window
from anthropic_audit.sinks.cluster import Cluster
from anthropic_audit.status.sinks import rejections, sink_standings
from anthropic_audit.times import format_time

from .redeliver import opened_deliverer

_FOUND = 3
_HEADINGS = (
    Heading("hour", may_be_cut=False),
    *(
        Heading(title, is_number=True, may_be_cut=False)
        for title in ("archive", "cluster", "missing", "strange", "doubled")
    ),
)


def verify(
    name: SinkName,
    since: Since = None,
    until: Until = None,
    repair: Annotated[bool, typer.Option("--repair", help="Send missing events.")] = False,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Compare a cluster with the archive; --repair sends the rest.

    Missing events were delivered, but are not in the cluster; strange events are in the cluster, but not in the
    archive; doubled events are in more than one backing index. Without --from and --to, the last 24 hours are compared.

    Exit codes: 0 no difference, 1 failed, 2 wrong use or settings, 3 they differ, or the cluster is busy or
    unreachable.
    """
    now = SystemClock().now()
    start, end = read_span(since or "24h", until, now)
    window = Window(start or now, end or now)
    application = open_application(config, {"archive": archive})
    cluster = opened_cluster(application, name)
    try:
        found = _compare(application, cluster, name, window)
        missing = [seq for hour in found for seq in hour.missing]
        if repair and missing:
            _send(application, name, missing)
            found = _compare(application, cluster, name, window)
    finally:
        cluster.close()
    _print(name, found, format)
    if not all(hour.is_alike for hour in found):
        raise typer.Exit(_FOUND)


def _compare(application: Application, cluster: Cluster, name: str, window: Window) -> list[HourCompared]:
    """Compare the events that were sent to the sink, except rejected ones."""
    settings = application.settings
    reader = open_reader(settings.archive)
    with reader.connect() as connection:
        standings = sink_standings(connection, [name], window.end)
        refused = {one.seq for one in rejections(connection, name)}
    position = next(one.position for one in standings if one.sink == name)
    prepare = preparing(application, chosen_cluster(settings, name))
    return list(compare(reader, cluster, prepare, window, sent=ExpectedEvents(position, frozenset(refused))))


def _send(application: Application, name: str, missing: Sequence[int]) -> None:
    with opened_deliverer(application, name) as deliverer:
        reader = open_reader(application.settings.archive)
        sent = send_again(deliverer, reader, DeliveryPurpose.REPAIR, missing)
    notes().print(f"{name}: {sum(one.created for one in sent):,} of {len(missing):,} missing events were sent")


def _print(name: str, found: Sequence[HourCompared], format: TableOrJson) -> None:  # noqa: A002 - as the flag
    differing = [hour for hour in found if not hour.is_alike]
    archived, there = sum(hour.archived for hour in found), sum(hour.found for hour in found)
    if format is TableOrJson.JSON:
        hours = [{**asdict(hour), "hour": format_time(hour.hour)} for hour in differing]
        print_json({"sink": name, "archive": archived, "cluster": there, "differing": hours})
        return
    out = console()
    out.print(
        f"{name}: {archived:,} events in the archive, {there:,} in the cluster, {len(found):,} hours", markup=False
    )
    if differing:
        rows = [
            (format_time(one.hour), one.archived, one.found, len(one.missing), len(one.strange), len(one.doubled))
            for one in differing
        ]
        print_table(_HEADINGS, rows)
    else:
        out.print("no difference, id by id")
