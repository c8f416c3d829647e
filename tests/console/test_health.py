"""Feed health: each problem is described, and a healthy feed has none."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import DeliveryLedger, open_reader, open_writer
from anthropic_audit.console.health import Health, gather
from anthropic_audit.model import Delivery, DeliveryPurpose, Rejection, RequestMade, Window
from anthropic_audit.settings import Settings
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.status import FeedState

HOUR = timedelta(hours=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A feed that was collected up to now, twice, ten minutes apart, so that the first requests came back."""
    made = House(tmp_path / "archive", settings(world=WorldSettings(seed=5, activities_per_day=200, people=12)))
    run = made.feed()
    made.collect(run)
    made.clock.advance(timedelta(minutes=12))
    made.collect(run)
    return made


def health(house: House, **told: Any) -> Health:
    reader = open_reader(str(house.folder))
    configured = Settings.model_validate({"archive": str(house.folder), "feeds": [{"name": "acme"}], **told})
    with reader.connect() as connection:
        return gather(connection, configured, reader, house.clock.now())


def test_a_feed_in_order_has_no_trouble(house: House) -> None:
    found = health(house)

    (feed,) = found.feeds
    assert list(found.problems) == []
    assert (feed.status.state, feed.holes, feed.refused) == (FeedState.CURRENT, 0, [])
    assert feed.echo is not None
    assert feed.echo.heard == feed.echo.asked > 0
    assert feed.calendar.count("missing") == feed.calendar.count("partial") == 0
    assert found.counts.not_normalized == 0
    assert {"activities", "events", "coverage", "requests"} <= found.sizes.keys()
    assert found.nbytes == sum(file.stat().st_size for file in house.folder.rglob("*.parquet"))


def test_a_feed_that_stopped_is_told_to_be_behind(house: House) -> None:
    house.clock.advance(5 * HOUR)

    (problem,) = health(house).problems

    assert problem.startswith("acme is 5h1m behind")


def test_a_hole_is_told(house: House) -> None:
    house.clock.advance(5 * HOUR)
    with open_writer(str(house.folder), house.clock) as archive:
        last = open_reader(str(house.folder)).coverage()[-1]
        window = Window(house.clock.now() - HOUR, house.clock.now())
        archive.claim(replace(last, window=window, walk_id="w9"))

    found = health(house)

    assert [one for one in found.problems if "hole" in one] == ["acme has 1 hole in its coverage, listed below"]
    assert [one.feed for one in found.gaps] == ["acme"]
    assert found.feeds[0].calendar.count("partial") == 1


def test_a_feed_of_the_settings_that_was_never_walked_is_told(house: House) -> None:
    found = health(house, feeds=[{"name": "acme"}, {"name": "other"}])

    assert list(found.problems) == ["other is configured, but was never collected with these filters"]


def test_refused_requests_are_told_with_their_status(house: House) -> None:
    now = house.clock.now()
    with open_writer(str(house.folder), house.clock) as archive:
        archive.record_requests(
            [RequestMade("acme", f"req_{number}", now - number * HOUR, 429) for number in range(1, 4)]
            + [RequestMade("acme", "req_odd", now - HOUR, 599)]
        )

    (feed,) = health(house).feeds

    assert feed.refused == [("429 Too Many Requests", 3, now - HOUR), ("599", 1, now - HOUR)]


def test_a_silent_feed_is_told(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.record_requests([RequestMade("quiet", "req_q", NOW - HOUR, 200)])
        walk = open_reader(str(house.folder)).coverage()[-1]
        archive.claim(replace(walk, feed="quiet", walk_id="w9"))

    problems = list(health(house).problems)

    assert problems == ["quiet is silent: no echo of 1 requests in the last 24 hours was received"]


def test_a_sink_that_refuses_events_is_told(house: House) -> None:
    now = house.clock.now()
    delivery = Delivery("siem", DeliveryPurpose.FOLLOW, 1, 10, 9, 0, 1, 0, 1_000, now - HOUR, now)
    rejection = Rejection(
        "siem", 3, "activity_3", NOW - HOUR, 400, "mapper_parsing_exception", is_resolved=False, recorded_at=now
    )
    with closing(DeliveryLedger(str(house.folder), "siem", now)) as ledger:
        ledger.record(delivery, [rejection])

    found = health(house)

    assert list(found.problems) == ["siem refuses 1 events: run `anthropic-audit sinks rejected` for the reasons"]
    assert found.sinks[0].behind == found.counts.events - 10
