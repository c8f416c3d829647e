"""Work that is done on a thread of its own whenever there is some, beside what makes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Beside:
    """Calls `work` after each `poke`, one call at a time; leaving the context waits until all is done.

    What `work` raises is raised at the next poke, or at the end, on the thread that is there; then it is tried again.
    """

    def __init__(self, work: Callable[[], object], name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._is_closing = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def poke(self) -> None:
        """Say that there is work.

        Raises:
            AuditError: The work that was wanted before failed; whatever else it raised is raised, too.
        """
        self._wanted.set()
        self._raise()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do what is left.

        Raises:
            AuditError: The work failed, and nothing else had gone wrong.
        """
        self._is_closing = True
        self._wanted.set()
        self._thread.join()
        if kind is None:
            self._raise()

    def _run(self) -> None:
        while not self._is_closing:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - it is raised where somebody is
                with self._lock:
                    self._error = error

    def _raise(self) -> None:
        with self._lock:
            error, self._error = self._error, None
        if error is not None:
            raise error
