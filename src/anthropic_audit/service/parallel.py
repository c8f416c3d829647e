"""Run functions in parallel, each on its own thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")

_CHECK_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0


def side_by_side(works: Sequence[Callable[[], Result]], patience_seconds: float = _PATIENCE_SECONDS) -> list[Result]:
    """Call all functions in parallel, and return their results in order.

    The first exception is raised after the other functions have ended: an operator's stop reaches all of them, and
    their resources must not be closed before. Functions that need more than `patience_seconds` in total for that keep
    running on daemon threads, which end with the process.
    """
    if len(works) == 1:
        return [works[0]()]
    ended: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()

    def call(number: int) -> None:
        try:
            ended.put((number, works[number](), None))
        except BaseException as error:  # noqa: BLE001 - raised by the waiting thread
            ended.put((number, None, error))

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    results: dict[int, Result] = {}
    failure: BaseException | None = None
    while len(results) < len(works) and failure is None:
        number, result, failure = _next(ended)
        results[number] = result  # type: ignore[assignment]  # not None if there is no failure
    if failure is None:
        return [results[number] for number in range(len(works))]
    ends = time.monotonic() + patience_seconds
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    raise failure


def _next(
    ended: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]],
) -> tuple[int, Result | None, BaseException | None]:
    """Return the next finished call; wake up regularly so that signal handlers can run."""
    while True:
        try:
            return ended.get(timeout=_CHECK_SECONDS)
        except queue.Empty:
            continue
