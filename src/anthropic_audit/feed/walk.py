"""A walk: read one closed window, store every page, then say what is covered."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from anthropic_audit.errors import FeedRefusedError
from anthropic_audit.model import Coverage, Filters, Order, Page, Query, Received, Window
from anthropic_audit.plan import Due
from anthropic_audit.ports import Clock, Feed, Ledger
from anthropic_audit.progress import CursorLost, PageRead, Stored, WalkFinished, WalkStarted, Watch
from anthropic_audit.times import EPOCH

from .pages import Pages, read_ahead


@dataclass(frozen=True, slots=True)
class WalkRules:
    """How a feed's windows are walked.

    `settle` is the age below which nothing is claimed. Activities are stored each `store_every` pages, and after
    `longest` pages a walk ends where it is and claims that much: that bounds what a crash repeats.
    """

    filters: Filters
    settle: timedelta
    limit: int = 5000
    store_every: int = 5
    longest: int = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """What a walk has seen so far."""

    pages: int = 0
    activities: int = 0
    new: int = 0
    first_id: str | None = None
    last_id: str | None = None
    request_id: str | None = None
    requests_limit: int | None = None
    requests_remaining: int | None = None
    reached: datetime | None = None
    """The `created_at` of the last activity in reading order."""

    def add(self, page: Page) -> Self:
        """Count a page."""
        times = [activity.created_at for activity in page.activities if activity.created_at != EPOCH]
        return replace(
            self,
            pages=self.pages + 1,
            activities=self.activities + len(page.activities),
            first_id=self.first_id if self.first_id is not None else page.first_id,
            last_id=page.last_id if page.last_id is not None else self.last_id,
            request_id=page.request_id,
            requests_limit=page.requests_limit,
            requests_remaining=page.requests_remaining,
            reached=times[-1] if times else self.reached,
        )


@dataclass(frozen=True, slots=True)
class Walked:
    """What came of a walk: the claim, if any, and the rest of the window if the walk was cut short."""

    coverage: Coverage | None
    rest: Window | None


class Walker:
    """Walk windows of one feed, and learn on the way whether its server knows `order`."""

    def __init__(self, name: str, feed: Feed, ledger: Ledger, clock: Clock, *, rules: WalkRules, watch: Watch) -> None:
        self._name = name
        self._feed = feed
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._watch = watch
        self._order: Order | None = Order.ASCENDING

    def walk(self, due: Due) -> Walked:
        """Read a window to its end, or to the rules' length, and claim what was read and is old enough.

        Raises:
            FatalError, TransientError, InterruptedRunError: What is stored stays; nothing is claimed.
        """
        try:
            return self._walk(due)
        except FeedRefusedError:
            if self._order is None:
                raise
            return self._walk_without_order(due)

    def _walk_without_order(self, due: Due) -> Walked:
        """Try again as the API of May 2026 wants it; a refusal now is a refusal of something else."""
        self._order = None
        try:
            return self._walk(due)
        except FeedRefusedError:
            self._order = Order.ASCENDING
            raise

    def _walk(self, due: Due) -> Walked:
        self._watch(WalkStarted(self._name, due.window, due.purpose))
        query = Query(due.window, self._rules.filters, self._order, self._rules.limit)
        walk_id, started = uuid.uuid4().hex, self._clock.now()
        tally, pending, is_cut = Tally(), [], False
        pages = Pages(self._feed, self._clock, lambda moment: self._watch(CursorLost(self._name, moment)))
        with closing(read_ahead(pages.read(query))) as coming:
            for page in coming:
                if tally.pages == 0 and page.server_time is not None:
                    started = min(started, page.server_time)
                tally = tally.add(page)
                pending.append(page)
                self._tell(page)
                is_cut = page.has_more and self._may_be_cut(due.window, tally)
                if is_cut or len(pending) >= self._rules.store_every:
                    tally, pending = self._store(tally, pending, walk_id), []
                if is_cut:
                    break
        tally = self._store(tally, pending, walk_id)
        cut = tally.reached if is_cut else None
        coverage = self._claim(due, tally, walk_id, self._covered(due.window, started, cut))
        return Walked(coverage, Window(cut, due.window.end) if cut is not None and cut < due.window.end else None)

    def _store(self, tally: Tally, pages: list[Page], walk_id: str) -> Tally:
        received = [
            Received(activity, self._name, page.received_at, page.request_id, walk_id)
            for page in pages
            for activity in page.activities
        ]
        if not received:
            return tally
        new = self._ledger.append(received)
        self._watch(Stored(self._name, len(received), new))
        return replace(tally, new=tally.new + new)

    def _may_be_cut(self, window: Window, tally: Tally) -> bool:
        """Say whether a walk is long enough to end here, with something to claim.

        Only ascending walks are cut: what is left of the window then follows the claim, where the tail goes on.
        """
        is_long = self._order is Order.ASCENDING and tally.pages >= self._rules.longest
        return is_long and tally.reached is not None and tally.reached > window.start

    def _covered(self, window: Window, started: datetime, cut: datetime | None) -> Window | None:
        """Return what of a walked window may be claimed, or None.

        Nothing is claimed that was younger than `settle` when the walk began, by the server's clock as well as by
        ours; and of a walk that was cut short, only what lies before the last activity it read.
        """
        end = min(window.end, started - self._rules.settle)
        if cut is not None:
            end = min(end, cut)
        return Window(window.start, end) if window.start < end else None

    def _claim(self, due: Due, tally: Tally, walk_id: str, covered: Window | None) -> Coverage | None:
        if covered is None:
            return None
        coverage = Coverage(
            feed=self._name,
            filters=self._rules.filters.key(),
            window=covered,
            purpose=due.purpose,
            walk_id=walk_id,
            walked_at=self._clock.now(),
            pages=tally.pages,
            activities=tally.activities,
            new=tally.new,
            first_id=tally.first_id,
            last_id=tally.last_id,
            request_id=tally.request_id,
            requests_limit=tally.requests_limit,
            requests_remaining=tally.requests_remaining,
        )
        self._ledger.claim(coverage)
        self._watch(WalkFinished(coverage))
        return coverage

    def _tell(self, page: Page) -> None:
        times = [activity.created_at for activity in page.activities if activity.created_at != EPOCH]
        malformed = sum(activity.is_malformed for activity in page.activities)
        self._watch(PageRead(self._name, len(page.activities), max(times, default=None), malformed))
