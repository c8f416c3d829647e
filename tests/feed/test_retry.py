from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedBusyError, FeedDeniedError
from anthropic_audit.feed.retry import RetryingFeed, RetryPolicy
from anthropic_audit.model import Page, Query, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUERY = Query(Window(NOW - timedelta(hours=1), NOW))
PAGE = Page((), has_more=False, first_id=None, last_id=None, request_id="req_1", received_at=NOW, server_time=None)


class Scripted:
    """A feed with one scripted answer for each request."""

    def __init__(self, *answers: Page | Exception) -> None:
        self._answers = list(answers)

    def read_page(self, query: Query) -> Page:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def retrying(
    clock: FakeClock, *answers: Page | Exception, give_up_after: timedelta = timedelta(minutes=2)
) -> RetryingFeed:
    return RetryingFeed(
        Scripted(*answers), clock, retry=RetryPolicy(give_up_after), watch=ignore_progress, chance=lambda: 0.0
    )


def test_the_waits_double_until_an_answer_comes() -> None:
    clock = FakeClock(NOW)
    busy = [FeedBusyError("busy") for _ in range(4)]

    page = retrying(clock, *busy, PAGE).read_page(QUERY)

    assert page == PAGE
    assert clock.waited == [0.5, 1.0, 2.0, 4.0]


def test_the_time_the_server_named_is_waited() -> None:
    clock = FakeClock(NOW)

    retrying(clock, FeedBusyError("busy", retry_after=17), PAGE).read_page(QUERY)

    assert clock.waited == [17]


def test_patience_ends_before_a_wait_that_is_too_long() -> None:
    clock = FakeClock(NOW)

    with pytest.raises(FeedBusyError, match="third"):
        retrying(
            clock,
            FeedBusyError("first"),
            FeedBusyError("second"),
            FeedBusyError("third"),
            give_up_after=timedelta(seconds=3),
        ).read_page(QUERY)

    assert clock.waited == [0.5, 1.0]


def test_what_waiting_does_not_help_is_raised_at_once() -> None:
    clock = FakeClock(NOW)

    with pytest.raises(FeedDeniedError):
        retrying(clock, FeedDeniedError("denied")).read_page(QUERY)

    assert clock.waited == []


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1000), st.floats(0, 0.999))
def test_a_wait_is_never_shorter_than_asked_nor_longer_than_agreed(
    failures: int, retry_after: float | None, chance: float
) -> None:
    seconds = RetryPolicy().wait_seconds(failures, retry_after, chance)

    assert seconds >= (retry_after if retry_after is not None else 0.5)
    assert seconds <= (60 if retry_after is None else retry_after + 1)
