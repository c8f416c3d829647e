from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator.delivery import IndexingBehavior, plan_delivery

Call = Callable[..., Any]
MINUTE = 29_000_000
SECOND_US = 1_000_000


@pytest.fixture
def rows(row: Call) -> list[Any]:
    return [row(MINUTE * 60 * SECOND_US + number, number) for number in range(2000)]


def delays(rows: list[Any], delivery: IndexingBehavior) -> list[float]:
    visible = plan_delivery(delivery, 1, MINUTE, rows).visible_us
    return [(when - one.created_us) / SECOND_US for when, one in zip(visible, rows, strict=True)]


def test_an_ordinary_activity_is_visible_within_the_lag(rows: list[Any]) -> None:
    taken = delays(rows, IndexingBehavior(lag=timedelta(seconds=40)))

    assert min(taken) >= 0
    assert 30 < max(taken) <= 40
    assert sorted(taken)[1000] < 10


def test_no_lag_makes_everything_visible_at_once(rows: list[Any]) -> None:
    assert set(delays(rows, IndexingBehavior(lag=timedelta(0)))) == {0}


def test_a_share_is_late_by_the_lateness_at_most(rows: list[Any]) -> None:
    taken = delays(rows, IndexingBehavior(lag=timedelta(seconds=60), late_share=0.2, lateness=timedelta(hours=1)))

    late = [seconds for seconds in taken if seconds > 60]
    assert 320 < len(late) < 480
    assert 3000 < max(late) <= 3660


def test_disclosures_are_late_by_their_own_lateness(rows: list[Any]) -> None:
    disclosed = [one._replace(type="anthropic_access") for one in rows[:500]]

    taken = delays(disclosed + rows[500:], IndexingBehavior(disclosure_lateness=timedelta(days=2)))

    assert sorted(taken[:500])[250] > 3600
    assert max(taken[500:]) <= 60


def test_a_share_is_delivered_twice(rows: list[Any]) -> None:
    assert 320 < len(plan_delivery(IndexingBehavior(repeat_share=0.2), 1, MINUTE, rows).repeated) < 480


def test_fates_depend_on_seed_and_minute_alone(rows: list[Any]) -> None:
    delivery = IndexingBehavior(late_share=0.1, repeat_share=0.1)

    assert plan_delivery(delivery, 1, MINUTE, rows) == plan_delivery(delivery, 1, MINUTE, rows)
    assert plan_delivery(delivery, 1, MINUTE, rows) != plan_delivery(delivery, 2, MINUTE, rows)
    assert plan_delivery(delivery, 1, MINUTE, rows) != plan_delivery(delivery, 1, MINUTE + 1, rows)


def test_an_activity_is_not_served_before_it_is_visible(call: Call) -> None:
    caller = call(per_minute=30, delivery=IndexingBehavior(lag=timedelta(seconds=60)))

    page = caller.page(("limit", "5000"))

    seen = list(caller.vendor.truth(caller.now - timedelta(days=1), caller.now, caller.now))
    assert [activity["id"] for activity in page["data"]] == [one.id for one in seen][::-1]
    assert len(seen) < 30 * 60 + 15


def test_a_late_activity_appears_behind_the_cursor_and_never_after_it(call: Call) -> None:
    late = IndexingBehavior(lag=timedelta(0), late_share=0.3, lateness=timedelta(hours=2))
    caller = call(per_minute=4, delivery=late)
    before = caller.page(("order", "asc"), ("limit", "5000"))

    caller.now += timedelta(hours=3)

    again = caller.page(("order", "asc"), ("limit", "5000"))
    onwards = caller.page(("order", "asc"), ("after_id", before["last_id"]))
    assert len(again["data"]) > len(before["data"])
    last = before["data"][-1]["id"]
    assert all(activity["id"] > last for activity in onwards["data"])
    assert {one["id"] for one in before["data"]} < {one["id"] for one in again["data"]}
