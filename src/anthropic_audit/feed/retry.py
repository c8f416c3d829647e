"""Trying again: one policy, in one place. What waits is the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from anthropic_audit.errors import FeedUnreachableError, TransientError
from anthropic_audit.model import Page, Query
from anthropic_audit.ports import Clock, Feed
from anthropic_audit.progress import Waiting, Watch
from anthropic_audit.retry_after import capped


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long one request is tried again, and how the waits grow.

    The growth is the documentation's own advice (Compliance API, Rate limits): from 1 s, doubled up to 60 s.
    """

    give_up_after: timedelta = timedelta(minutes=2)
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    first_give_up_after: timedelta = timedelta.max
    """How long while no answer has come since the start: on a terminal, a user should soon see what is wrong."""

    def wait_seconds(self, failures: int, retry_after: float | None, chance: float) -> float:
        """Return the wait after so many failures in a row; `chance` in [0, 1) spreads callers apart.

        What the server asked for is a floor, up to an hour: the jitter comes on top of it, and never shortens it.
        """
        backoff = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        if retry_after is not None:
            return capped(retry_after)[0] + chance * min(self.first_seconds, backoff)
        return backoff * (0.5 + chance / 2)


class RetryingFeed:
    """A feed that is asked again when waiting may help."""

    def __init__(
        self, feed: Feed, clock: Clock, *, patience: RetryPolicy, watch: Watch, chance: Callable[[], float]
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._patience = patience
        self._watch = watch
        self._chance = chance
        self._is_answered = False

    def read_page(self, query: Query) -> Page:
        """Ask until there is an answer, or patience ends.

        Raises:
            TransientError: The last failure, when its wait would end behind `give_up_after`.
            FatalError: Waiting won't help.
        """
        started, failures = self._clock.now(), 0
        while True:
            try:
                page = self._feed.read_page(query)
            except TransientError as error:
                failures += 1
                seconds = self._patience.wait_seconds(failures, error.retry_after, self._chance())
                if self._clock.now() + timedelta(seconds=seconds) - started > self._limit(error):
                    raise
                self._watch(Waiting(seconds, waiting_reason(error)))
            else:
                self._is_answered = True
                return page
            self._clock.wait(seconds)

    def _limit(self, error: TransientError) -> timedelta:
        """Return how long a request is tried again that fails like this."""
        limit = self._patience.give_up_after
        if not isinstance(error, FeedUnreachableError):
            self._is_answered = True
        return limit if self._is_answered else min(limit, self._patience.first_give_up_after)


def waiting_reason(error: TransientError) -> str:
    """Say why we wait, and that a server asked for longer than we do, if it did."""
    note = None if error.retry_after is None else capped(error.retry_after)[1]
    return f"{error} ({note})" if note else str(error)
