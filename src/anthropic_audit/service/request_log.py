"""Record our own requests, so that the vendor's log of accesses can be split into our requests and others."""

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
    """A watch that collects our requests until they are recorded together, and passes all progress events on.

    A crash loses the requests of the last minute: their echoes then look like requests that we did not send.
    """

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._next_watch = watch
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: list[RequestMade] = []
        self._recorded_at: datetime | None = None

    def watch(self, event: Progress) -> None:
        """Keep one request for recording, and pass the event on; thread-safe."""
        if isinstance(event, RequestSent) and event.request_id is not None:
            with self._lock:
                self._pending.append(RequestMade(event.feed, event.request_id, event.asked_at, event.status))
        self._next_watch(event)

    def record(self, archive: ArchiveWriter, *, now: bool = False) -> None:
        """Write the pending requests if there are many, if the last write is a minute ago, or if `now` is set.

        Raises:
            ArchiveError: The archive can't be written; the requests stay pending.
        """
        with self._lock:
            pending, moment = list(self._pending), self._clock.now()
            is_due = self._recorded_at is None or abs(moment - self._recorded_at) >= _PAUSE
            if not pending or not (now or is_due or len(pending) >= _MAX_PENDING):
                return
            archive.record_requests(pending)
            del self._pending[: len(pending)]
            self._recorded_at = moment
