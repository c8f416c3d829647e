from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedBusyError, FeedRefusedError
from anthropic_audit.feed.reading import RecentRequestIds
from anthropic_audit.feed.walk import Walked, Walker, WalkRules
from anthropic_audit.model import Filters, Page, Purpose, Query, Window
from anthropic_audit.plan import Due
from anthropic_audit.progress import CursorLost, PageRead, Progress, Stored, WalkFinished, WalkStarted, ignore_progress
from anthropic_audit.testing import FakeClock

from .shelf import Notebook, Shelf, Spoil, activity, truthful

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = Window(NOW - 3600 * SECOND, NOW)
RULES = WalkRules(Filters(), settle=60 * SECOND, limit=10, store_every=2, longest=4)


def shelf_of(
    count: int, spoil: Spoil = truthful, *, knows_order: bool = True, server_behind: timedelta | None = None
) -> Shelf:
    """Return a feed with one activity every 30 seconds of the hour."""
    rows = [activity(number, HOUR.start + 30 * number * SECOND) for number in range(count)]
    server_time = None if server_behind is None else (lambda: NOW - server_behind)
    return Shelf(rows, lambda: NOW, spoil, knows_order=knows_order, server_time=server_time)


def walker(shelf: Shelf, ledger: Notebook, events: list[Progress] | None = None, rules: WalkRules = RULES) -> Walker:
    watch = ignore_progress if events is None else events.append
    return Walker("acme", shelf, ledger, FakeClock(NOW), rules=rules, watch=watch)


def walk(shelf: Shelf, ledger: Notebook, window: Window = HOUR) -> Walked:
    return walker(shelf, ledger).walk(Due(window, Purpose.TAIL))


def test_a_walk_stores_every_page_and_then_claims() -> None:
    ledger, events = Notebook(), list[Progress]()

    walked = walker(shelf_of(35), ledger, events).walk(Due(HOUR, Purpose.TAIL))

    assert len(ledger.received) == 35
    assert walked.rest is None
    assert [type(one) for one in events] == [
        WalkStarted, PageRead, PageRead, Stored, PageRead, PageRead, Stored, WalkFinished,
    ]  # fmt: skip


def test_the_claim_holds_what_a_proof_needs() -> None:
    ledger = Notebook()

    walk(shelf_of(35), ledger)

    (claim,) = ledger.claims
    assert claim.window == Window(HOUR.start, NOW - 60 * SECOND)
    assert (claim.pages, claim.activities, claim.new) == (4, 35, 35)
    assert (claim.first_id, claim.last_id, claim.request_id) == ("a000000", "a000034", "req_4")
    assert (claim.feed, claim.filters, claim.purpose) == ("acme", "{}", Purpose.TAIL)
    assert {one.walk_id for one in ledger.received.values()} == {claim.walk_id}


def test_nothing_is_claimed_that_is_younger_than_settle() -> None:
    ledger = Notebook()

    walked = walk(shelf_of(120), ledger, Window(NOW - 50 * SECOND, NOW))

    assert walked == Walked(None, None)
    assert ledger.claims == []
    assert len(ledger.received) == 1


def test_a_server_whose_clock_is_behind_ours_is_believed() -> None:
    ledger = Notebook()

    walk(shelf_of(5, server_behind=600 * SECOND), ledger)

    assert ledger.claims[0].window.end == NOW - 660 * SECOND


def test_a_server_whose_clock_is_ahead_of_ours_is_not() -> None:
    ledger = Notebook()

    walk(shelf_of(5, server_behind=-600 * SECOND), ledger)

    assert ledger.claims[0].window.end == NOW - 60 * SECOND


def test_a_long_walk_ends_where_it_is_and_claims_that_much() -> None:
    ledger = Notebook()

    walked = walk(shelf_of(119), ledger)

    last = HOUR.start + 30 * 109 * SECOND  # a hundred more than the first page show that it was the first
    assert walked.rest == Window(last, HOUR.end)
    assert ledger.claims[0].window == Window(HOUR.start, last)
    assert len(ledger.received) == 110


def test_walks_of_the_rest_add_up_to_the_window() -> None:
    ledger, shelf = Notebook(), shelf_of(100)
    walking = walker(shelf, ledger)

    rest: Window | None = HOUR
    while rest is not None:
        rest = walking.walk(Due(rest, Purpose.BACKFILL)).rest

    assert len(ledger.received) == 100
    assert [claim.window.start for claim in ledger.claims][1:] == [claim.window.end for claim in ledger.claims][:-1]
    assert ledger.claims[-1].window.end == NOW - 60 * SECOND


def test_more_activities_at_one_moment_than_a_walk_is_long_are_read_on() -> None:
    ledger = Notebook()
    shelf = Shelf([activity(number, HOUR.start) for number in range(95)], lambda: NOW)

    walked = walk(shelf, ledger)

    assert (len(ledger.received), walked.rest) == (95, None)


def test_a_server_without_order_is_walked_from_its_newest_end() -> None:
    ledger = Notebook()
    shelf = shelf_of(100, knows_order=False)

    walked = walk(shelf, ledger)

    assert len(ledger.received) == 100
    assert walked.rest is None
    assert ledger.claims[0].window == Window(HOUR.start, NOW - 60 * SECOND)


def test_a_page_continues_by_time_and_joins_on_to_the_one_before() -> None:
    shelf = shelf_of(35)

    walk(shelf, Notebook())

    starts = [query.window.start for query in shelf.asked]
    assert starts[:4] == [HOUR.start + 30 * number * SECOND for number in (0, 9, 19, 29)]
    assert {query.after_id for query in shelf.asked} == {None}
    assert [query.limit for query in shelf.asked][:4] == [10, 11, 11, 11]


def test_a_server_without_order_is_asked_with_it_once_only() -> None:
    shelf = shelf_of(5, knows_order=False)
    walking = walker(shelf, Notebook())

    walking.walk(Due(HOUR, Purpose.TAIL))
    walking.walk(Due(HOUR, Purpose.TAIL))

    assert [query.order for query in shelf.asked] == ["asc", None, None]


def test_a_refusal_of_something_else_is_raised_and_order_is_tried_again_later() -> None:
    def refuse(number: int, query: Query, page: Page) -> Page:
        if number <= 2:
            message = "unknown activity type"
            raise FeedRefusedError(message)
        return page

    shelf = shelf_of(5, refuse)
    walking = walker(shelf, Notebook())

    with pytest.raises(FeedRefusedError, match="activity type"):
        walking.walk(Due(HOUR, Purpose.TAIL))
    walking.walk(Due(HOUR, Purpose.TAIL))

    assert [query.order for query in shelf.asked] == ["asc", None, "asc"]


def test_nothing_is_claimed_when_a_page_is_missing_but_what_came_before_is_stored() -> None:
    def fail(number: int, query: Query, page: Page) -> Page:
        if number == 4:
            message = "busy"
            raise FeedBusyError(message)
        return page

    ledger = Notebook()

    with pytest.raises(FeedBusyError):
        walk(shelf_of(35, fail), ledger)

    assert ledger.claims == []
    assert len(ledger.received) == 30


def test_nothing_is_claimed_when_storing_fails() -> None:
    ledger = Notebook(fail_at=1)

    with pytest.raises(OSError, match="full"):
        walk(shelf_of(35), ledger)

    assert ledger.claims == []


def test_a_lost_cursor_is_reported_and_nothing_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anthropic_audit.feed.reading.MAX_LIMIT", 10)

    def lose(number: int, query: Query, page: Page) -> Page:
        if query.after_id is not None and number in (3, 6):
            message = "invalid cursor"
            raise FeedRefusedError(message)
        return page

    ledger, events = Notebook(), list[Progress]()
    shelf = Shelf([activity(number, HOUR.start + SECOND) for number in range(35)], lambda: NOW, lose)

    rest: Window | None = HOUR
    while rest is not None:
        rest = walker(shelf, ledger, events).walk(Due(rest, Purpose.TAIL)).rest

    assert len(ledger.received) == 35
    assert {one.resumed_at for one in events if isinstance(one, CursorLost)} == {HOUR.start + SECOND}


@given(st.integers(0, 120), st.integers(1, 40), st.integers(1, 5), st.booleans())
def test_any_feed_is_stored_whole_and_claimed_to_its_settled_end(
    count: int, limit: int, longest: int, knows_order: bool
) -> None:
    ledger = Notebook()
    rules = replace(RULES, limit=limit, longest=longest)
    walking = walker(shelf_of(count, knows_order=knows_order), ledger, rules=rules)

    rest: Window | None = HOUR
    while rest is not None:
        rest = walking.walk(Due(rest, Purpose.TAIL)).rest

    assert len(ledger.received) == count
    assert max(claim.window.end for claim in ledger.claims) == NOW - 60 * SECOND


@pytest.mark.parametrize("is_reused", [False, True])
def test_a_copy_is_known_by_its_request_id_unless_ids_are_reused(*, is_reused: bool) -> None:
    answers = RecentRequestIds()
    first, second = Query(HOUR, Filters(), None, 10), Query(Window(HOUR.start + SECOND, HOUR.end), Filters(), None, 10)
    row = activity(1, HOUR.start)
    page = Page((row,), has_more=True, first_id=None, last_id=None, request_id="r", received_at=NOW, server_time=None)

    assert answers.copied(page, first) is None
    assert answers.copied(page, first) is None, "the same question may have the same answer"
    if is_reused:
        assert answers.copied(replace(page, activities=()), second) is None
    assert (answers.copied(page, second) is None) == is_reused


def test_a_first_moment_longer_than_memory_is_no_contradiction() -> None:
    ledger = Notebook()
    shelf = Shelf([activity(number, HOUR.start) for number in range(350)], lambda: NOW)

    walked = walk(shelf, ledger)

    assert (len(ledger.received), walked.rest, len(ledger.claims)) == (350, None, 1)
