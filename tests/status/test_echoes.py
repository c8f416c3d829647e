"""Our own requests, as the vendor's activities record them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.collecting import House, settings

from anthropic_audit.archive import open_reader
from anthropic_audit.service import FeedRun
from anthropic_audit.status.echoes import accesses


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, settings())


def go_on(house: House, *runs: FeedRun, rounds: int = 6) -> None:
    for _ in range(rounds):
        house.collect(*runs)
        house.clock.advance(timedelta(minutes=5))


def test_requests_come_back_and_say_how_long_that_took(house: House) -> None:
    go_on(house, house.feed())

    with open_reader(str(house.folder)).connect() as connection:
        (echo,) = accesses(connection, house.clock.now()).echoes

    assert echo.feed == "acme"
    assert echo.asked == echo.heard > 3
    assert not echo.is_silent
    assert echo.typical is not None
    assert timedelta(0) < echo.typical <= timedelta(minutes=6)


def test_a_feed_that_tells_of_no_request_is_silent(house: House) -> None:
    go_on(house, house.feed(exclude_activity_types=["compliance_api_accessed"]))

    with open_reader(str(house.folder)).connect() as connection:
        (echo,) = accesses(connection, house.clock.now()).echoes

    assert echo.is_silent
    assert echo.last_heard is None


def test_what_was_asked_after_the_last_walk_is_not_missed_yet(house: House) -> None:
    go_on(house, house.feed(), rounds=1)

    with open_reader(str(house.folder)).connect() as connection:
        assert accesses(connection, house.clock.now() + timedelta(hours=1)).echoes == []


def test_our_own_requests_are_not_foreign(house: House) -> None:
    go_on(house, house.feed())

    with open_reader(str(house.folder)).connect() as connection:
        assert accesses(connection, house.clock.now()).strangers == []
        spenders = accesses(connection, house.clock.now()).spenders
        assert [one.user_agent for one in spenders if one.is_ours] == ["anthropic-audit"]


def test_a_foreign_request_under_our_key_is_found(house: House) -> None:
    go_on(house, house.feed(), rounds=2)
    thief = house.feed("elsewhere")
    client = thief.feed._feed  # type: ignore[attr-defined]  # a thief does not ask
    client._budget.watch = lambda _: None
    client._client.headers["user-agent"] = "curl/8.4.0"
    with house.collector() as collector:
        collector._requests = None
        collector.once([thief])
    go_on(house, house.feed(), rounds=3)

    with open_reader(str(house.folder)).connect() as connection:
        found = accesses(connection, house.clock.now()).strangers
        spent = accesses(connection, house.clock.now()).spenders

    assert found
    assert {one.user_agent for one in found} == {"curl/8.4.0"}
    assert {(one.user_agent, one.is_ours) for one in spent if one.user_agent} >= {
        ("curl/8.4.0", False),
        ("anthropic-audit", True),
    }


def test_what_a_crash_left_unrecorded_is_not_taken_for_a_stranger(house: House) -> None:
    go_on(house, house.feed(), rounds=2)
    with house.collector() as collector:
        collector._requests = None
        collector.once([house.feed()])
    house.requests._pending.clear()
    go_on(house, house.feed(), rounds=3)

    with open_reader(str(house.folder)).connect() as connection:
        assert accesses(connection, house.clock.now()).strangers == []
