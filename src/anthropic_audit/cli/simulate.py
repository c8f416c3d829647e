"""`anthropic-audit simulate`: serve a simulated Compliance API, since the real one has no sandbox."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import InterruptedRunError, SetupError
from anthropic_audit.settings import KEY_VARIABLES
from anthropic_audit.simulator import FAULTS, IndexingBehavior, Server, Vendor, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.times import format_duration, format_time, parse_duration, parse_time

from .output import notes
from .signals import stopping

_SECONDS_A_DAY = 86400.0
_MAX_HISTORY = timedelta(days=6 * 366)
_READABLE_BY_OWNER = 0o600
_FAULT_HINT = f"write --fault KIND=SHARE; kinds are: {', '.join(FAULTS)}"

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Seed = Annotated[
    int, typer.Option(help="Seed of the simulated organization; a seed always gives the same one, and the same keys.")
]
History = Annotated[str, typer.Option(metavar="DURATION", help="How far the history reaches back.")]
Activities = Annotated[
    int | None,
    typer.Option(min=1, help="Total number of activities in the history; sets the rate.", show_default=False),
]
Rate = Annotated[
    float | None, typer.Option(min=0.0, help="Average number of activities per second.", show_default=False)
]
People = Annotated[int, typer.Option(min=1, help="People in the organization.")]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Time after which no activity occurs.", show_default=False)
]
Historic = Annotated[bool, typer.Option("--historic/--live", help="No activities from now on, or live ones.")]
Lag = Annotated[str, typer.Option(metavar="DURATION", help="Longest time until an activity becomes visible.")]
LateShare = Annotated[
    float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of activities that become visible much later.")
]
Lateness = Annotated[str, typer.Option(metavar="DURATION", help="How much later at most.")]
DisclosureLateness = Annotated[
    str, typer.Option(metavar="DURATION", help="Like --lateness, for each `anthropic_access` and `cmek_preserve`.")
]
RepeatShare = Annotated[
    float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of activities that are served twice.")
]
FaultShares = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="KIND=SHARE", help=f"Share of requests that fail, by kind: {', '.join(FAULTS)}."),
]
GrowthShare = Annotated[
    float,
    typer.Option(
        "--growth", min=0.0, max=1.0, metavar="SHARE", help="Share of activities with undocumented shapes from now on."
    ),
]
RateLimit = Annotated[int, typer.Option(min=1, help="Requests per minute that the budget allows.")]
NoOrder = Annotated[bool, typer.Option("--no-order", help="Don't support `order`, as in May 2026.")]
NoExclude = Annotated[
    bool, typer.Option("--no-exclude", help="Don't support `exclude_activity_types[]`, as in May 2026.")
]
KeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File to write the key to, for `api_key_file`.", show_default=False)
]

EXAMPLES = """Examples:

\b
anthropic-audit simulate --history 30d --activities 200000
anthropic-audit simulate --late-share 0.01 --lateness 1h --repeat-share 0.01 --fault 500=0.02 --fault reset=0.01
anthropic-audit simulate --no-order --no-exclude
"""


def simulate(
    port: Port = 8787,
    host: Host = "127.0.0.1",
    seed: Seed = 1,
    history: History = "30d",
    activities: Activities = None,
    rate: Rate = None,
    people: People = 120,
    until: Until = None,
    historic: Historic = False,
    lag: Lag = "60s",
    late_share: LateShare = 0.0,
    lateness: Lateness = "2h",
    disclosure_lateness: DisclosureLateness = "0s",
    repeat_share: RepeatShare = 0.0,
    fault: FaultShares = None,
    growth: GrowthShare = 0.0,
    rate_limit: RateLimit = 600,
    no_order: NoOrder = False,
    no_exclude: NoExclude = False,
    key_file: KeyFile = None,
) -> None:
    """Serve a simulated Compliance API on this machine.

    Its keys are valid only here. Ground truth and faults on demand are under /_simulator/ (see the documentation).
    """
    clock = SystemClock()
    settings = VendorSettings(
        world=_world(seed, people, (activities, rate), history),
        history=_span(history),
        until=_end(until, clock.now(), is_historic=historic),
        delivery=IndexingBehavior(
            lag=parse_duration(lag),
            late_share=late_share,
            lateness=parse_duration(lateness),
            disclosure_lateness=parse_duration(disclosure_lateness),
            repeat_share=repeat_share,
        ),
        faults=_shares(fault or []),
        growth_share=growth,
        has_order=not no_order,
        has_exclude=not no_exclude,
        requests_per_minute=rate_limit,
    )
    with stopping(clock.interrupt, 0), suppress(InterruptedRunError):
        vendor = _opened(settings, clock)
        if key_file is not None:
            _write_key(key_file, vendor)
        with _listening(vendor, clock, host, port) as server:
            _print_usage(server, clock.now())
            while True:
                clock.wait(_SECONDS_A_DAY)
    notes().print("simulator: stopped")


def _span(history: str) -> timedelta:
    span = parse_duration(history)
    if span > _MAX_HISTORY:
        message = f"the history must be at most six years, as at the vendor: --history {history}"
        raise SetupError(message)
    return span


def _world(seed: int, people: int, counts: tuple[int | None, float | None], history: str) -> WorldSettings:
    """Return the settings of the simulated organization, its rate set by --activities, --rate, or the default."""
    activities, rate = counts
    if activities is not None and rate is not None:
        message = "use --activities or --rate, not both: each determines the other"
        raise SetupError(message)
    if rate is not None:
        return WorldSettings(seed=seed, people=people, activities_per_day=rate * _SECONDS_A_DAY)
    if activities is not None and not parse_duration(history).total_seconds():
        message = f"--activities needs a history longer than zero: --history {history}"
        raise SetupError(message)
    return WorldSettings(seed=seed, people=people, activities=activities)


def _end(until: str | None, now: datetime, *, is_historic: bool) -> datetime | None:
    if until is not None:
        return parse_time(until, now)
    return now if is_historic else None


def _shares(faults: Sequence[str]) -> Mapping[str, float]:
    shares: dict[str, float] = {}
    for text in faults:
        kind, _, number = text.partition("=")
        if kind not in FAULTS:
            near = get_close_matches(kind, FAULTS, n=1)
            message = f"unknown fault: `{kind}`"
            raise SetupError(message, hint=f"did you mean {near[0]}?" if near else _FAULT_HINT)
        try:
            shares[kind] = float(number)
        except ValueError as error:
            message = f"the fault has no share: `{text}`"
            raise SetupError(message, hint=_FAULT_HINT) from error
    if not all(0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1:
        message = "the shares of faults must be numbers from 0 to 1, and their sum at most 1"
        raise SetupError(message, hint=_FAULT_HINT)
    return shares


def _opened(settings: VendorSettings, clock: SystemClock) -> Vendor:
    """Create the simulated vendor, with a progress bar on a terminal: a large history takes a while.

    Raises:
        InterruptedRunError: The operator stopped the run.
    """
    columns = (TextColumn("simulator: making {task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes(), transient=True, disable=not sys.stderr.isatty()) as progress:
        minutes = settings.history.total_seconds() / 60
        bar = progress.add_task(f"{format_duration(settings.history)} of history", total=minutes)

        def advance(_: int) -> None:
            clock.check()
            progress.advance(bar)

        return open_vendor(settings, clock.now(), advance)


def _listening(vendor: Vendor, clock: SystemClock, host: str, port: int) -> Server:
    try:
        return serve(vendor, clock, host, port)
    except OSError as error:
        message = f"can't listen on {host} port {port}: {error.strerror or error}"
        raise SetupError(message, hint="choose another --port, or 0 for a free one") from error


def _write_key(path: Path, vendor: Vendor) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _READABLE_BY_OWNER), "w") as file:
            os.fchmod(file.fileno(), _READABLE_BY_OWNER)
            file.write(vendor.keys.named("compliance").secret.reveal() + "\n")
    except OSError as error:
        message = f"the key can't be written: {path}: {error.strerror}"
        raise SetupError(message) from error


def _print_usage(server: Server, now: datetime) -> None:
    """Print the simulator's address, and commands to try; its keys are valid only at the simulator."""
    vendor, out = server.vendor, notes()
    count = vendor.activities(now)
    out.print(f"simulator: {server.url} serves {count:,} activities since {format_time(vendor.history_start)}")
    out.print("to collect them with a Compliance Access Key or with an Admin API key:\n")
    for variable, name in zip(KEY_VARIABLES, ("compliance", "admin"), strict=True):
        secret = vendor.keys.named(name).secret.reveal()
        command = f"anthropic-audit collect --once --url {server.url} --initial-interval {_reach(vendor, now)}"
        out.print(f"  {variable}={secret} \\\n    {command}\n", markup=False)
    out.print("keys that are refused, for testing:\n")
    for key in vendor.keys.each():
        if key.name not in {"compliance", "admin"}:
            out.print(f"  {key.name:<12} {key.secret.reveal()}", markup=False)
    out.print(f"\nground truth and faults: {server.url}/_simulator/state (stop with Ctrl-C)")


def _reach(vendor: Vendor, now: datetime) -> str:
    """Return a duration that covers the whole history, even if it is used within the next hour."""
    return format_duration(now - vendor.history_start + timedelta(hours=1))
