"""`anthropic-audit sinks status` and `rejected`: print the state of deliveries, from the archive alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from anthropic_audit.archive import ArchiveReader, open_reader
from anthropic_audit.cli.configuration import load_settings
from anthropic_audit.cli.options import Archive, Config, SinkName, TableOrJson
from anthropic_audit.cli.output import Heading, console, print_json, print_table
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import SetupError
from anthropic_audit.settings import Settings
from anthropic_audit.status.sinks import SinkStanding, rejections, sink_standings
from anthropic_audit.times import format_duration, format_time

_STANDING = (
    Heading("sink"),
    *(Heading(title, is_number=True, may_be_cut=False) for title in ("position", "behind")),
    Heading("lag", may_be_cut=False),
    *(
        Heading(title, is_number=True, may_be_cut=False)
        for title in ("a second", "created", "existing", "dropped", "rejected")
    ),
    Heading("last", may_be_cut=False),
)
_REJECTED = (Heading("seq", is_number=True, may_be_cut=False), Heading("id"), Heading("time"), Heading("reason"))


def status(
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Show each sink's position, backlog, rate and rejections.

    The lag is the age of the oldest event that is not yet delivered. The rate is that of the last hour, while the sink
    was delivering.
    """
    settings = load_settings(config, {"archive": archive}).settings
    now = SystemClock().now()
    with open_reader(settings.archive).connect() as connection:
        found = sink_standings(connection, [one.name for one in settings.sinks], now)
    if format is TableOrJson.JSON:
        print_json([_as_json(one) for one in found])
    elif found:
        print_table(_STANDING, [_row(one, now) for one in found])
    else:
        console().print("no sink is configured, and nothing was delivered")


def rejected(
    name: SinkName,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
    config: Config = None,
    archive: Archive = None,
) -> None:
    """List the events that a sink has rejected, with reasons.

    Correct the cause first: a mapping of the target, or the event with a processor.
    """
    settings = load_settings(config, {"archive": archive}).settings
    with open_reader(settings.archive).connect() as connection:
        found = rejections(connection, name)
        names = [
            one.sink for one in sink_standings(connection, [one.name for one in settings.sinks], SystemClock().now())
        ]
    if name not in names:
        message = f"unknown sink: {name}"
        raise SetupError(message, hint=f"known sinks: {', '.join(names)}" if names else "no sink is configured")
    if format is TableOrJson.JSON:
        print_json([{**asdict(one), "timestamp": format_time(one.timestamp)} for one in found])
    elif found:
        rows = [
            (one.seq, one.id, format_time(one.timestamp), f"{one.status or ''} {one.reason}".strip()) for one in found
        ]
        print_table(_REJECTED, rows)
    else:
        console().print(f"{name}: no rejected events", markup=False)


def print_sinks(reader: ArchiveReader, settings: Settings, now: datetime) -> None:
    """Print a line per configured sink, for `status`."""
    if not settings.sinks:
        return
    names = [one.name for one in settings.sinks]
    with reader.connect() as connection:
        found = [one for one in sink_standings(connection, names, now) if one.sink in names]
    for one in found:
        behind = "all events delivered"
        if one.oldest is not None:
            behind = (
                f"{one.behind:,} events behind, the oldest is {format_duration(max(now - one.oldest, now - now))} old"
            )
        rejected = f", {one.rejected:,} rejected" if one.rejected else ""
        console().print(f"sink {one.sink}: {behind}{rejected}", markup=False)


def _row(one: SinkStanding, now: datetime) -> tuple[object, ...]:
    lag = "none" if one.oldest is None else format_duration(max(now - one.oldest, now - now))
    rate = None if one.rate is None else round(one.rate)
    last = None if one.last_at is None else f"{format_duration(now - one.last_at)} ago"
    return one.sink, one.position, one.behind, lag, rate, one.created, one.existing, one.dropped, one.rejected, last


def _as_json(one: SinkStanding) -> Mapping[str, object]:
    times = {name: value and format_time(value) for name, value in (("oldest", one.oldest), ("last_at", one.last_at))}
    return {**asdict(one), **times}
