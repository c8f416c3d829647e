from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedRefusedError, FeedStalledError
from anthropic_audit.feed.decode import decode_activity
from anthropic_audit.feed.pages import Pages, read_ahead
from anthropic_audit.model import Activity, Order, Page, Query, Window
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WHOLE = Window(NOW - timedelta(hours=1), NOW)


def activity(number: int, second: int) -> Activity:
    when = format_time(WHOLE.start + timedelta(seconds=second))
    return decode_activity(b'{"id":"a%03d","type":"t","created_at":"%s"}' % (number, when.encode()))


class Shelf:
    """A feed over a list of activities whose cursor is a place in the list; `spoil` may change any answer."""

    def __init__(self, activities: list[Activity], spoil: Callable[[int, Query, Page], Page] | None = None) -> None:
        self._activities = sorted(activities, key=lambda one: (one.created_at, one.id))
        self._spoil = spoil or (lambda _number, _query, page: page)
        self.asked: list[Query] = []

    def read_page(self, query: Query) -> Page:
        self.asked.append(query)
        rows = [one for one in self._activities if query.window.start <= one.created_at < query.window.end]
        rows = rows if query.order is Order.ASCENDING else rows[::-1]
        after = [one.id for one in rows].index(query.after_id) + 1 if query.after_id else 0
        shown = tuple(rows[after : after + query.limit])
        page = Page(
            activities=shown,
            has_more=after + query.limit < len(rows),
            first_id=shown[0].id if shown else None,
            last_id=shown[-1].id if shown else None,
            request_id="req_1",
            received_at=NOW,
            server_time=None,
        )
        return self._spoil(len(self.asked), query, page)


def read(
    shelf: Shelf, *, order: Order | None = Order.ASCENDING, limit: int = 3, clock: FakeClock | None = None
) -> list[str]:
    resumed: list[datetime] = []
    pages = Pages(shelf, clock or FakeClock(NOW), resumed.append)
    query = Query(WHOLE, order=order, limit=limit)
    return [one.id for page in read_ahead(pages.read(query)) for one in page.activities]


rows = st.lists(st.integers(0, 8), min_size=0, max_size=20).map(
    lambda seconds: [activity(number, second) for number, second in enumerate(seconds)]
)


@given(rows, st.sampled_from([Order.ASCENDING, None]), st.integers(1, 7))
def test_every_activity_is_read_once_in_order(given_rows: list[Activity], order: Order | None, limit: int) -> None:
    found = read(Shelf(given_rows), order=order, limit=limit)

    expected = [one.id for one in sorted(given_rows, key=lambda one: (one.created_at, one.id))]
    assert found == (expected if order else expected[::-1])


@given(rows, st.sampled_from([Order.ASCENDING, None]), st.sets(st.integers(1, 12), max_size=4))
def test_a_lost_cursor_costs_repeats_and_never_an_activity(
    given_rows: list[Activity], order: Order | None, lost: set[int]
) -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        if number in lost and query.after_id:
            message = "the cursor is no longer valid"
            raise FeedRefusedError(message)
        return page

    found = read(Shelf(given_rows, spoil), order=order, limit=9)

    assert set(found) == {one.id for one in given_rows}


def test_an_empty_page_is_not_the_end() -> None:
    rows = [activity(number, number) for number in range(9)]

    def spoil(number: int, query: Query, page: Page) -> Page:
        return replace(page, activities=(), first_id=None, last_id=None, has_more=True) if number == 2 else page

    assert set(read(Shelf(rows, spoil))) == {one.id for one in rows}


def test_a_page_served_again_is_read_past() -> None:
    rows = [activity(number, number) for number in range(9)]
    first: list[Page] = []

    def spoil(number: int, query: Query, page: Page) -> Page:
        first.append(page)
        return first[0] if number in (2, 3) else page

    assert set(read(Shelf(rows, spoil))) == {one.id for one in rows}


def test_a_feed_that_stays_where_it_is_ends_the_walk() -> None:
    rows = [activity(number, 5) for number in range(9)]
    clock = FakeClock(NOW)

    with pytest.raises(FeedStalledError, match="stays at 2026-11-23 11:00:05"):
        read(
            Shelf(
                rows,
                lambda _number, _query, page: replace(
                    page, activities=page.activities[:1], has_more=True, last_id="a000"
                ),
            ),
            clock=clock,
        )

    assert clock.waited == [1, 2, 4, 8]


def test_a_feed_that_only_promises_ends_the_walk() -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        return replace(page, activities=(), first_id=None, last_id=None, has_more=True)

    with pytest.raises(FeedStalledError, match="stays at 2026-11-23 11:00:00"):
        read(Shelf([], spoil))


def test_a_refused_question_is_not_asked_again() -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        message = "unknown type"
        raise FeedRefusedError(message)

    shelf = Shelf([], spoil)

    with pytest.raises(FeedRefusedError):
        read(shelf)
    assert len(shelf.asked) == 1
