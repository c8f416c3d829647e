"""A feed that serves a stored activity again with another time or other bytes, from the response to the output."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from tests.collecting import NOTHING_WRONG, NOW, House, settings

from anthropic_audit.archive import open_reader, verify
from anthropic_audit.diagnosis import State, archive_findings
from anthropic_audit.progress import ChangedActivities
from anthropic_audit.service import FeedRun, open_feeds
from anthropic_audit.service.metrics import ServiceMetrics
from anthropic_audit.settings import FeedSettings
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.status.changed_repeats import change_counts, newest_changes
from anthropic_audit.testing import simulated_transport
from anthropic_audit.times import format_time

Alter = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def altered(house: House, alter: Alter) -> FeedRun:
    """Return a feed whose pages are altered before they are read."""
    honest = simulated_transport(house.vendor, house.clock)

    def answer(request: httpx2.Request) -> httpx2.Response:
        response = honest.handle_request(request)
        page = orjson.loads(response.read())
        if "data" in page:
            page["data"] = alter(page["data"])
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx2.Response(response.status_code, headers=headers, content=orjson.dumps(page))

    asked = {"name": "acme", "initial_interval": "4d", "batch_size": 500}
    secret = house.vendor.keys.named("compliance").secret
    feeds = [(FeedSettings.model_validate(asked), secret)]
    (run,) = open_feeds(feeds, house.clock, house.requests.watch, httpx2.MockTransport(answer))
    return run


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A feed that was collected some time ago: its overlap is read again next."""
    made = House(tmp_path / "archive", settings(world=WorldSettings(seed=5, activities_per_day=2000, people=12)))
    made.collect(made.feed())
    made.clock.advance(timedelta(minutes=3))
    return made


def with_member(activities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "reviewed": True} for one in activities]


def in_other_order(activities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(reversed(one.items())) for one in activities]


def as_altered_by(house: House, alter: Alter) -> tuple[list[ChangedActivities], State | None]:
    run = altered(house, alter)
    (outcome,) = house.collect(run)
    told = [one for one in house.told if isinstance(one, ChangedActivities)]
    found = {one.what: one.state for one in archive_findings(str(house.folder), [run.settings], house.clock.now())}
    assert outcome.error is None
    return told, found.get("feed acme: changes")


def test_what_an_overlap_reads_again_with_other_content_is_recorded_and_told(house: House) -> None:
    told, state = as_altered_by(house, with_member)
    again, _ = as_altered_by(house, with_member)

    with open_reader(str(house.folder)).connect() as connection:
        (counts,) = change_counts(connection)
        newest = newest_changes(connection, 5)
    assert counts.texts == counts.activities == told[0].activities > 0
    assert counts.same_content == told[0].same_content == 0
    assert {one.is_same_content for one in newest} == {False}
    assert again == told
    assert state is State.WARNING
    assert verify(open_reader(str(house.folder))) == []


def test_another_order_of_members_is_told_as_spelling(house: House) -> None:
    told, state = as_altered_by(house, in_other_order)

    assert told[0].activities == told[0].same_content > 0
    assert state is State.FINE


def test_an_old_activity_that_is_served_with_a_new_time_is_stored_once(house: House) -> None:
    with open_reader(str(house.folder)).connect() as connection:
        old = connection.sql("SELECT raw FROM activities ORDER BY created_at LIMIT 1").fetchall()[0][0]

    def dated_again(activities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not activities:
            return activities
        times = [datetime.fromisoformat(one["created_at"]) for one in activities]
        moved = {**orjson.loads(old), "created_at": format_time(times[0])}
        return [activities[0], moved, *activities[1:]]

    told, _ = as_altered_by(house, dated_again)

    assert told[0].examples == (orjson.loads(old)["id"],)
    assert {**house.missing(), "altered": 0} == NOTHING_WRONG
    with open_reader(str(house.folder)).connect() as connection:
        (change,) = newest_changes(connection, 5)
    assert change.created_at - change.stored_created_at > timedelta(days=2)


def test_changes_are_counted_for_prometheus(house: House) -> None:
    figures = ServiceMetrics(lambda _: None, house.clock)

    figures.watch(ChangedActivities("acme", 5, 2, ("activity_1",)))

    with house.collector() as collector:
        text = figures.text(collector._archive, []).decode()
    assert 'anthropic_audit_activities_changed_total{content="other",feed="acme"} 3.0' in text
    assert 'anthropic_audit_activities_changed_total{content="same",feed="acme"} 2.0' in text
    assert house.clock.now() > NOW
