"""Functions that run side by side, as many threads as there are functions."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0


def side_by_side(works: Sequence[Callable[[], Result]], patience_seconds: float = _PATIENCE_SECONDS) -> list[Result]:
    """Call all functions at the same time, and return what they returned, in their order.

    The first exception is raised when the others have ended, too: an operator's stop reaches all of them, and what
    they use must not be closed before. Those that take longer than `patience_seconds` in all end with the process.
    """
    if len(works) == 1:
        return [works[0]()]
    ended: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()

    def call(number: int) -> None:
        try:
            ended.put((number, works[number](), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            ended.put((number, None, error))

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    results: dict[int, Result] = {}
    failure: BaseException | None = None
    while len(results) < len(works) and failure is None:
        number, result, failure = _next(ended)
        results[number] = result  # type: ignore[assignment]  # it is a result when there is no failure
    if failure is None:
        return [results[number] for number in range(len(works))]
    ends = time.monotonic() + patience_seconds
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    raise failure


def _next(
    ended: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]],
) -> tuple[int, Result | None, BaseException | None]:
    """Wait for the next end, and let signals in now and then."""
    while True:
        try:
            return ended.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
