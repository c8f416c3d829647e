"""Collect feeds in parallel, each at its own pace and with its own errors, while normalizing runs alongside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from anthropic_audit.archive import ArchiveWriter, settle_gaps
from anthropic_audit.ecs import Normalizer
from anthropic_audit.errors import ArchiveLostError, AuditError, InterruptedRunError, TransientError, UnexpectedError
from anthropic_audit.feed.retry import waiting_reason
from anthropic_audit.feed.walk import Walker, WalkRules
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Purpose, Window
from anthropic_audit.plan import (
    HORIZON,
    Due,
    Margins,
    Spans,
    TailRules,
    due_again,
    due_reconciles,
    due_windows,
    is_covered,
    read_gaps,
    without_permanent,
)
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Waiting, WalkFailed, Watch, WorkFailed
from anthropic_audit.retry_after import capped
from anthropic_audit.settings import FeedSettings

from .backfill import HistoryReader, HistoryRules
from .background import BackgroundWorker
from .feeds import FeedRun, Slots, SlottedFeed
from .parallel import side_by_side
from .request_log import RequestLog
from .unexpected import ENDS_EVERYTHING, UnexpectedErrors

_INCOMPLETE = 3
_MAX_WALKS = 8
_MAX_BACKOFF = timedelta(minutes=15)
_MAX_DOUBLINGS = 10
_LONG_GAP = timedelta(hours=6)
"""Gaps longer than this are read like history, by several workers, so that the tail waits less for them."""
_START_DELAY_SECONDS = 0.2
"""Delay between the starts of two feeds, so that hundreds of feeds don't send requests at the same moment."""
_HISTORY_WORKERS = 8
_CLOCK_ALLOWANCE = timedelta(minutes=5)
"""How far a server's clock may be behind ours before a walked feed counts as not covered."""


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """Result of collecting one feed."""

    feed: str
    covered_to: datetime | None
    is_covered: bool
    has_advanced: bool
    """True if this run claimed any time."""
    error: AuditError | None = None

    @property
    def exit_code(self) -> int:
        """Exit code: 0 covered, 3 incomplete (something is left to do), else that of the error."""
        if self.error is None:
            return 0 if self.is_covered else _INCOMPLETE
        if isinstance(self.error, TransientError) and self.has_advanced:
            return _INCOMPLETE
        return self.error.exit_code


class Collector:
    """Collects feeds into an archive, and normalizes the stored activities."""

    def __init__(
        self,
        archive: ArchiveWriter,
        clock: Clock,
        *,
        normalizer: Normalizer,
        rules: NormalizeRules,
        watch: Watch,
        requests: RequestLog | None = None,
    ) -> None:
        self.unexpected = UnexpectedErrors(watch)
        """Counter of unexpected errors."""
        self._normalizing_error: AuditError | None = None
        self._archive = archive
        self._clock = clock
        self._normalizer = normalizer
        self._rules = rules
        self._watch = watch
        self._slots = Slots(clock, _MAX_WALKS)
        self._requests = requests
        self._margins: Margins | None = None

    def once(self, runs: Sequence[FeedRun]) -> list[FeedOutcome]:
        """Collect each feed until it is covered up to now; a failing feed does not affect the others.

        Raises:
            InterruptedRunError: The operator stopped the run; stored activities stay.
            ArchiveLostError: The writer lost its archive.
        """
        with self._normalizing() as events:
            outcomes = side_by_side([partial(self._collect, run, events, None) for run in runs])
        self._record(now=True)
        return [replace(one, error=one.error or self._normalizing_error) for one in outcomes]

    def follow(self, runs: Sequence[FeedRun]) -> None:
        """Collect each feed at its interval until stopped; failures are reported to the watch and retried.

        Raises:
            InterruptedRunError: The operator stopped the run; stored activities stay.
            ArchiveLostError: The writer lost its archive.
        """
        try:
            with self._normalizing() as events:
                side_by_side([partial(self._follow, run, events, position) for position, run in enumerate(runs)])
        finally:
            self._record(now=True)

    def follow_lateness(self, margins: Margins) -> None:
        """Use measured margins from now on, for feeds with `follow_lateness`.

        Margins only grow: with longer ones fewer activities are late, so that a later measurement would be smaller.
        """
        before = self._margins or margins
        self._margins = Margins(max(before.settle, margins.settle), max(before.overlap, margins.overlap))

    def _margins_of(self, settings: FeedSettings) -> Margins:
        """Return the margins that are in effect for a feed."""
        if not settings.follow_lateness or self._margins is None:
            return Margins(settings.settle, settings.overlap)
        measured = self._margins
        return Margins(max(settings.settle, measured.settle), max(settings.overlap, measured.overlap))

    def _walk_rules(self, settings: FeedSettings) -> WalkRules:
        return WalkRules(settings.filters, self._margins_of(settings).settle, settings.batch_size)

    def _record(self, *, now: bool = False) -> None:
        """Record our own requests; after a failure they are recorded with the next ones."""
        if self._requests is not None:
            self._attempt("request log", partial(self._requests.record, self._archive, now=now))

    def normalize(self) -> int:
        """Derive the events of all activities that have none yet, and return how many.

        Raises:
            ArchiveError: A table can't be read or written.
            InterruptedRunError: The operator stopped it.
        """
        return normalize_pending(self._archive, self._normalizer, self._rules, self._watch, check=self._clock.check)

    def _normalizing(self) -> BackgroundWorker:
        return BackgroundWorker(self._normalize, "normalize")

    def _normalize(self) -> bool:
        """Derive events from stored activities, and return whether that succeeded."""
        normalize = self.normalize
        try:
            self._normalizing_error = self._attempt("normalize", normalize)
        except InterruptedRunError:
            return True
        except ArchiveLostError as error:
            self._normalizing_error = error
            return True
        return self._normalizing_error is None

    def _attempt(self, work: str, action: Callable[[], object]) -> AuditError | None:
        """Run a unit of work alongside collecting; report its error to the watch, and return it.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        error = self.unexpected.attempt(work, action)
        if error is not None and not isinstance(error, UnexpectedError):
            self._watch(WorkFailed(work, str(error), error.hint, type(error).__name__))
        return error

    def _follow(self, run: FeedRun, events: BackgroundWorker, position: int) -> None:
        """Collect one feed until the operator stops the run; the feeds start one after another."""
        failures, interval = 0, run.settings.interval
        self._clock.wait(min(position * _START_DELAY_SECONDS, interval.total_seconds()))
        while True:
            started = self._clock.now()
            outcome = self._collect(run, events, started + interval)
            failures = 0 if outcome.error is None else failures + 1
            pause = pause_after(failures, interval)
            seconds = max(
                _until(started + pause, self._clock.now(), pause), self._requested_wait(run.settings, outcome.error)
            )
            self._clock.wait(seconds)

    def _requested_wait(self, settings: FeedSettings, error: AuditError | None) -> float:
        """Return the seconds that a server asked us to wait; report a wait that is longer than the interval."""
        seconds = asked_seconds(error)
        if seconds > settings.interval.total_seconds() and isinstance(error, TransientError):
            self._watch(Waiting(seconds, f"feed {settings.name}: {waiting_reason(error)}"))
        return seconds

    def _collect(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> FeedOutcome:
        """Collect a feed up to now, then read its history until a deadline.

        Raises:
            InterruptedRunError: The operator stopped the run; any other error ends only this round.
        """
        try:
            return self._round(run, events, deadline)
        except ENDS_EVERYTHING:
            raise
        except Exception as caught:  # noqa: BLE001 - any error ends only this feed's round
            error = self.unexpected.note(_work_of(run.settings), caught)
            self._report_failure(run.settings, error)
            return FeedOutcome(run.settings.name, None, is_covered=False, has_advanced=False, error=error)

    def _round(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> FeedOutcome:
        settings = run.settings
        before = self._archive.covered(settings.name, settings.filters)
        target = self._clock.now()
        if isinstance(self._normalizing_error, ArchiveLostError):
            raise self._normalizing_error
        events.poke()
        error: AuditError | None = None
        try:
            error = self._walk_due(run, events, deadline) or self._fill(run, events, deadline)
        except ENDS_EVERYTHING:
            raise
        except Exception as caught:  # noqa: BLE001 - gaps are recorded with the error as their cause
            error = self.unexpected.note(_work_of(settings), caught)
            self._report_failure(settings, error)
        if error is None:
            self.unexpected.clear(_work_of(settings))
        self._record()
        self._attempt(f"gaps of feed {settings.name}", partial(self._settle_gaps, settings, error))
        covered = self._archive.covered(settings.name, settings.filters)
        return FeedOutcome(
            feed=settings.name,
            covered_to=covered.end,
            is_covered=is_covered(
                covered | self._lost(settings), target, self._margins_of(settings).settle + _CLOCK_ALLOWANCE
            ),
            has_advanced=covered != before,
            error=error,
        )

    def _walk_due(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> AuditError | None:
        """Walk the tail, then gaps, then windows to reconcile; return the error that ended a long gap, if any."""
        settings = run.settings
        feed = SlottedFeed(run.feed, self._slots)
        walker = Walker(
            settings.name, feed, self._archive, self._clock, rules=self._walk_rules(settings), watch=self._watch
        )
        covered = self._archive.covered(settings.name, settings.filters)
        tail = TailRules(settings.initial_interval, self._margins_of(settings).overlap)
        gaps = self._archive.gaps(settings.name, settings.filters)
        wanted = (*due_windows(covered, self._clock.now(), tail), *due_again(covered, gaps))
        due = list(without_permanent(wanted, gaps))
        for one in sorted(due, key=lambda one: one.purpose is not Purpose.TAIL):
            if one.purpose is Purpose.GAP and one.window.end - one.window.start > _LONG_GAP:
                error = self._read_history(run, one.window, Purpose.GAP, events=events, deadline=deadline)
                if error is not None:
                    return error
            else:
                self._walk(walker, one, feed, events)
        now = self._clock.now()
        covered = self._archive.covered(settings.name, settings.filters)
        walks = self._archive.walks(settings.name, settings.filters, now - HORIZON)
        for one in list(due_reconciles(covered, walks, now)):
            self._walk(walker, one, feed, events)
        return None

    def _walk(self, walker: Walker, due: Due, feed: SlottedFeed, events: BackgroundWorker) -> None:
        """Walk a window to its end, in several walks if needed."""
        try:
            walked = walker.walk(due)
            events.poke()
            while walked.rest is not None:
                walked = walker.walk(replace(due, window=walked.rest))
                events.poke()
        finally:
            feed.leave()

    def _fill(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> AuditError | None:
        """Read the uncovered time of the history that `backfill` asks for; return the error that ended it, if any."""
        if not run.settings.backfill:
            return None
        now = self._clock.now()
        window = Window(now - run.settings.backfill, now)
        return self._read_history(run, window, Purpose.BACKFILL, events=events, deadline=deadline)

    def _read_history(
        self, run: FeedRun, window: Window, purpose: Purpose, *, events: BackgroundWorker, deadline: datetime | None
    ) -> AuditError | None:
        lost = read_gaps(self._archive.gaps(run.settings.name, run.settings.filters)).lost
        rules = HistoryRules(
            purpose, workers=_HISTORY_WORKERS, deadline=deadline, lost=lost, unexpected=self.unexpected
        )
        history = HistoryReader(run, self._archive, self._clock, rules=rules, watch=self._watch)
        return history.read(window, events.poke).error

    def _lost(self, settings: FeedSettings) -> Spans:
        """Return the time of a feed that was declared permanently lost, limited to the span of its coverage."""
        covered = self._archive.covered(settings.name, settings.filters)
        if covered.start is None or covered.end is None:
            return Spans()
        lost = read_gaps(self._archive.gaps(settings.name, settings.filters)).lost
        return lost & Spans((Window(covered.start, covered.end),))

    def _settle_gaps(self, settings: FeedSettings, error: AuditError | None) -> None:
        """Record in the ledger which gaps opened and closed."""
        settle_gaps(
            self._archive,
            settings.name,
            settings.filters,
            now=self._clock.now(),
            cause=None if error is None else str(error),
            lag_limit=settings.lag_limit,
        )

    def _report_failure(self, settings: FeedSettings, error: AuditError) -> None:
        self._watch(WalkFailed(settings.name, str(error), error.hint, type(error).__name__))


def pause_after(failures: int, interval: timedelta) -> timedelta:
    """Return the time from the start of a round to the start of the next one; it grows with consecutive failures."""
    longest = max(interval, _MAX_BACKOFF)
    return min(interval * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS), longest)


def _work_of(settings: FeedSettings) -> str:
    """Return the name of a feed's work in the counts of errors."""
    return f"feed {settings.name}"


def asked_seconds(error: Exception | None) -> float:
    """Return the seconds that a server asked us to wait (`Retry-After`), at most an hour; 0 if it did not."""
    if not isinstance(error, TransientError) or error.retry_after is None:
        return 0.0
    return capped(error.retry_after)[0]


def _until(due: datetime, now: datetime, longest: timedelta) -> float:
    """Return the seconds until a time, at most `longest` even if the clock was set back."""
    return max(0.0, min((due - now).total_seconds(), longest.total_seconds()))
