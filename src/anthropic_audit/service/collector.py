"""Collecting feeds side by side: each has its own pace and its own troubles; normalizing goes on beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from anthropic_audit.archive import ArchiveWriter, settle_gaps
from anthropic_audit.errors import ArchiveLostError, AuditError, InterruptedRunError, TransientError, UnexpectedError
from anthropic_audit.feed.retry import waiting_reason
from anthropic_audit.feed.walk import Walker, WalkRules
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Purpose, Window
from anthropic_audit.normalize import Normalizer
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

_GAVE_UP = 3
_SLOTS = 8
_MAX_BACKOFF = timedelta(minutes=15)
_MAX_DOUBLINGS = 10
_LONG_GAP = timedelta(hours=6)
"""Longer gaps are read like history, by several workers, so that they do not hold up the tail for long."""
_APART_SECONDS = 0.2
"""How far apart feeds begin, so that hundreds of them don't ask at the same moment."""
_HISTORY_WORKERS = 8
_CLOCK_ALLOWANCE = timedelta(minutes=5)
"""A server's clock may be this far behind ours before a walked feed counts as not covered."""


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """How one feed's collecting ended."""

    feed: str
    covered_to: datetime | None
    is_covered: bool
    has_advanced: bool
    """True when this run claimed something."""
    error: AuditError | None = None

    @property
    def exit_code(self) -> int:
        """0 covered; 3 something is left to do; else what the error asks for."""
        if self.error is None:
            return 0 if self.is_covered else _GAVE_UP
        if isinstance(self.error, TransientError) and self.has_advanced:
            return _GAVE_UP
        return self.error.exit_code


class Collector:
    """Collect feeds into an archive, and normalize what arrives."""

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
        """Where errors that no one foresaw are counted."""
        self._normalizing_error: AuditError | None = None
        self._archive = archive
        self._clock = clock
        self._normalizer = normalizer
        self._rules = rules
        self._watch = watch
        self._slots = Slots(clock, _SLOTS)
        self._requests = requests
        self._margins: Margins | None = None

    def once(self, runs: Sequence[FeedRun]) -> list[FeedOutcome]:
        """Collect each feed until it is covered up to now; one feed's failure does not keep the others.

        Raises:
            InterruptedRunError: The operator asked for an end; what is stored stays.
            ArchiveLostError: The archive was taken from under us.
        """
        with self._normalizing() as events:
            outcomes = side_by_side([partial(self._collect, run, events, None) for run in runs])
        self._record(now=True)
        return [replace(one, error=one.error or self._normalizing_error) for one in outcomes]

    def follow(self, runs: Sequence[FeedRun]) -> None:
        """Collect each feed at its interval, for good; failures are told to the watch and tried again.

        Raises:
            InterruptedRunError: The operator asked for an end; what is stored stays.
            ArchiveLostError: The archive was taken from under us.
        """
        try:
            with self._normalizing() as events:
                side_by_side([partial(self._follow, run, events, place) for place, run in enumerate(runs)])
        finally:
            self._record(now=True)

    def follow_lateness(self, margins: Margins) -> None:
        """Take over what was measured, for the feeds whose settings say so.

        Margins only grow: with longer ones less is late, and so less is measured.
        """
        before = self._margins or margins
        self._margins = Margins(max(before.settle, margins.settle), max(before.overlap, margins.overlap))

    def _margins_of(self, settings: FeedSettings) -> Margins:
        """Return the margins that count for a feed now."""
        if not settings.follow_lateness or self._margins is None:
            return Margins(settings.settle, settings.overlap)
        measured = self._margins
        return Margins(max(settings.settle, measured.settle), max(settings.overlap, measured.overlap))

    def _walk_rules(self, settings: FeedSettings) -> WalkRules:
        return WalkRules(settings.filters, self._margins_of(settings).settle, settings.batch_size)

    def _record(self, *, now: bool = False) -> None:
        """Record our own requests; what can't be recorded now is recorded with the next ones."""
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
        """Derive events of what is stored, and say whether that went well."""
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
        """Do a piece of work beside collecting, tell what went wrong, and return it.

        Raises:
            InterruptedRunError: The operator asked for an end.
        """
        error = self.unexpected.attempt(work, action)
        if error is not None and not isinstance(error, UnexpectedError):
            self._watch(WorkFailed(work, str(error), error.hint, type(error).__name__))
        return error

    def _follow(self, run: FeedRun, events: BackgroundWorker, place: int) -> None:
        """Collect one feed until the operator asks for an end; many feeds begin one after the other."""
        failures, interval = 0, run.settings.interval
        self._clock.wait(min(place * _APART_SECONDS, interval.total_seconds()))
        while True:
            started = self._clock.now()
            outcome = self._collect(run, events, started + interval)
            failures = 0 if outcome.error is None else failures + 1
            pause = pause_after(failures, interval)
            seconds = max(
                _until(started + pause, self._clock.now(), pause), self._asked_seconds(run.settings, outcome.error)
            )
            self._clock.wait(seconds)

    def _asked_seconds(self, settings: FeedSettings, error: AuditError | None) -> float:
        """Return how long a server asked us to stay away; what is longer than a round is said."""
        seconds = asked_seconds(error)
        if seconds > settings.interval.total_seconds() and isinstance(error, TransientError):
            self._watch(Waiting(seconds, f"feed {settings.name}: {waiting_reason(error)}"))
        return seconds

    def _collect(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> FeedOutcome:
        """Collect a feed up to now, and then of its history what can be had before a deadline.

        Raises:
            InterruptedRunError: The operator asked for an end; nothing else ends more than this round.
        """
        try:
            return self._round(run, events, deadline)
        except ENDS_EVERYTHING:
            raise
        except Exception as caught:  # noqa: BLE001 - whatever it is ends this feed's round only
            error = self.unexpected.note(_work_of(run.settings), caught)
            self._tell(run.settings, error)
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
        except Exception as caught:  # noqa: BLE001 - gaps are settled with whatever ended the walks
            error = self.unexpected.note(_work_of(settings), caught)
            self._tell(settings, error)
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
        """Walk the tail, then what is missing, then what may be late; return what ended a long gap's reading early."""
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
        """Walk a window to its end, in as many walks as it takes."""
        try:
            walked = walker.walk(due)
            events.poke()
            while walked.rest is not None:
                walked = walker.walk(replace(due, window=walked.rest))
                events.poke()
        finally:
            feed.leave()

    def _fill(self, run: FeedRun, events: BackgroundWorker, deadline: datetime | None) -> AuditError | None:
        """Read what is not covered yet of the history that the settings ask for; return what ended it early."""
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
        """Return what an operator has declared lost of a feed, as far as it lies inside of what is covered."""
        covered = self._archive.covered(settings.name, settings.filters)
        if covered.start is None or covered.end is None:
            return Spans()
        lost = read_gaps(self._archive.gaps(settings.name, settings.filters)).lost
        return lost & Spans((Window(covered.start, covered.end),))

    def _settle_gaps(self, settings: FeedSettings, error: AuditError | None) -> None:
        """Record which gaps opened and closed."""
        settle_gaps(
            self._archive,
            settings.name,
            settings.filters,
            now=self._clock.now(),
            cause=None if error is None else str(error),
            lag_limit=settings.lag_limit,
        )

    def _tell(self, settings: FeedSettings, error: AuditError) -> None:
        self._watch(WalkFailed(settings.name, str(error), error.hint, type(error).__name__))


def pause_after(failures: int, interval: timedelta) -> timedelta:
    """Return how long after the start of one round the next one begins: longer the more rounds failed in a row."""
    longest = max(interval, _MAX_BACKOFF)
    return min(interval * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS), longest)


def _work_of(settings: FeedSettings) -> str:
    """Return what a feed's rounds are called where errors are counted."""
    return f"feed {settings.name}"


def asked_seconds(error: Exception | None) -> float:
    """Return how long a server asked us to wait (`Retry-After`), for at most an hour; 0 when it did not."""
    if not isinstance(error, TransientError) or error.retry_after is None:
        return 0.0
    return capped(error.retry_after)[0]


def _until(due: datetime, now: datetime, longest: timedelta) -> float:
    """Return the seconds until a time; a clock that was set back makes nobody wait longer than the pause."""
    return max(0.0, min((due - now).total_seconds(), longest.total_seconds()))
