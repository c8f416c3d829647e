"""The loop that puts the rooms together: plan, walk, store, claim, normalize; for one run or for good."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from .archive import ArchiveWriter
from .errors import AuditError, InterruptedRunError, TransientError
from .feed.budget import Budget
from .feed.client import FeedClient, Transport
from .feed.retry import Patience, RetryingFeed
from .feed.trace import Tracer
from .feed.walk import Walker, WalkRules
from .follow import NormalizeRules, normalize_pending
from .normalize import Normalizer
from .plan import HORIZON, Due, TailRules, due_reconciles, due_windows, is_covered
from .ports import Clock, Feed
from .progress import WalkFailed, Watch
from .redact import Secret
from .settings import FeedSettings

_GAVE_UP = 3


@dataclass(frozen=True, slots=True)
class FeedRun:
    """One feed, ready to be collected."""

    settings: FeedSettings
    feed: Feed
    close: Callable[[], None] = lambda: None
    """Closes what the feed holds open: connections, the tracer's file."""


@dataclass(frozen=True, slots=True)
class Outcome:
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
        self, archive: ArchiveWriter, clock: Clock, *, normalizer: Normalizer, rules: NormalizeRules, watch: Watch
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._normalizer = normalizer
        self._rules = rules
        self._watch = watch

    def once(self, runs: Sequence[FeedRun]) -> list[Outcome]:
        """Collect each feed until it is covered up to now; one feed's failure does not keep the others.

        Raises:
            InterruptedRunError: The operator asked for an end; what is stored stays.
        """
        return [self._collect(run) for run in runs]

    def follow(self, runs: Sequence[FeedRun]) -> None:
        """Collect each feed at its interval, for good; failures are told to the watch and tried again.

        Raises:
            InterruptedRunError: The operator asked for an end; what is stored stays.
        """
        due_at = {run.settings.name: self._clock.now() for run in runs}
        while True:
            run = min(runs, key=lambda one: due_at[one.settings.name])
            name, interval = run.settings.name, run.settings.interval
            self._clock.wait(_until(due_at[name], self._clock.now(), interval))
            started = self._clock.now()
            self._collect(run)
            due_at[name] = started + interval

    def _collect(self, run: FeedRun) -> Outcome:
        settings = run.settings
        before = self._archive.covered(settings.name, settings.filters)
        target = self._clock.now()
        error: AuditError | None = None
        try:
            self._normalize()
            self._walk_due(run)
        except InterruptedRunError:
            raise
        except AuditError as caught:
            error = caught
            self._watch(WalkFailed(settings.name, str(caught), caught.hint))
        covered = self._archive.covered(settings.name, settings.filters)
        return Outcome(
            feed=settings.name,
            covered_to=covered.end,
            is_covered=is_covered(covered, target, settings.settle + _CLOCK_ALLOWANCE),
            has_advanced=covered != before,
            error=error,
        )

    def _walk_due(self, run: FeedRun) -> None:
        settings = run.settings
        walker = Walker(
            settings.name,
            run.feed,
            self._archive,
            self._clock,
            rules=WalkRules(settings.filters, settings.settle, settings.batch_size),
            watch=self._watch,
        )
        covered = self._archive.covered(settings.name, settings.filters)
        rules = TailRules(settings.initial_interval, settings.overlap)
        for due in due_windows(covered, self._clock.now(), rules):
            self._walk(walker, due)
        now = self._clock.now()
        covered = self._archive.covered(settings.name, settings.filters)
        walks = self._archive.walks(settings.name, settings.filters, now - HORIZON)
        for due in list(due_reconciles(covered, walks, now)):
            self._walk(walker, due)

    def _walk(self, walker: Walker, due: Due) -> None:
        """Walk a window to its end, in as many walks as it takes."""
        walked = walker.walk(due)
        self._normalize()
        while walked.rest is not None:
            walked = walker.walk(replace(due, window=walked.rest))
            self._normalize()

    def _normalize(self) -> None:
        normalize_pending(self._archive, self._normalizer, self._rules, self._watch)


_CLOCK_ALLOWANCE = timedelta(minutes=5)
"""A server's clock may be this far behind ours before a walked feed counts as not covered."""


def open_feeds(
    feeds: Sequence[tuple[FeedSettings, Secret]],
    clock: Clock,
    watch: Watch,
    transport: Transport | None = None,
) -> list[FeedRun]:
    """Make the feeds that settings name; those under one key at one place share one budget.

    Raises:
        SetupError: A URL, a proxy, a certificate or the tracer's folder can't be used.
    """
    budgets: dict[tuple[str, str], Budget] = {}
    runs = []
    for settings, key in feeds:
        budget = budgets.setdefault((settings.url, key.reveal()), Budget(clock, watch))
        tracer = Tracer(Path(settings.request_tracer_folder), settings.name) if settings.enable_request_tracer else None
        client = FeedClient(settings, key, clock, budget=budget, tracer=tracer, transport=transport)
        patience = Patience(give_up_after=settings.give_up_after)
        feed = RetryingFeed(client, clock, patience=patience, watch=watch, chance=random.random)
        runs.append(FeedRun(settings, feed, client.close))
    return runs


def _until(due: datetime, now: datetime, longest: timedelta) -> float:
    """Return the seconds until a time; a clock that was set back makes nobody wait longer than the interval."""
    return max(0.0, min((due - now).total_seconds(), longest.total_seconds()))
