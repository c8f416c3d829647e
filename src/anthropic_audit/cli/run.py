"""`anthropic-audit run`: the service: all feeds, for good, with its health on a port."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from structlog.typing import FilteringBoundLogger

from anthropic_audit.archive import ArchiveWriter, open_reader, open_writer
from anthropic_audit.clock import SystemClock
from anthropic_audit.console import LinkFile, open_console
from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError, UnexpectedError
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Watch
from anthropic_audit.redact import Secret
from anthropic_audit.service import (
    Collector,
    Deliveries,
    HealthServer,
    PeriodicTask,
    PeriodicTasks,
    RequestLog,
    ServiceMetrics,
    UnexpectedErrors,
    alive,
    metrics,
    open_feeds,
    readiness,
    safely,
)
from anthropic_audit.service.deliveries import Open
from anthropic_audit.settings import FeedSettings, Settings, SinkSettings
from anthropic_audit.settings_loader import resolve_key
from anthropic_audit.status.lateness import lateness
from anthropic_audit.times import format_duration, format_time

from .collect import chosen_feeds
from .configuration import client_secret, load_settings
from .environment import environment
from .filters import warnings, with_types
from .logs import logging_watch, open_log
from .normalizing import normalize_rules, open_normalizer
from .options import Archive, Config
from .process import settle_in
from .retention import retain, told
from .signals import Stop, reloading, stopping
from .sinks.open_sinks import PATIENT, opened_errands
from .status_echo import accesses

_RECORD_SECONDS = 60.0
_LISTEN_SECONDS = 3600.0
_COMPACT_SECONDS = 6 * 3600.0
_MEASURE_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _ServicePlan:
    """Settings that can be run: with the keys that were found."""

    settings: Settings
    feeds: Sequence[tuple[FeedSettings, Secret]]
    has_console: bool = False


def run(
    health_port: Annotated[
        int | None,
        typer.Option(
            "--health-port",
            metavar="PORT",
            help="Port of the health pages, instead of the settings' one.",
            show_default=False,
        ),
    ] = None,
    with_console: Annotated[
        bool,
        typer.Option(
            "--console",
            help="Serve the console, too; the link that opens it is in the archive's `console/link`.",
        ),
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Run the service: collect, normalize, deliver and maintain.

    Each feed goes its own way: one that is slow, refused or silent holds up no other, and is asked less often until it
    answers. History that `backfill` asks for is filled in beside the live tails. Events are delivered to all sinks of
    the settings, each at its own pace. Log lines on standard error, JSON
    where nobody looks. On a loopback port, if one is set: /healthz (the process answers), /readyz (every feed is
    current), /metrics (for Prometheus).

    SIGTERM and Ctrl-C end it cleanly, with exit code 0. SIGHUP takes over changed settings and keys; settings that are
    wrong are told of, and the ones before stay.

    Exit codes: 0 stopped, 1 failed, 2 wrong use or settings.
    """
    stop = Stop()
    with stopping(stop.ask, 0):
        _run(stop, {"archive": archive}, config, health_port=health_port, with_console=with_console)


def _run(
    stop: Stop, flags: Mapping[str, object], config: Path | None, *, health_port: int | None, with_console: bool
) -> None:
    log = open_log()
    plan = _plan(config, flags, log)
    while True:
        if health_port is not None:
            service = plan.settings.service.model_copy(update={"health_port": health_port})
            plan = _ServicePlan(plan.settings.model_copy(update={"service": service}), plan.feeds)
        plan = replace(plan, has_console=with_console)
        if not _serve(plan, stop, log):
            log.info("stopped")
            return
        try:
            plan = _plan(config, flags, log)
            log.info("settings taken over", feeds=len(plan.feeds))
        except AuditError as error:
            _tell(log, "settings refused", error)


def _plan(config: Path | None, flags: Mapping[str, object], log: FilteringBoundLogger) -> _ServicePlan:
    """Read the settings and find the keys; a feed without a usable key is told of and left out.

    Raises:
        SetupError: The settings are wrong, or no feed has a usable key.
    """
    settings = with_types(load_settings(config, flags).settings)
    for warning in warnings(settings):
        log.warning("settings", reason=warning)
    environ = environment()
    feeds: list[tuple[FeedSettings, Secret]] = []
    refused: SetupError | None = None
    for feed in chosen_feeds(settings, []):
        try:
            key = resolve_key(feed, environ)
        except SetupError as error:
            refused = error
            _tell(log, "feed left out", error, feed=feed.name)
            continue
        if key.warning:
            log.warning("key", feed=feed.name, reason=key.warning)
        feeds.append((feed, key.secret))
    if not feeds and refused is not None:
        raise refused
    return _ServicePlan(settings, feeds)


def _serve(plan: _ServicePlan, stop: Stop, log: FilteringBoundLogger) -> bool:
    """Run until a signal; say whether settings are to be taken over and it goes on."""
    clock, is_wanted_again = SystemClock(), threading.Event()
    stop.reach(clock)

    def reload() -> None:
        is_wanted_again.set()
        clock.interrupt()

    with reloading(reload), suppress(InterruptedRunError):
        _work(plan, clock, log)
    return is_wanted_again.is_set() and not stop.is_asked


def _work(plan: _ServicePlan, clock: SystemClock, log: FilteringBoundLogger) -> None:
    """Collect until the clock is interrupted.

    Raises:
        InterruptedRunError: It was.
    """
    settings, feeds = plan.settings, [feed for feed, _ in plan.feeds]
    settle_in()
    figures = ServiceMetrics(safely(logging_watch(log)), clock)
    watch = safely(figures.watch)
    requests = RequestLog(watch, clock)
    with ExitStack() as stack:
        runs = open_feeds(plan.feeds, clock, requests.watch, reserve=settings.service.budget_reserve)
        for one in runs:
            stack.callback(one.close)
        archive = stack.enter_context(open_writer(settings.archive, clock, watch))
        collector = Collector(
            archive,
            clock,
            normalizer=open_normalizer(settings),
            rules=normalize_rules(feeds),
            watch=watch,
            requests=requests,
        )
        unexpected = collector.unexpected
        if settings.service.health_port:
            pages = {
                "/healthz": alive,
                "/readyz": lambda: readiness(archive, feeds, clock.now(), unexpected.persistent),
                "/metrics": lambda: metrics(figures.text(archive, feeds)),
            }
            server = stack.enter_context(HealthServer(settings.service.health_port, pages, unexpected))
            log.info("health pages", url=server.url)
        if plan.has_console:
            note = LinkFile(archive.folder / "console" / "link")
            secret = client_secret(settings.console, lambda reason: log.warning("key", console="openid", reason=reason))
            served = stack.enter_context(open_console(settings, clock, note.write, client_secret=secret))
            note.write(served.link())
            log.info("console", url=served.url, link_file=str(note.path))
        chores = [
            PeriodicTask("record requests", _RECORD_SECONDS, lambda: requests.record(archive, now=True)),
            PeriodicTask("compact", _COMPACT_SECONDS, lambda: _keep_house(archive, settings, log)),
            PeriodicTask("measure lateness", _MEASURE_SECONDS, lambda: _measure(settings, collector, log)),
            PeriodicTask("listen for echoes", _LISTEN_SECONDS, lambda: _listen(settings, figures, log)),
        ]
        sinks = {one.name: _opener(settings, one, clock, watch, log) for one in settings.sinks}
        stack.enter_context(Deliveries(archive, sinks, clock, watch, unexpected=unexpected))
        stack.enter_context(PeriodicTasks(chores, partial(_chore_ended, log, unexpected)))
        log.info("service started", feeds=[one.name for one in feeds], archive=str(archive.folder))
        stack.callback(clock.interrupt)  # whatever ends collecting ends all the rest, before it is closed
        collector.follow(runs)


def _opener(settings: Settings, sink: SinkSettings, clock: Clock, watch: Watch, log: FilteringBoundLogger) -> Open:
    """Return what opens a sink; whatever is wrong with it is said when it is opened, and keeps nobody else."""

    def warn(reason: str) -> None:
        log.warning("key", sink=sink.name, reason=reason)

    return lambda: opened_errands(settings, sink, clock, watch, patience=PATIENT, warn=warn)


def _measure(settings: Settings, collector: Collector, log: FilteringBoundLogger) -> None:
    """Measure how late activities are, and let margins follow where that is wanted."""
    if not any(feed.follow_lateness for feed in settings.feeds):
        return
    with open_reader(settings.archive).connect() as connection:
        overall = lateness(connection).overall
    if overall is not None:
        margins = overall.margins
        collector.follow_lateness(margins)
        told = {"settle": format_duration(margins.settle), "overlap": format_duration(margins.overlap)}
        log.info("lateness measured", **told)


def _keep_house(archive: ArchiveWriter, settings: Settings, log: FilteringBoundLogger) -> None:
    """Remove what is too old to be kept, merge small files, and delete those that were replaced a day ago."""
    if settings.retention.keep:
        done = retain(archive, settings, SystemClock().now())
        activities = sum(one.activities for one in done.removed)
        log.info("retained", days_removed=len(done.removed), activities_removed=activities)
        for line in told(done.waiting):
            log.warning("retention waits", undelivered=line, hint="deliver it, or set retention.wait_for_sinks = false")
        for line in told(done.never_delivered):
            log.error("removed before it was delivered", undelivered=line)
    for one in archive.compact():
        log.info("compacted", table=one.table, files_before=one.files_before, files_after=one.files_after)
    for gone in archive.vacuum():
        log.info("vacuumed", table=gone.table, files=gone.files)


def _chore_ended(log: FilteringBoundLogger, unexpected: UnexpectedErrors, name: str, error: Exception | None) -> None:
    """Take note of how a chore ended."""
    if error is None:
        unexpected.clear(f"chore {name}")
    elif not isinstance(said := unexpected.note(f"chore {name}", error), UnexpectedError):
        _tell(log, "chore failed", said, chore=name)


def _tell(log: FilteringBoundLogger, event: str, error: Exception, **fields: str) -> None:
    reason = str(error) if isinstance(error, AuditError) else f"{type(error).__name__}: {error}"
    log.error(event, **fields, reason=reason, hint=getattr(error, "hint", None))


def _listen(settings: Settings, figures: ServiceMetrics, log: FilteringBoundLogger) -> None:
    """Look whether our own requests come back, and whether others send some under our keys."""
    with open_reader(settings.archive).connect() as connection:
        found = accesses(connection, settings.feeds, SystemClock().now())
    heard, others = found.echoes, found.strangers
    figures.note_echoes(heard, len(others))
    for echo in heard:
        if echo.is_silent:
            hint = "none of our requests came back as compliance_api_accessed: the feed is silent or broken"
            log.error("no echo", feed=echo.feed, requests=echo.asked, hint=hint)
    for one in others:
        log.error(
            "request that is not ours",
            key=one.key,
            at=format_time(one.at),
            source_ip=one.source_ip,
            user_agent=one.user_agent,
            request_id=one.request_id,
            hint="somebody else has this key: disable it, and make a new one",
        )
