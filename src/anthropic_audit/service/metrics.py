"""The service's metrics for Prometheus: counters since its start, and gauges of its current state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.model import DeliveryPurpose, Purpose
from anthropic_audit.ports import Clock
from anthropic_audit.progress import (
    ChangedActivities,
    Delivered,
    DeliveryFailed,
    Normalized,
    PageRead,
    Progress,
    RequestSent,
    StillWaiting,
    Stored,
    Unexpected,
    Waiting,
    WalkFailed,
    WalkFinished,
    Watch,
    WorkFailed,
)
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedState, feed_state
from anthropic_audit.status.echoes import Echo

_PREFIX = "anthropic_audit"
_SIZE_SECONDS = 300.0
"""Interval between measurements of the archive's size: it changes slowly, and adding up the files takes a while."""


class ServiceMetrics:
    """A watch that counts progress events in metrics, and passes them on."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._next_watch = watch
        self._clock = clock
        self._registry = CollectorRegistry()
        self._started = time.monotonic()
        self._size: tuple[datetime, int] | None = None
        self._requests = self._counter("requests", "Requests that got a response", "feed", "status")
        self._seconds = self._counter("request_seconds", "Seconds spent waiting for responses", "feed")
        self._read = self._counter("activities_read", "Activities read by walks", "feed")
        self._new = self._counter("activities_stored", "New activities stored", "feed")
        self._repeated = self._counter("activities_repeated", "Activities received again", "feed")
        self._changed = self._counter(
            "activities_changed", "Stored activities received again with other bytes", "feed", "content"
        )
        self._late = self._counter("activities_late", "Activities found by reading covered time again", "feed")
        self._malformed = self._counter("activities_malformed", "Activities without an id, a type or a time", "feed")
        self._walks = self._counter("walks", "Walks completed with a claim", "feed", "purpose")
        self._failures = self._counter("walk_failures", "Walks that failed", "feed", "kind")
        self._waits = self._counter("wait_seconds", "Seconds waited for the request budget or a busy server")
        self._events = self._counter("events", "Events derived from activities")
        self._covered = self._gauge("coverage_age_seconds", "Age of the end of coverage", "feed")
        self._behind = self._gauge("feed_behind", "1 if a feed is behind or was never collected, else 0", "feed")
        self._holes = self._gauge("coverage_holes", "Holes in the coverage", "feed")
        self._budget = self._gauge(
            "budget_remaining_requests", "Requests left in the minute's budget after the last walk", "feed"
        )
        self._lag = self._gauge("events_behind", "Activities without an event")
        self._stored = self._gauge("archive_activities", "Activities in the archive")
        self._bytes = self._gauge("archive_bytes", "Size of the archive's files")
        self._asked = self._gauge("echo_requests", "Our requests of the last day that lie in covered time", "feed")
        self._heard = self._gauge("echo_heard", "Our requests of the last day whose echo was received", "feed")
        self._delivered = self._counter("sink_events", "Events that sinks have settled", "sink", "fate")
        self._sink_failures = self._counter("sink_failures", "Failures to deliver", "sink", "kind")
        self._position = self._gauge("sink_position", "Sequence number up to which a sink settled all events", "sink")
        self._answered: dict[str, float] = {}
        self._long_requests = self._counter(
            "long_requests", "Notices that a request still waits for its response or the end of it", "feed"
        )
        self._clocks = self._gauge(
            "clock_difference_seconds", "How far our clock is ahead of the server's; negative when it is behind", "feed"
        )
        self._silence = self._gauge("seconds_since_answer", "Time since a feed's last complete response", "feed")
        self._unexpected = self._counter("unexpected_errors", "Unexpected errors", "work", "kind")
        self._work_failures = self._counter("work_failures", "Failures of work other than collecting", "work", "kind")
        self._strangers = self._gauge(
            "stranger_requests", "Requests with our keys in the last day that we did not send"
        )

    def watch(self, event: Progress) -> None:
        """Count one progress event, and pass it on; thread-safe."""
        match event:
            case RequestSent():
                self._requests.labels(event.feed, str(event.status)).inc()
                self._seconds.labels(event.feed).inc(event.seconds)
                self._answered[event.feed] = time.monotonic()
                if event.clock_difference is not None:
                    self._clocks.labels(event.feed).set(event.clock_difference.total_seconds())
            case PageRead():
                self._read.labels(event.feed).inc(event.activities)
                self._malformed.labels(event.feed).inc(event.malformed)
            case Stored():
                self._new.labels(event.feed).inc(event.new)
                self._repeated.labels(event.feed).inc(event.activities - event.new)
            case WalkFinished():
                self._count_walk(event)
            case _:
                self._count_changes(event)
                self._count_other(event)
        self._next_watch(event)

    def text(self, archive: ArchiveWriter, feeds: Sequence[FeedSettings]) -> bytes:
        """Return all metrics in Prometheus' text format."""
        now, moment = self._clock.now(), time.monotonic()
        for feed in feeds:
            self._silence.labels(feed.name).set(moment - self._answered.get(feed.name, self._started))
            covered = archive.covered(feed.name, feed.filters)
            if covered.end is not None:
                self._covered.labels(feed.name).set((now - covered.end).total_seconds())
            is_current = feed_state(covered, feed.lag_limit, now) is FeedState.CURRENT
            self._behind.labels(feed.name).set(not is_current)
            self._holes.labels(feed.name).set(len(covered.holes.windows))
        stored, normalized = archive.last_seq, archive.normalized_seq
        self._stored.set(stored)
        self._lag.set(stored - normalized)
        self._bytes.set(self._archive_bytes(archive.folder, now))
        return generate_latest(self._registry)

    def note_echoes(self, echoes: Sequence[Echo], strangers: int) -> None:
        """Set the gauges of echoes and of requests that are not ours."""
        for echo in echoes:
            self._asked.labels(echo.feed).set(echo.asked)
            self._heard.labels(echo.feed).set(echo.heard)
        self._strangers.set(strangers)

    def _count_walk(self, event: WalkFinished) -> None:
        walk = event.coverage
        self._walks.labels(walk.feed, walk.purpose.value).inc()
        if walk.purpose is Purpose.RECONCILE:
            self._late.labels(walk.feed).inc(walk.new)
        if walk.requests_remaining is not None:
            self._budget.labels(walk.feed).set(walk.requests_remaining)

    def _count_changes(self, event: Progress) -> None:
        if isinstance(event, ChangedActivities):
            self._changed.labels(event.feed, "same").inc(event.same_content)
            self._changed.labels(event.feed, "other").inc(event.activities - event.same_content)

    def _count_other(self, event: Progress) -> None:
        match event:
            case WalkFailed():
                self._failures.labels(event.feed, event.kind).inc()
            case Waiting():
                self._waits.inc(event.seconds)
            case Normalized():
                self._events.inc(event.events)
            case StillWaiting():
                self._long_requests.labels(event.feed).inc()
            case Unexpected():
                self._unexpected.labels(event.work, event.kind).inc()
            case WorkFailed():
                self._work_failures.labels(event.work, event.kind).inc()
            case _:
                self._count_delivery(event)

    def _count_delivery(self, event: Progress) -> None:
        if isinstance(event, DeliveryFailed):
            self._sink_failures.labels(event.sink, event.kind).inc()
        if isinstance(event, Delivered):
            one = event.delivery
            for fate in ("created", "existing", "rejected", "dropped"):
                self._delivered.labels(one.sink, fate).inc(getattr(one, fate))
            if one.errand is DeliveryPurpose.FOLLOW:
                self._position.labels(one.sink).set(one.last_seq)

    def _archive_bytes(self, folder: Path, now: datetime) -> int:
        if self._size is None or abs((now - self._size[0]).total_seconds()) > _SIZE_SECONDS:
            self._size = now, sum(file.stat().st_size for file in folder.rglob("*.parquet") if file.exists())
        return self._size[1]

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, labels, registry=self._registry)
