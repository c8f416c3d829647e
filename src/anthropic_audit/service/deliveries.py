"""The followers of all sinks, each on a thread of its own: one that is down or slow holds up nobody."""

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
_PATIENCE_SECONDS = 10.0

Open = Callable[[], AbstractContextManager[Deliverer]]
"""Opens a sink and its place in the archive."""


class Deliveries:
    """Delivers to sinks while its context lasts; it ends when the clock is interrupted.

    A sink that fails for good (it does not let us in, its settings are wrong) is told of and tried again, ever less
    often: somebody may have mended it. So is one that fails as nobody has foreseen: no sink ends before the others.
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
        """Wait for what is being sent, but not for long: what is not recorded is sent again."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _follow(self, name: str, opened: Open) -> None:
        failures = 0
        while True:
            asked = 0.0
            try:
                with opened() as errands:
                    follower = Follower(errands)
                    while True:
                        if self._archive.normalized_seq > follower.position:
                            follower.catch_up(open_reader(str(self._archive.folder)))
                            failures = 0
                            self._unexpected.clear(f"sink {name}")
                        self._clock.wait(_POLL_SECONDS)
            except InterruptedRunError:
                return
            except Exception as error:  # noqa: BLE001 - a thread that ends would leave its sink behind, and nobody told
                failures += 1
                self._unexpected.note(f"sink {name}", error)
                self._tell(name, error)
                asked = asked_seconds(error)
            if not self._has_time(max(pause_after(failures, _FIRST_PAUSE), timedelta(seconds=asked))):
                return

    def _tell(self, name: str, error: Exception) -> None:
        """Tell of a failure; a log that can't be written must not end the sink, either."""
        with suppress(Exception):
            self._watch(DeliveryFailed(name, *_explained(error), type(error).__name__))

    def _has_time(self, pause: timedelta) -> bool:
        """Wait, and say whether it goes on."""
        try:
            self._clock.wait(pause.total_seconds())
        except InterruptedRunError:
            return False
        return True


def _explained(error: Exception) -> tuple[str, str | None]:
    """Return what is wrong, and what to do: the system's own troubles pass, what nobody has foreseen is a mistake."""
    if isinstance(error, AuditError):
        return str(error), error.hint
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        return said, "it is tried again"
    return f"this should not happen: {said}", "it is tried again; please report it"
