"""A background thread that works on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_FIRST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 60.0


class BackgroundWorker:
    """Calls `work` after each `poke`, one call at a time; leaving the context waits until all work is done.

    `work` returns whether it succeeded, and reports its errors itself. After a failure it is called again without a
    poke, after a pause that grows up to a minute. `poke` never blocks.
    """

    def __init__(self, work: Callable[[], bool], name: str, first_pause_seconds: float = _FIRST_PAUSE_SECONDS) -> None:
        self._work = work
        self._first_pause_seconds = first_pause_seconds
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def poke(self) -> None:
        """Signal that there is work; returns at once."""
        self._wanted.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the remaining work, or its end by the operator's stop, so that its resources can be closed."""
        self._closing.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        failures = 0
        while True:
            self._wanted.wait()
            self._wanted.clear()
            is_last = self._closing.is_set()
            failures = 0 if self._work() else failures + 1
            if is_last:
                return
            if failures:
                self._closing.wait(min(_MAX_PAUSE_SECONDS, self._first_pause_seconds * 2.0 ** min(failures - 1, 10)))
                self._wanted.set()
