from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedRefusedError, FeedStalledError
from anthropic_audit.feed.pages import Pages, read_ahead
from anthropic_audit.model import Activity, FeedOrder, Page, Query, Window
from anthropic_audit.testing import FakeClock

from .shelf import Shelf, Spoil, activity, truthful

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WHOLE = Window(NOW - timedelta(hours=1), NOW)


def row(number: int, second: int) -> Activity:
    return activity(number, WHOLE.start + timedelta(seconds=second))


def on_shelf(rows: list[Activity], spoil: Spoil = truthful) -> Shelf:
    return Shelf(rows, lambda: NOW, spoil)


def read(
    shelf: Shelf, *, order: FeedOrder | None = FeedOrder.ASCENDING, limit: int = 3, clock: FakeClock | None = None
) -> list[str]:
    resumed: list[datetime] = []
    pages = Pages(shelf, clock or FakeClock(NOW), resumed.append)
    query = Query(WHOLE, order=order, limit=limit)
    return [one.id for read in read_ahead(pages.read(query)) for one in read.page.activities]


rows = st.lists(st.integers(0, 8), min_size=0, max_size=20).map(
    lambda seconds: [row(number, second) for number, second in enumerate(seconds)]
)


@given(rows, st.sampled_from([FeedOrder.ASCENDING, None]), st.integers(1, 7))
def test_every_activity_is_read_once_in_order(given_rows: list[Activity], order: FeedOrder | None, limit: int) -> None:
    found = read(on_shelf(given_rows), order=order, limit=limit)

    expected = [one.id for one in sorted(given_rows, key=lambda one: (one.created_at, one.id))]
    assert found == (expected if order else expected[::-1])


@given(rows, st.sampled_from([FeedOrder.ASCENDING, None]), st.sets(st.integers(1, 12), max_size=4))
def test_a_lost_cursor_costs_repeats_and_never_an_activity(
    given_rows: list[Activity], order: FeedOrder | None, lost: set[int]
) -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        if number in lost and query.after_id:
            message = "the cursor is no longer valid"
            raise FeedRefusedError(message)
        return page

    found = read(on_shelf(given_rows, spoil), order=order, limit=9)

    assert set(found) == {one.id for one in given_rows}


def test_an_empty_page_is_not_the_end() -> None:
    rows = [row(number, number) for number in range(9)]

    def spoil(number: int, query: Query, page: Page) -> Page:
        return replace(page, activities=(), first_id=None, last_id=None, has_more=True) if number == 2 else page

    assert set(read(on_shelf(rows, spoil))) == {one.id for one in rows}


def test_a_page_served_again_is_read_past() -> None:
    rows = [row(number, number) for number in range(9)]
    first: list[Page] = []

    def spoil(number: int, query: Query, page: Page) -> Page:
        first.append(page)
        return first[0] if number in (2, 3) else page

    assert set(read(on_shelf(rows, spoil))) == {one.id for one in rows}


def test_a_feed_that_stays_where_it_is_ends_the_walk() -> None:
    rows = [row(number, 5) for number in range(9)]
    clock = FakeClock(NOW)

    with pytest.raises(FeedStalledError, match="stays at 2026-11-23 11:00:05"):
        read(
            on_shelf(
                rows,
                lambda _number, _query, page: replace(
                    page, activities=page.activities[:1], has_more=True, last_id="a000000"
                ),
            ),
            clock=clock,
        )

    assert clock.waited == [1, 2, 4, 8]


def test_a_feed_that_only_promises_ends_the_walk() -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        return replace(page, activities=(), first_id=None, last_id=None, has_more=True)

    with pytest.raises(FeedStalledError, match="stays at 2026-11-23 11:00:00"):
        read(on_shelf([], spoil))


def test_a_refused_question_is_not_asked_again() -> None:
    def spoil(number: int, query: Query, page: Page) -> Page:
        message = "unknown type"
        raise FeedRefusedError(message)

    shelf = on_shelf([], spoil)

    with pytest.raises(FeedRefusedError):
        read(shelf)
    assert len(shelf.asked) == 1
