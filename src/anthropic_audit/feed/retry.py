"""Retries: one policy, in one place. The clock waits."""

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
    """How long one request is retried, and how the waits grow.

    The growth follows the documentation (Compliance API, Rate limits): from 1 s, doubled up to 60 s.
    """

    give_up_after: timedelta = timedelta(minutes=2)
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    first_give_up_after: timedelta = timedelta.max
    """The same before the first response since the start: on a terminal, a user should soon see what is wrong."""

    def wait_seconds(self, failures: int, retry_after: float | None, chance: float) -> float:
        """Return the seconds to wait after a number of failures in a row.

        The server's own `Retry-After` is a lower bound, up to an hour: jitter is added to it, and never shortens it.

        Args:
            failures: The number of failures in a row, at least 1.
            retry_after: The seconds that the server asked for, or None.
            chance: A random number in [0, 1), the jitter.
        """
        backoff = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        if retry_after is not None:
            return capped(retry_after)[0] + chance * min(self.first_seconds, backoff)
        return backoff * (0.5 + chance / 2)


class RetryingFeed:
    """A feed whose requests are retried when waiting may help.

    Args:
        feed: The feed to read.
        clock: The clock that waits.
        retry: The retry policy.
        watch: Receives an event for each wait.
        chance: Returns a random number in [0, 1), the jitter.
    """

    def __init__(
        self, feed: Feed, clock: Clock, *, retry: RetryPolicy, watch: Watch, chance: Callable[[], float]
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._policy = retry
        self._watch = watch
        self._chance = chance
        self._is_answered = False

    def read_page(self, query: Query) -> Page:
        """Return the page of a query; retry until it comes or the policy ends.

        Raises:
            TransientError: The last failure, when its wait would end after `give_up_after`.
            FatalError: A retry won't help.
            InterruptedRunError: The operator asked to stop.
        """
        started, failures = self._clock.now(), 0
        while True:
            try:
                page = self._feed.read_page(query)
            except TransientError as error:
                failures += 1
                seconds = self._policy.wait_seconds(failures, error.retry_after, self._chance())
                if self._clock.now() + timedelta(seconds=seconds) - started > self._limit(error):
                    raise
                self._watch(Waiting(seconds, waiting_reason(error)))
            else:
                self._is_answered = True
                return page
            self._clock.wait(seconds)

    def _limit(self, error: TransientError) -> timedelta:
        """Return how long a request that fails with this error is retried."""
        limit = self._policy.give_up_after
        if not isinstance(error, FeedUnreachableError):
            self._is_answered = True
        return limit if self._is_answered else min(limit, self._policy.first_give_up_after)


def waiting_reason(error: TransientError) -> str:
    """Return the reason for a wait, with a note if the server asked for a longer one."""
    note = None if error.retry_after is None else capped(error.retry_after)[1]
    return f"{error} ({note})" if note else str(error)
