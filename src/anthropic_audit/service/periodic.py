"""What has to be done now and then beside collecting, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Work that is due again and again."""

    name: str
    every_seconds: float
    work: Callable[[], object]


class PeriodicTasks:
    """Does chores while its context lasts, one at a time; one that fails is due again at its next time.

    `ended` is told of each chore that was done: its name, and what ended it or None.
    """

    def __init__(
        self,
        chores: Sequence[PeriodicTask],
        ended: Callable[[str, Exception | None], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chores = chores
        self._ended = ended
        self._monotonic = monotonic
        self._due = {one.name: monotonic() + one.every_seconds for one in chores}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def do_due(self) -> None:
        """Do what is due now."""
        for one in self._chores:
            if self._stop.is_set() or self._monotonic() < self._due[one.name]:
                continue
            failure: Exception | None = None
            try:
                one.work()
            except Exception as error:  # noqa: BLE001 - one chore's trouble is not the others'
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
        while not self._stop.wait(_PATIENCE_SECONDS):
            self.do_due()
