"""The record of our own requests, by which the vendor's log of accesses can be told ours from others'."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.model import RequestMade
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Progress, RequestSent, Watch

_PAUSE = timedelta(minutes=1)
_MAX_PENDING = 1000


class RequestLog:
    """A watch that passes on what it is told, and keeps requests until they are recorded together.

    A crash loses those of the last minute: their echoes look like those of an unknown request of ours.
    """

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._passed_on = watch
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[RequestMade] = []
        self._recorded_at: datetime | None = None

    def watch(self, event: Progress) -> None:
        """Take one event; safe from any thread."""
        if isinstance(event, RequestSent) and event.request_id is not None:
            with self._lock:
                self._kept.append(RequestMade(event.feed, event.request_id, event.asked_at, event.status))
        self._passed_on(event)

    def record(self, archive: ArchiveWriter, *, now: bool = False) -> None:
        """Record what is kept, if that is much, or a while ago, or wanted now.

        Raises:
            ArchiveError: It can't be written; what is kept stays kept.
        """
        with self._lock:
            kept, moment = list(self._kept), self._clock.now()
            is_due = self._recorded_at is None or abs(moment - self._recorded_at) >= _PAUSE
            if not kept or not (now or is_due or len(kept) >= _MAX_PENDING):
                return
            archive.record_requests(kept)
            del self._kept[: len(kept)]
            self._recorded_at = moment
