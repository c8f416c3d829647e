"""Deliver to all sinks, each on its own thread: a sink that is down or slow does not delay the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

from anthropic_audit.archive import ArchiveWriter, open_reader
from anthropic_audit.delivery import Deliverer, Follower
from anthropic_audit.errors import AuditError, InterruptedRunError
from anthropic_audit.ports import Clock
from anthropic_audit.progress import DeliveryFailed, Watch

from .collector import asked_seconds, pause_after
from .unexpected import UnexpectedErrors

_POLL_SECONDS = 1.0
_FIRST_PAUSE = timedelta(seconds=5)
_MAX_EXIT_SECONDS = 10.0

Open = Callable[[], AbstractContextManager[Deliverer]]
"""Opens a sink and its position in the archive."""


class Deliveries:
    """Delivers to sinks while its context lasts; it ends when the clock is interrupted.

    A sink that fails with any error (refused credentials, wrong settings, an unexpected error) is reported and retried
    at growing intervals, because an operator may fix the cause. No sink's thread ends before the others.
    """

    def __init__(
        self,
        archive: ArchiveWriter,
        sinks: Mapping[str, Open],
        clock: Clock,
        watch: Watch,
        *,
        unexpected: UnexpectedErrors | None = None,
    ) -> None:
        self._unexpected = unexpected or UnexpectedErrors(watch)
        self._archive = archive
        self._clock = clock
        self._watch = watch
        self._threads = [
            threading.Thread(target=self._follow, args=(name, opened), name=f"sink {name}", daemon=True)
            for name, opened in sinks.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait up to ten seconds for batches in flight; a batch that is not recorded is sent again later."""
        ends = time.monotonic() + _MAX_EXIT_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _follow(self, name: str, opened: Open) -> None:
        failures = 0
        while True:
            requested_seconds = 0.0
            try:
                with opened() as deliverer:
                    follower = Follower(deliverer)
                    while True:
                        if self._archive.normalized_seq > follower.position:
                            follower.catch_up(open_reader(str(self._archive.folder)))
                            failures = 0
                            self._unexpected.clear(f"sink {name}")
                        self._clock.wait(_POLL_SECONDS)
            except InterruptedRunError:
                return
            except Exception as error:  # noqa: BLE001 - a thread that ended would stop its sink silently
                failures += 1
                self._unexpected.note(f"sink {name}", error)
                self._report_failure(name, error)
                requested_seconds = asked_seconds(error)
            if not self._pause(max(pause_after(failures, _FIRST_PAUSE), timedelta(seconds=requested_seconds))):
                return

    def _report_failure(self, name: str, error: Exception) -> None:
        """Report a failure to the watch; an error of the watch must not end the sink."""
        with suppress(Exception):
            self._watch(DeliveryFailed(name, *_explained(error), type(error).__name__))

    def _pause(self, pause: timedelta) -> bool:
        """Wait, and return False if the operator stopped the run meanwhile."""
        try:
            self._clock.wait(pause.total_seconds())
        except InterruptedRunError:
            return False
        return True


def _explained(error: Exception) -> tuple[str, str | None]:
    """Return message and hint for an error; a system error is retried, any other unknown one should be reported."""
    if isinstance(error, AuditError):
        return str(error), error.hint
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        return said, "it is retried automatically"
    return f"unexpected error: {said}", "it is retried automatically; please report it"
