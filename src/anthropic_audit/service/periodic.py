"""Run periodic tasks on a background thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_CHECK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A function that is called at an interval."""

    name: str
    every_seconds: float
    work: Callable[[], object]


class PeriodicTasks:
    """Runs periodic tasks while its context lasts, one at a time; a task that fails is run again at its next time.

    `ended` is called after each run of a task with its name, and its exception or None.
    """

    def __init__(
        self,
        tasks: Sequence[PeriodicTask],
        ended: Callable[[str, Exception | None], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tasks = tasks
        self._ended = ended
        self._monotonic = monotonic
        self._due = {one.name: monotonic() + one.every_seconds for one in tasks}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def do_due(self) -> None:
        """Run the tasks that are due."""
        for one in self._tasks:
            if self._stop.is_set() or self._monotonic() < self._due[one.name]:
                continue
            failure: Exception | None = None
            try:
                one.work()
            except Exception as error:  # noqa: BLE001 - a failing task must not affect the others
                failure = error
            with suppress(Exception):
                self._ended(one.name, failure)
            self._due[one.name] = self._monotonic() + one.every_seconds

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_CHECK_SECONDS):
            self.do_due()
