"""Run the service: collect all feeds, deliver to all sinks, maintain the archive, and answer on the health port."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from structlog.typing import FilteringBoundLogger

from anthropic_audit.archive import ArchiveWriter, open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError, UnexpectedError
from anthropic_audit.progress import Watch
from anthropic_audit.service import (
    Collector,
    Deliveries,
    HealthServer,
    PeriodicTask,
    PeriodicTasks,
    ServiceMetrics,
    UnexpectedErrors,
    alive,
    metrics_page,
    readiness,
    safely,
)
from anthropic_audit.service.deliveries import Open
from anthropic_audit.settings import Settings, SinkSettings
from anthropic_audit.status.echoes import accesses
from anthropic_audit.status.lateness import lateness
from anthropic_audit.times import format_duration, format_time

from . import Application
from .collecting import Collecting, FeedWithKey, open_collecting
from .retention import retain, undelivered_lines
from .sinks import RETRY_FOREVER, open_deliverer

_RECORD_SECONDS = 60.0
_LISTEN_SECONDS = 3600.0
_COMPACT_SECONDS = 6 * 3600.0
_MEASURE_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What the service runs."""

    application: Application
    feeds: Sequence[FeedWithKey]
    """The feeds that have a usable key."""
    has_console: bool = False


def serve(plan: ServicePlan, log: FilteringBoundLogger, watch: Watch) -> None:
    """Collect, deliver and maintain until the application's clock is interrupted.

    Args:
        plan: What to run.
        log: Gets what an operator would want to know later.
        watch: Gets the progress, as log lines.

    Raises:
        InterruptedRunError: The clock was interrupted.
        ArchiveError: The archive can't be opened, or is damaged.
        ArchiveBusyError: Another process writes it.
        SetupError: The health port or the console's address can't be used.
    """
    application, settings, clock = plan.application, plan.application.settings, plan.application.clock
    feeds = [feed for feed, _ in plan.feeds]
    figures = ServiceMetrics(safely(watch), clock)
    seen = safely(figures.watch)
    with ExitStack() as stack:
        collecting = stack.enter_context(
            open_collecting(application, plan.feeds, seen, budget_reserve=settings.service.budget_reserve)
        )
        archive, collector = collecting.archive, collecting.collector
        unexpected = collector.unexpected
        if settings.service.health_port:
            pages = {
                "/healthz": alive,
                "/readyz": lambda: readiness(archive, feeds, clock.now(), unexpected.persistent),
                "/metrics": lambda: metrics_page(figures.text(archive, feeds)),
            }
            server = stack.enter_context(HealthServer(settings.service.health_port, pages, unexpected))
            log.info("health pages", url=server.url)
        if plan.has_console:
            _open_console(application, archive, stack, log)
        sinks = {one.name: _opener(application, one, seen, log) for one in settings.sinks}
        stack.enter_context(Deliveries(archive, sinks, clock, seen, unexpected=unexpected))
        tasks = _tasks(settings, collecting, figures, log)
        stack.enter_context(PeriodicTasks(tasks, partial(_task_ended, log, unexpected)))
        log.info("service started", feeds=[one.name for one in feeds], archive=str(archive.folder))
        stack.callback(clock.interrupt)  # whatever ends collecting ends all the rest, before it is closed
        collecting.follow()


def _open_console(
    application: Application, archive: ArchiveWriter, stack: ExitStack, log: FilteringBoundLogger
) -> None:
    from .console import open_console_with_link_file  # an extra of the package

    def warn(reason: str) -> None:
        log.warning("key", console="openid", reason=reason)

    link_file = archive.folder / "console" / "link"
    served = stack.enter_context(open_console_with_link_file(application, link_file, warn))
    log.info("console", url=served.url, link_file=str(link_file))


def _tasks(
    settings: Settings, collecting: Collecting, figures: ServiceMetrics, log: FilteringBoundLogger
) -> list[PeriodicTask]:
    archive, requests = collecting.archive, collecting.requests
    return [
        PeriodicTask("record requests", _RECORD_SECONDS, lambda: requests.record(archive, now=True)),
        PeriodicTask("compact", _COMPACT_SECONDS, lambda: _maintain(archive, settings, log)),
        PeriodicTask("measure lateness", _MEASURE_SECONDS, lambda: _measure(settings, collecting.collector, log)),
        PeriodicTask("listen for echoes", _LISTEN_SECONDS, lambda: _listen(settings, figures, log)),
    ]


def _opener(application: Application, sink: SinkSettings, watch: Watch, log: FilteringBoundLogger) -> Open:
    """Return what opens a sink; an error is raised when the sink is opened, and concerns this sink only."""

    def warn(reason: str) -> None:
        log.warning("key", sink=sink.name, reason=reason)

    return lambda: open_deliverer(application, sink, watch, retry=RETRY_FOREVER, warn=warn)


def _measure(settings: Settings, collector: Collector, log: FilteringBoundLogger) -> None:
    """Measure how late activities arrive, and adapt the margins of feeds that are set to follow."""
    if not any(feed.follow_lateness for feed in settings.feeds):
        return
    with open_reader(settings.archive).connect() as connection:
        overall = lateness(connection).overall
    if overall is not None:
        margins = overall.margins
        collector.follow_lateness(margins)
        shown = {"settle": format_duration(margins.settle), "overlap": format_duration(margins.overlap)}
        log.info("lateness measured", **shown)


def _maintain(archive: ArchiveWriter, settings: Settings, log: FilteringBoundLogger) -> None:
    """Remove days beyond their retention, merge small files, and delete files that were replaced a day ago."""
    if settings.retention.keep:
        done = retain(archive, settings, SystemClock().now())
        activities = sum(one.activities for one in done.removed)
        log.info("retained", days_removed=len(done.removed), activities_removed=activities)
        for line in undelivered_lines(done.waiting):
            log.warning("retention waits", undelivered=line, hint="deliver it, or set retention.wait_for_sinks = false")
        for line in undelivered_lines(done.never_delivered):
            log.error("removed before it was delivered", undelivered=line)
    for one in archive.compact():
        log.info("compacted", table=one.table, files_before=one.files_before, files_after=one.files_after)
    for gone in archive.vacuum():
        log.info("vacuumed", table=gone.table, files=gone.files)


def _task_ended(log: FilteringBoundLogger, unexpected: UnexpectedErrors, name: str, error: Exception | None) -> None:
    """Clear or note the error of a periodic task, by how it ended."""
    if error is None:
        unexpected.clear(f"chore {name}")
    elif not isinstance(said := unexpected.note(f"chore {name}", error), UnexpectedError):
        report_error(log, "chore failed", said, chore=name)


def report_error(log: FilteringBoundLogger, event: str, error: Exception, **fields: str) -> None:
    """Write a log line for an error, with its hint."""
    reason = str(error) if isinstance(error, AuditError) else f"{type(error).__name__}: {error}"
    log.error(event, **fields, reason=reason, hint=getattr(error, "hint", None))


def _listen(settings: Settings, figures: ServiceMetrics, log: FilteringBoundLogger) -> None:
    """Check whether our own requests come back as activities, and whether other clients use our keys."""
    with open_reader(settings.archive).connect() as connection:
        found = accesses(connection, SystemClock().now(), settings.feeds)
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
            hint="another client has this key: disable it, and create a new one",
        )
