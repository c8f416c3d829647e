"""Write log lines to stderr: text on a terminal, JSON otherwise, always with keys redacted."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from anthropic_audit.clock_difference import CURE, difference_in_words, effect_in_words
from anthropic_audit.progress import (
    ChangedActivities,
    ClaimHeldBack,
    ClockDiffers,
    CursorLost,
    Delivered,
    DeliveryFailed,
    Normalized,
    PageRead,
    Progress,
    StillWaiting,
    Unexpected,
    Waiting,
    WalkFailed,
    WalkFinished,
    Watch,
    WorkFailed,
)
from anthropic_audit.redact import redact
from anthropic_audit.times import format_time

from .damage import log_damage
from .streams import LossyFile

_Fields = MutableMapping[str, Any]
"""The event dictionary that structlog passes from processor to processor."""


def open_log(stream: TextIO | None = None) -> FilteringBoundLogger:
    """Return a logger that writes to stderr (or the stream): JSON lines, or coloured text on a terminal."""
    logging.getLogger().addHandler(logging.NullHandler())  # libraries report through exceptions, not on stderr
    stream = stream or sys.stderr
    rendered: Processor = structlog.processors.JSONRenderer()
    if stream.isatty():
        rendered = structlog.dev.ConsoleRenderer()
    lines = _Lines(stream, lambda lost: logger.warning("log lines lost", lines=lost))
    logger: FilteringBoundLogger = structlog.wrap_logger(
        lines,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redacted,
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    log_damage(logger)
    return logger


class _Lines:
    """Writes lines to a stream; lines that fail are counted, and the count is reported when writing works again."""

    def __init__(self, stream: TextIO, report_lost: Callable[[int], object]) -> None:
        self._stream = stream
        self._report_lost = report_lost
        self._lock = threading.Lock()
        self._lost = 0

    def msg(self, message: str) -> None:
        """Write a line, or count it as lost."""
        lost = 0
        with self._lock:
            if self._write(f"{message}\n"):
                lost, self._lost = self._lost, 0
            else:
                self._lost += 1
        if lost:
            self._report_lost(lost)

    debug = info = warning = error = critical = msg

    def _write(self, line: str) -> bool:
        file = getattr(self._stream, "buffer", None)
        if isinstance(file, LossyFile):
            return file.put(line.encode(errors="backslashreplace"))
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):
            return False
        return True


def logging_watch(log: FilteringBoundLogger) -> Watch:
    """Return a watch that logs the progress events that operators need."""

    def watch(event: Progress) -> None:
        match event:
            case WalkFinished():
                _log_walk(log, event)
            case WalkFailed():
                log.error("walk failed", feed=event.feed, reason=event.reason, hint=event.hint)
            case Waiting():
                log.warning("waiting", seconds=round(event.seconds, 3), reason=event.reason)
            case StillWaiting():
                log.warning("still waiting", feed=event.feed, seconds=round(event.seconds))
            case CursorLost():
                log.warning("cursor lost", feed=event.feed, resumed_at=format_time(event.resumed_at))
            case PageRead() if event.malformed:
                log.warning("malformed activities", feed=event.feed, activities=event.malformed)
            case _:
                _log_changes(log, event)
                _log_clocks(log, event)
                _log_other_work(log, event)

    return watch


def _log_other_work(log: FilteringBoundLogger, event: Progress) -> None:
    """Log an event of work other than walks."""
    match event:
        case Normalized():
            log.info("normalized", events=event.events, up_to_seq=event.up_to_seq)
        case WorkFailed():
            log.error("work failed", work=event.work, reason=event.reason, hint=event.hint)
        case Unexpected():
            _log_unexpected(log, event)
        case _:
            _log_delivery(log, event)


def _log_unexpected(log: FilteringBoundLogger, event: Unexpected) -> None:
    """Log an unexpected error; the first one in a row has its traceback, as a list of calls."""
    fields: dict[str, Any] = {"work": event.work, "reason": event.reason, "in_a_row": event.in_a_row}
    if event.traceback:
        fields["traceback"] = event.traceback
    log.error("unexpected error", **fields, hint="it is retried automatically; please report it with its `traceback`")


def _log_walk(log: FilteringBoundLogger, event: WalkFinished) -> None:
    walk = event.coverage
    log.info(
        "walk finished",
        feed=walk.feed,
        purpose=walk.purpose.value,
        covered_from=format_time(walk.window.start),
        covered_to=format_time(walk.window.end),
        pages=walk.pages,
        activities=walk.activities,
        new=walk.new,
        request_id=walk.request_id,
        walk_id=walk.walk_id,
    )


def _log_changes(log: FilteringBoundLogger, event: Progress) -> None:
    if isinstance(event, ChangedActivities):
        log.warning(
            "changed activities",
            feed=event.feed,
            activities=event.activities,
            same_content=event.same_content,
            examples=list(event.examples),
            hint="both versions are kept, in the table `changed_activities`; `anthropic-audit status` counts them",
        )


def _log_clocks(log: FilteringBoundLogger, event: Progress) -> None:
    """Log when clocks start to differ or agree again, and when a walk claims less because of a difference."""
    if isinstance(event, ClockDiffers):
        level, name = ("warning", "clock differs") if event.difference else ("info", "clock agrees again")
        fields: dict[str, Any] = {
            "feed": event.feed,
            "reason": difference_in_words(event.difference),
            "seconds": round(event.difference.total_seconds()),
            "our_time": format_time(event.our_time),
            "server_time": format_time(event.server_time),
        }
        if event.difference:
            fields |= {"effect": effect_in_words(event.difference), "hint": CURE}
        getattr(log, level)(name, **fields)
    if isinstance(event, ClaimHeldBack):
        log.info(
            "claim held back" if event.claimed is not None else "nothing claimed",
            feed=event.feed,
            walked_to=format_time(event.window.end),
            covered_to=None if event.claimed is None else format_time(event.claimed.end),
            reason=difference_in_words(event.difference),
        )


def _log_delivery(log: FilteringBoundLogger, event: Progress) -> None:
    if isinstance(event, DeliveryFailed):
        log.error("delivery failed", sink=event.sink, reason=event.reason, hint=event.hint)
    if not isinstance(event, Delivered):
        return
    one = event.delivery
    log.info(
        "delivered",
        sink=one.sink,
        errand=one.errand.value,
        up_to_seq=one.last_seq,
        created=one.created,
        existing=one.existing,
        rejected=one.rejected,
        dropped=one.dropped,
        seconds=round((one.finished_at - one.started_at).total_seconds(), 3),
    )


def _redacted(_: object, __: str, fields: _Fields) -> _Fields:
    return {name: _clean(value) for name, value in fields.items()}


def _clean(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value if value is None or isinstance(value, int | float) else redact(str(value))
