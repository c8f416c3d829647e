"""`anthropic-audit run`: the service."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from structlog.typing import FilteringBoundLogger

from anthropic_audit.application.collecting import FeedWithKey, chosen_feeds
from anthropic_audit.application.feed_filters import warnings, with_types
from anthropic_audit.application.service import ServicePlan, report_error, serve
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.settings_loader import resolve_key

from .configuration import open_application
from .lazy import check_extra
from .logs import logging_watch, open_log
from .options import Archive, Config
from .signals import Stop, reloading, stopping


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

    Feeds are collected independently: one that is slow, refused or silent does not delay the others, and is requested
    less often until it responds. History that `backfill` of a feed asks for is collected alongside. Events are
    delivered to all sinks of the settings, each at its own pace. Log lines go to standard error, as JSON unless it is a
    terminal. With a health port, loopback serves /healthz (the process responds), /readyz (every feed is current) and
    /metrics (for Prometheus).

    SIGTERM and Ctrl-C end the service cleanly, with exit code 0. SIGHUP loads changed settings and keys; wrong settings
    are logged, and the previous ones stay in effect.

    Exit codes: 0 stopped, 1 failed, 2 wrong use or settings.
    """
    if with_console:
        check_extra("`--console`", "console")
    stop = Stop()
    with stopping(stop.ask, 0):
        _run(stop, {"archive": archive}, config, health_port=health_port, has_console=with_console)


def _run(
    stop: Stop, flags: Mapping[str, object], config: Path | None, *, health_port: int | None, has_console: bool
) -> None:
    log = open_log()
    plan = _plan(config, flags, log, health_port)
    while _serve(replace(plan, has_console=has_console), stop, log):
        try:
            plan = _plan(config, flags, log, health_port)
            log.info("settings taken over", feeds=len(plan.feeds))
        except AuditError as error:
            report_error(log, "settings refused", error)
    log.info("stopped")


def _plan(
    config: Path | None, flags: Mapping[str, object], log: FilteringBoundLogger, health_port: int | None
) -> ServicePlan:
    """Read the settings and find the keys; a feed without a usable key is logged and left out.

    Raises:
        SetupError: The settings are wrong, or no feed has a usable key.
    """
    application = open_application(config, flags)
    settings = with_types(application.settings)
    if health_port is not None:
        service = settings.service.model_copy(update={"health_port": health_port})
        settings = settings.model_copy(update={"service": service})
    for warning in warnings(settings):
        log.warning("settings", reason=warning)
    feeds: list[FeedWithKey] = []
    refused: SetupError | None = None
    for feed in chosen_feeds(settings, []):
        try:
            key = resolve_key(feed, application.environ)
        except SetupError as error:
            refused = error
            report_error(log, "feed left out", error, feed=feed.name)
            continue
        if key.warning:
            log.warning("key", feed=feed.name, reason=key.warning)
        feeds.append((feed, key.secret))
    if not feeds and refused is not None:
        raise refused
    return ServicePlan(application.with_settings(settings), feeds)


def _serve(plan: ServicePlan, stop: Stop, log: FilteringBoundLogger) -> bool:
    """Run until a signal; return whether to load the settings again and go on."""
    clock, is_wanted_again = SystemClock(), threading.Event()
    plan = replace(plan, application=replace(plan.application, clock=clock))
    stop.reach(clock)

    def reload() -> None:
        is_wanted_again.set()
        clock.interrupt()

    with reloading(reload), suppress(InterruptedRunError):
        serve(plan, log, logging_watch(log))
    return is_wanted_again.is_set() and not stop.is_asked
