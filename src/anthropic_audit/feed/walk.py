"""Walks: read one closed window, store every page, then claim the part that is covered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from anthropic_audit.clock_difference import TOLERANCE
from anthropic_audit.errors import AuditError, FeedContractError, FeedRefusedError, FeedStalledError
from anthropic_audit.model import Coverage, FeedOrder, Filters, Page, Query, Received, Window
from anthropic_audit.plan import Due
from anthropic_audit.ports import Clock, Feed, Ledger
from anthropic_audit.progress import ClaimHeldBack, CursorLost, PageRead, Stored, WalkFinished, WalkStarted, Watch
from anthropic_audit.times import EPOCH, moved

from .contract import ContractRule
from .pages import Pages, read_ahead
from .reading import ReadPage

STORE_BYTES = 32 * 2**20
"""The number of bytes from which pending activities are stored at once, whatever `store_every` says."""

_PROXY_HINT = "a proxy or cache that changes answers can do that; the window is walked again at the next interval"
_HINTS = {
    ContractRule.ANSWER: "the window is walked again at the next interval; send Anthropic the request-id if it stays",
    ContractRule.CACHE: "have the proxy not cache the API's answers; the window is walked again at the next interval",
}


class _OrderIgnoredError(FeedContractError):
    """The server does not keep the order that was requested.

    Args:
        shown: Ids of activities of the window that it sent nevertheless: they have to come again without `order`.
    """

    def __init__(self, message: str, *, hint: str | None, shown: frozenset[str]) -> None:
        super().__init__(message, hint=hint)
        self.shown = shown


@dataclass(frozen=True, slots=True)
class WalkRules:
    """How a feed's windows are walked.

    `settle` is the age below which nothing is claimed. Activities are stored every `store_every` pages, and after
    `longest` pages a walk ends and claims what it has read: that bounds the pages that are repeated after a crash.
    """

    filters: Filters
    settle: timedelta
    limit: int = 5000
    store_every: int = 5
    longest: int = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a walk so far, and the first contradiction in its pages."""

    pages: int = 0
    activities: int = 0
    new: int = 0
    first_id: str | None = None
    last_id: str | None = None
    request_id: str | None = None
    requests_limit: int | None = None
    requests_remaining: int | None = None
    oldest_clock: datetime | None = None
    """The earliest time of the server's clock in a response, or None when no response shows it."""
    broken: str | None = None
    """How a page contradicts its query, and the page's request-id."""
    hint: str | None = None

    def add(self, read: ReadPage) -> Self:
        """Return the tally with one more page."""
        page = read.page
        clocks = [clock for clock in (self.oldest_clock, page.server_time) if clock is not None]
        tally = replace(
            self,
            pages=self.pages + 1,
            activities=self.activities + len(page.activities),
            first_id=self.first_id if self.first_id is not None else page.first_id,
            last_id=page.last_id if page.last_id is not None else self.last_id,
            request_id=page.request_id,
            requests_limit=page.requests_limit,
            requests_remaining=page.requests_remaining,
            oldest_clock=min(clocks, default=None),
        )
        if read.broken is None or tally.broken is not None:
            return tally
        what = f"{read.broken.what} (rule: {read.broken.rule}), request-id: {page.request_id or 'none'}"
        return replace(tally, broken=what, hint=_HINTS.get(read.broken.rule, _PROXY_HINT))

    def without(self, ids: frozenset[str]) -> Self:
        """Return the tally, marked as contradictory if activities that an earlier reading had did not come again."""
        if not ids or self.broken is not None:
            return self
        what = f"{min(ids)} was served for this window before, and now it was not"
        return replace(self, broken=f"{what}, request-id: {self.request_id or 'none'}", hint=_PROXY_HINT)


@dataclass(frozen=True, slots=True)
class Walked:
    """The result of a walk: the claim, if any, and the rest of the window if the walk was cut short."""

    coverage: Coverage | None
    rest: Window | None


class Walker:
    """Walks windows of one feed, and finds out whether its server supports `order`."""

    def __init__(self, name: str, feed: Feed, ledger: Ledger, clock: Clock, *, rules: WalkRules, watch: Watch) -> None:
        self._name = name
        self._feed = feed
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._watch = watch
        self._order: FeedOrder | None = FeedOrder.ASCENDING

    def walk(self, due: Due) -> Walked:
        """Read a window to its end, or for `longest` pages, and claim what was read and is older than `settle`.

        Raises:
            FatalError, TransientError, InterruptedRunError: What is stored stays; nothing is claimed.
        """
        try:
            return self._walk(due)
        except (FeedRefusedError, _OrderIgnoredError) as error:
            if self._order is None:
                raise
            shown = error.shown if isinstance(error, _OrderIgnoredError) else frozenset[str]()
            return self._walk_without_order(due, shown)

    def _walk_without_order(self, due: Due, shown: frozenset[str]) -> Walked:
        """Walk again without `order`, which the API of May 2026 refuses; a refusal now has another reason."""
        self._order = None
        try:
            return self._walk(due, shown)
        except (FeedRefusedError, FeedContractError):
            self._order = FeedOrder.ASCENDING
            raise

    def _walk(self, due: Due, shown: frozenset[str] = frozenset()) -> Walked:
        self._watch(WalkStarted(self._name, due.window, due.purpose))
        query = Query(due.window, self._rules.filters, self._order, self._rules.limit)
        walk_id, started = uuid.uuid4().hex, self._clock.now()
        tally, cut = self._read(query, walk_id, shown)
        if tally.broken is not None:
            raise _contradiction(tally)
        believed = min(started, tally.oldest_clock or started)
        covered = self._covered(due.window, believed, cut)
        coverage = self._claim(due, tally, walk_id, covered)
        if started - believed > TOLERANCE and covered != self._covered(due.window, started, cut):
            self._watch(ClaimHeldBack(self._name, due.window, covered, started - believed))
        return Walked(coverage, Window(cut, due.window.end) if cut is not None and cut < due.window.end else None)

    def _read(self, query: Query, walk_id: str, shown: frozenset[str]) -> tuple[Tally, datetime | None]:
        """Read and store a window's pages; return the tally, and the time where the walk was cut short, or None.

        A reading without activities that an earlier reading of the window has `shown` is incomplete.

        Raises:
            FeedContractError: A page contradicts its query; all pages that were read are stored.
            TransientError, FatalError, InterruptedRunError: As reading raises them; pages read before are stored.
        """
        tally, pending = Tally(), list[Page]()
        pages = Pages(self._feed, self._clock, lambda moment: self._watch(CursorLost(self._name, moment)))
        with closing(read_ahead(pages.read(query))) as coming:
            while True:
                try:
                    read = next(coming, None)
                except AuditError as error:
                    self._store(tally, pending, walk_id)
                    if tally.broken is not None and isinstance(error, FeedContractError | FeedStalledError):
                        raise _contradiction(tally) from error
                    raise
                if read is None:
                    return self._store(tally.without(shown), pending, walk_id), None
                shown = shown.difference(one.id for one in read.page.activities)
                tally = tally.add(read)
                pending.append(read.page)
                self._tell(read.page)
                cut = self._cut(query.window, tally, read)
                is_unordered = (
                    read.broken is not None and read.broken.rule is ContractRule.ORDER and self._order is not None
                )
                if is_unordered:
                    self._store(tally, pending, walk_id)
                    message = f"the feed does not keep the order that was asked for: {tally.broken}"
                    raise _OrderIgnoredError(message, hint=tally.hint, shown=_ids_inside(query.window, pending))
                if cut is not None or self._is_enough(pending):
                    tally, pending = self._store(tally, pending, walk_id), []
                if cut is not None:
                    return tally, cut
                del read  # a large page must not stay in memory while the next one is read

    def _is_enough(self, pages: Sequence[Page]) -> bool:
        """Return whether pages should be stored before more of them are in memory."""
        nbytes = sum(len(activity.raw) for page in pages for activity in page.activities)
        return len(pages) >= self._rules.store_every or nbytes >= STORE_BYTES

    def _store(self, tally: Tally, pages: Sequence[Page], walk_id: str) -> Tally:
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

    def _cut(self, window: Window, tally: Tally, read: ReadPage) -> datetime | None:
        """Return where to end a walk that has `longest` pages and something to claim, or None to go on.

        Only ascending walks are cut, and only inside the window: the rest of the window then follows the claim, where
        the tail continues. A walk whose pages contradict their query is read to the end, so that all of it is stored.
        """
        if not read.page.has_more or tally.broken is not None or tally.pages < self._rules.longest:
            return None
        if read.is_doubtful:  # the first page may not have been the first: checked at the end of the window
            return None
        if self._order is not FeedOrder.ASCENDING or read.reached is None:
            return None
        return read.reached if window.start < read.reached < window.end else None

    def _covered(self, window: Window, started: datetime, cut: datetime | None) -> Window | None:
        """Return the part of a walked window that may be claimed, or None.

        Time that was younger than `settle` when the walk began, by the server's clock or by ours, is not claimed. Of a
        walk that was cut short, only the time before the last activity that it read is claimed.
        """
        end = min(window.end, moved(started, -self._rules.settle))
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


def _ids_inside(window: Window, pages: Sequence[Page]) -> frozenset[str]:
    ids = (one.id for page in pages for one in page.activities if window.start <= one.created_at < window.end)
    return frozenset(ids)


def _contradiction(tally: Tally) -> FeedContractError:
    return FeedContractError(f"the feed's answer contradicts the question: {tally.broken}", hint=tally.hint)
