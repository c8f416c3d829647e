"""Each rule of the contract, broken alone, through the real client: all is stored, nothing claimed, the rule named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from anthropic_audit.errors import FeedContractError, FeedStalledError
from anthropic_audit.model import Filters

from .broken_server import Row
from .test_contract_law import HOUR, NOW, Collected

STEP = timedelta(seconds=60)
ROWS = [Row(f"activity_{number:04}", NOW - HOUR + number * STEP, "t") for number in range(50)]
EDGES = [Row("activity_first", NOW - 3 * HOUR), Row("activity_later", NOW + 3 * HOUR)]
ALWAYS = range(1, 200)


def collect(broken: str, requests: range | tuple[int, ...] = ALWAYS, *, has_ids: bool = True) -> Collected:
    house = Collected(ROWS + EDGES, {number: [broken] for number in requests}, has_ids=has_ids, knows_order=True)
    house.collect(Filters(), 10)
    return house


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ("one row too early", "window"),
        ("one row too late", "window"),
        ("window ignored", "window"),
        ("more than asked for", "limit"),
        ("cursor skips ahead", "ids"),
        ("cursor goes back", "ids"),
        ("shuffled", "order"),
        ("error beside rows", "answer"),
        ("has_more is missing", "answer"),
        ("data twice", "answer"),
        ("copy, by its age", "cache"),
    ],
)
def test_a_broken_rule_is_named_and_nothing_is_claimed(broken: str, rule: str) -> None:
    house = collect(broken)

    assert isinstance(house.error, FeedContractError)
    assert f"(rule: {rule})" in str(house.error)
    assert "request-id: req_" in str(house.error)
    assert house.error.hint
    assert not house.covered
    assert {row.id for row in ROWS} <= house.stored


def test_a_server_that_ignores_the_order_is_walked_from_its_newest_end() -> None:
    house = Collected(ROWS, {}, has_ids=True, knows_order=True)
    house.server.always_newest_first = True

    house.collect(Filters(), 10)

    assert house.error is None
    assert house.covered.end == NOW - STEP
    assert {row.id for row in ROWS} == house.stored


HARMLESS = ("cursor ignored", "no cursor", "endless cursor", "twice", "byte order mark", "fewer than asked for")


@pytest.mark.parametrize("broken", HARMLESS)
def test_what_costs_nothing_is_read_past(broken: str) -> None:
    house = collect(broken)

    assert house.error is None
    assert house.covered.end == NOW - STEP
    assert {row.id for row in ROWS} <= house.stored


@pytest.mark.parametrize("has_ids", [True, False])
def test_an_opaque_cursor_that_skips_skips_nothing_here(*, has_ids: bool) -> None:
    house = collect("cursor skips ahead", has_ids=has_ids)

    assert {row.id for row in ROWS} <= house.stored
    assert (house.error is None) is not has_ids


def test_pages_without_end_end() -> None:
    house = collect("empty, more")

    assert isinstance(house.error, FeedStalledError)
    assert house.server.requests < 200
    assert not house.covered


@pytest.mark.parametrize("broken", ["one row too late", "shuffled", "cursor skips ahead"])
def test_a_rule_that_is_broken_once_is_forgotten_by_the_next_round(broken: str) -> None:
    house = collect(broken, (2,))
    house.collect(Filters(), 10)

    assert house.error is None
    assert house.covered.end == NOW - STEP


def test_rows_of_another_filter_prove_nothing() -> None:
    others = [Row(f"activity_{number:04}", NOW - HOUR + number * STEP, "other") for number in range(20)]
    house = Collected(others, {number: ["filters ignored"] for number in ALWAYS}, has_ids=True, knows_order=True)

    house.collect(Filters(activity_types=("t",)), 10)

    assert "(rule: filters)" in str(house.error)
    assert not house.covered
