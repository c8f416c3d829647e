"""Open feeds for collecting, with their shared request budgets and a limit on concurrent walks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.feed.connection import Transport
from anthropic_audit.feed.retry import RetryingFeed, RetryPolicy
from anthropic_audit.feed.trace import Tracer
from anthropic_audit.model import Page, Query
from anthropic_audit.ports import Clock, Feed
from anthropic_audit.progress import Watch
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings

BACKGROUND_SHARE = 0.05
"""Share of the request budget that reading history leaves to the live tails."""

_CHECK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FeedRun:
    """One feed that is open for collecting."""

    settings: FeedSettings
    feed: Feed
    background: Feed
    """The same feed for work of low priority: it leaves a share of the budget to the live tails."""
    close: Callable[[], None] = lambda: None
    """Closes the feed's connections and the tracer's file."""


def open_feeds(
    feeds: Sequence[tuple[FeedSettings, Secret]],
    clock: Clock,
    watch: Watch,
    transport: Transport | None = None,
    *,
    reserve: float = 0.0,
    first_give_up_after: timedelta = timedelta.max,
) -> list[FeedRun]:
    """Open the feeds of the settings; feeds of one parent organization, or with one key, share one request budget.

    `reserve` is the share of each budget that is left to other clients of the API; `first_give_up_after` is how long a
    request is retried as long as no request has got a response.

    Raises:
        SetupError: A URL, a proxy, a certificate or the tracer's folder can't be used.
    """
    budgets: dict[tuple[str, str], Budget] = {}
    runs = []
    for settings, key in feeds:
        owner = settings.parent_organization or key.reveal()
        budget = budgets.setdefault((settings.url, owner), Budget(clock, watch, reserve=reserve))
        retry_policy = RetryPolicy(give_up_after=settings.give_up_after, first_give_up_after=first_give_up_after)
        runs.append(_open(settings, key, clock, budget=budget, retry_policy=retry_policy, transport=transport))
    return runs


def _open(
    settings: FeedSettings,
    key: Secret,
    clock: Clock,
    *,
    budget: Budget,
    retry_policy: RetryPolicy,
    transport: Transport | None,
) -> FeedRun:
    tracer = Tracer(Path(settings.request_tracer_folder), settings.name) if settings.enable_request_tracer else None

    def retrying(client: FeedClient) -> Feed:
        return RetryingFeed(client, clock, retry=retry_policy, watch=budget.watch, chance=random.random)

    tail = FeedClient(settings, key, clock, budget=budget, tracer=tracer, transport=transport)
    background = tail.leaving(BACKGROUND_SHARE)
    return FeedRun(settings, retrying(tail), retrying(background), tail.close)


class Slots:
    """A limit on the number of walks that hold pages in memory at the same time, across all feeds."""

    def __init__(self, clock: Clock, number: int) -> None:
        self._clock = clock
        self._free = threading.BoundedSemaphore(number)

    def enter(self) -> None:
        """Wait for a free slot.

        Raises:
            InterruptedRunError: The operator stopped the run.
        """
        while not self._free.acquire(timeout=_CHECK_SECONDS):
            self._clock.check()

    def enter_now(self) -> bool:
        """Take a slot if one is free, and return whether it was."""
        return self._free.acquire(blocking=False)

    def leave(self) -> None:
        """Free the slot."""
        self._free.release()


class SlottedFeed:
    """A feed whose walk takes a slot after its first page has arrived, so that an unresponsive feed holds none.

    If no slot is free, the page is dropped and requested again later: waiting feeds hold no pages.
    """

    def __init__(self, feed: Feed, slots: Slots) -> None:
        self._feed = feed
        self._slots = slots
        self._has_slot = False

    def read_page(self, query: Query) -> Page:
        """Return the page for a query; take a slot with the first one.

        Raises:
            TransientError, FatalError, InterruptedRunError: As the feed does.
        """
        page = self._feed.read_page(query)
        if self._has_slot:
            return page
        if self._slots.enter_now():
            self._has_slot = True
            return page
        del page
        self._slots.enter()
        self._has_slot = True
        return self._feed.read_page(query)

    def leave(self) -> None:
        """Free the slot at the end of a walk."""
        if self._has_slot:
            self._slots.leave()
            self._has_slot = False
