from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.simulator import IndexingBehavior

Call = Callable[..., Any]
Query = tuple[tuple[str, str], ...]
Happening = tuple[int, int, int, int]

MANY = settings(max_examples=60, deadline=None)
TWICE = IndexingBehavior(lag=timedelta(0), repeat_share=0.5)

happenings = st.lists(
    st.tuples(st.integers(60, 90), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), max_size=40
)
"""Seconds before now (few, so that many share one), type, actor, organization."""

FILTERS: list[Query] = [
    (),
    (("activity_types[]", "claude_chat_created"),),
    (("exclude_activity_types[]", "claude_chat_viewed"),),
    (("actor_ids[]", "user_01AAA"),),
    (("organization_ids[]", "org_01BBB"),),
    (("created_at.gte", "2026-11-23T08:59:12Z"), ("created_at.lt", "2026-11-23T08:59:25Z")),
]
questions = st.sampled_from([(*query, ("order", order)) for query in FILTERS for order in ("asc", "desc")])
limits = st.integers(1, 12)


def ids(pages: Iterable[dict[str, Any]]) -> list[str]:
    return [activity["id"] for page in pages for activity in page["data"]]


@MANY
@given(happened=happenings, query=questions, limit=limits)
def test_walking_after_each_page_yields_each_activity_once_in_order(
    happened: list[Happening], query: Query, limit: int, *, call_over: Call
) -> None:
    caller = call_over(happened)
    whole = ids([caller.page(*query, ("limit", "5000"))])

    pages = list(caller.walk(*query, ("limit", str(limit))))

    assert ids(pages) == whole
    assert all(len(page["data"]) <= limit for page in pages)


@MANY
@given(happened=happenings, query=questions, limit=limits)
def test_walking_before_each_page_goes_back_over_the_same_activities(
    happened: list[Happening], query: Query, limit: int, *, call_over: Call
) -> None:
    caller = call_over([*happened, (75, 0, 0, 1)])  # one that every question selects
    there = caller.page(*query, ("limit", "5000"))

    back = list(caller.walk(*query, ("limit", str(limit)), cursor="before_id", start=there["last_id"]))

    assert ids(back[::-1]) == ids([there])[:-1]
    assert all(len(page["data"]) <= limit for page in back)


@MANY
@given(happened=happenings)
def test_the_two_orders_are_each_others_reverse(happened: list[Happening], call_over: Call) -> None:
    caller = call_over(happened)

    up, down = (ids([caller.page(("order", way), ("limit", "5000"))]) for way in ("asc", "desc"))

    assert up == down[::-1]
    assert up == [seen.id for seen in sorted(caller.truth(), key=lambda seen: (seen.created_at, seen.id))]


@MANY
@given(happened=happenings, query=questions, limit=limits)
def test_repeated_deliveries_lose_no_activity_and_overfill_no_page(
    happened: list[Happening], query: Query, limit: int, *, call_over: Call
) -> None:
    caller = call_over(happened, delivery=TWICE)
    whole = ids([caller.page(*query, ("limit", "5000"))])

    pages = list(caller.walk(*query, ("limit", str(limit))))

    assert set(ids(pages)) == set(whole)
    assert all(len(page["data"]) <= limit for page in pages)


@MANY
@given(happened=happenings, query=questions, limit=limits)
def test_repeated_deliveries_lose_no_activity_on_the_way_back(
    happened: list[Happening], query: Query, limit: int, *, call_over: Call
) -> None:
    caller = call_over([*happened, (75, 0, 0, 1)], delivery=TWICE)
    there = caller.page(*query, ("limit", "5000"))

    back = list(caller.walk(*query, ("limit", str(limit)), cursor="before_id", start=there["last_id"]))

    last = there["data"][-1]["id"]
    assert set(ids(back)) | {last} == set(ids([there]))
    assert all(len(page["data"]) <= limit for page in back)


def test_going_back_gives_the_page_next_to_the_cursor_not_the_newest(call: Call) -> None:
    caller = call(per_minute=1)
    newest, *_, oldest = caller.walk(("limit", "5"))

    page = caller.page(("before_id", oldest["first_id"]), ("limit", "5"))

    assert page["has_more"] is True
    assert page["data"][-1]["created_at"] == "2026-11-23T08:01:00+00:00"
    assert page["data"][-1]["id"] > oldest["data"][0]["id"]
    assert page["data"][0]["id"] < newest["data"][-1]["id"]


def test_a_repeated_activity_comes_twice_in_its_page(call: Call, row: Call, at_us: Callable[[float], int]) -> None:
    rows = [row(at_us(100 - number), number) for number in range(3)]

    page = call(rows, delivery=IndexingBehavior(lag=timedelta(0), repeat_share=1.0)).page(("order", "asc"))

    assert ids([page]) == [one.id for one in rows for _ in range(2)]


def test_a_repeated_activity_comes_again_on_the_page_that_follows(
    call: Call, row: Call, at_us: Callable[[float], int]
) -> None:
    rows = [row(at_us(100 - number), number) for number in range(4)]
    caller = call(rows, delivery=IndexingBehavior(lag=timedelta(0), repeat_share=1.0))

    first, second, *_ = caller.walk(("order", "asc"), ("limit", "3"))

    assert rows[1].id in ids([first])
    assert rows[1].id in ids([second])


def test_a_cursor_goes_with_another_filter_and_other_bounds(call: Call) -> None:
    caller = call(per_minute=4)
    first = caller.page(("limit", "10"))

    page = caller.page(
        ("after_id", first["last_id"]),
        ("activity_types[]", "api_key_created"),
        ("created_at.gte", "2026-11-23T08:40:00Z"),
    )

    assert {activity["type"] for activity in page["data"]} == {"api_key_created"}
    assert max(ids([page])) < min(ids([first]))
