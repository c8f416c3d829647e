"""Read history: a long range of one feed, with several workers under one request budget, newest first.

The archive is the only state: each window is claimed when it was read, so reading an interrupted range again continues
where it stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.errors import ArchiveLostError, AuditError, InterruptedRunError
from anthropic_audit.feed.walk import Walker, WalkRules
from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.plan import Backfill, BackfillRules, Due, Spans
from anthropic_audit.ports import Clock
from anthropic_audit.progress import RangeRead, WalkFailed, Watch

from .feeds import FeedRun
from .unexpected import UnexpectedErrors

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class HistoryRules:
    """Rules for reading a range.

    `workers` is the number of parallel walks: if a response takes one second, one worker sends one request per second,
    while the budget allows ten.
    """

    purpose: Purpose
    workers: int = 12
    windows: BackfillRules = field(default_factory=BackfillRules)
    deadline: datetime | None = None
    """Time after which no further window is started, or None."""
    lost: Spans = field(default_factory=Spans)
    """Time that an operator declared permanently lost; it is not requested again."""
    unexpected: UnexpectedErrors | None = None
    """Counter of unexpected errors; by default they are only reported to the watch."""


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """Result of reading a range: counts, the time that is left, and the error that ended it."""

    windows: int
    activities: int
    new: int
    left: Spans
    """Time of the range that was not read."""
    error: AuditError | None


class HistoryReader:
    """Reader of one range of a feed."""

    def __init__(
        self, run: FeedRun, archive: ArchiveWriter, clock: Clock, *, rules: HistoryRules, watch: Watch
    ) -> None:
        self._run = run
        self._archive = archive
        self._clock = clock
        self._rules = rules
        self._unexpected = rules.unexpected or UnexpectedErrors(watch)
        self._watch = watch
        self._lock = threading.Lock()
        self._plan = Backfill(Spans(), rules.windows)
        self._done = HistoryRead(0, 0, 0, Spans(), None)
        self._total = self._read = timedelta(0)

    def read(self, window: Window, meanwhile: Callable[[], object]) -> HistoryRead:
        """Read the uncovered time of a window of any length, or all of it for Purpose.RECONCILE.

        `meanwhile` is called about every half second on the caller's thread while the workers read.

        Raises:
            InterruptedRunError: The operator stopped the run; stored activities stay.
        """
        settled = self._clock.now() - self._run.settings.settle
        wanted = Spans((Window(window.start, min(window.end, settled)),)) if window.start < settled else Spans()
        wanted -= self._rules.lost
        if self._rules.purpose is not Purpose.RECONCILE:
            wanted -= self._archive.covered(self._run.settings.name, self._run.settings.filters)
        if not wanted:
            return self._done
        self._plan, self._total = Backfill(wanted, self._rules.windows), wanted.length
        with ThreadPoolExecutor(self._rules.workers, thread_name_prefix="history") as workers:
            running = {workers.submit(self._work) for _ in range(self._rules.workers)}
            self._wait_for(running, meanwhile)
        with self._lock:
            return replace(self._done, left=self._plan.left)

    def _wait_for(self, running: set[Future[None]], meanwhile: Callable[[], object]) -> None:
        """Call `meanwhile` until all workers have ended; raise the exception of a worker, and stop the others."""
        try:
            while running:
                done, running = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
                meanwhile()
        except BaseException:
            with self._lock:
                self._plan = replace(self._plan, left=Spans())
            raise

    def _work(self) -> None:
        """Walk one window after another until none is left, the deadline has passed, or a worker failed."""
        settings = self._run.settings
        rules = WalkRules(settings.filters, settings.settle, settings.batch_size)
        walker = Walker(settings.name, self._run.background, self._archive, self._clock, rules=rules, watch=self._watch)
        while (window := self._take()) is not None:
            try:
                activities, new = _walk(walker, Due(window, self._rules.purpose))
            except (InterruptedRunError, ArchiveLostError):
                self._fail(window, None)
                raise
            except Exception as caught:  # noqa: BLE001 - any error ends only the reading of this range
                error = self._unexpected.note(f"feed {settings.name}", caught)
                self._fail(window, error)
                self._watch(WalkFailed(settings.name, str(error), error.hint, type(error).__name__))
                return
            self._finish(window, activities, new)

    def _take(self) -> Window | None:
        with self._lock:
            if self._done.error is not None or self._is_late():
                return None
            window, self._plan = self._plan.take()
            return window

    def _is_late(self) -> bool:
        return self._rules.deadline is not None and self._clock.now() >= self._rules.deadline

    def _fail(self, window: Window, error: AuditError | None) -> None:
        with self._lock:
            self._plan = self._plan.give_back(window)
            self._done = replace(self._done, error=self._done.error or error)

    def _finish(self, window: Window, activities: int, new: int) -> None:
        with self._lock:
            self._plan = self._plan.learn(window, activities)
            self._read += window.end - window.start
            read = self._read
            done = self._done
            self._done = replace(
                done, windows=done.windows + 1, activities=done.activities + activities, new=done.new + new
            )
        self._watch(RangeRead(self._run.settings.name, read, self._total))


def _walk(walker: Walker, due: Due) -> tuple[int, int]:
    """Walk a window to its end, in several walks if needed; return the numbers of read and of new activities."""
    walked = walker.walk(due)
    activities, new = _counted(walked.coverage)
    while walked.rest is not None:
        walked = walker.walk(replace(due, window=walked.rest))
        more, more_new = _counted(walked.coverage)
        activities, new = activities + more, new + more_new
    return activities, new


def _counted(coverage: Coverage | None) -> tuple[int, int]:
    return (0, 0) if coverage is None else (coverage.activities, coverage.new)
