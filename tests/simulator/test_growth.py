from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anthropic_audit.simulator.growth import NEW_TYPES

Call = Callable[..., Any]


@pytest.fixture
def grown(call: Call) -> Any:
    caller = call(per_minute=20, until=None)
    caller.control("state")
    caller.control("faults", {"kind": "growth", "share": 0.5})
    caller.now += timedelta(minutes=30)
    return caller


def activities(caller: Any, since: timedelta) -> list[dict[str, Any]]:
    start = (caller.now - since).isoformat()
    data: list[dict[str, Any]] = caller.page(("created_at.gte", start), ("limit", "5000"))["data"]
    return data


def test_new_types_fields_and_actors_appear(grown: Any) -> None:
    recent = activities(grown, timedelta(minutes=29))

    assert {activity["type"] for activity in recent} >= set(NEW_TYPES)
    assert any("risk_signal" in activity for activity in recent)
    assert any(activity["actor"]["type"] == "delegated_agent_actor" for activity in recent)
    assert any(
        activity.keys() == {"id", "created_at", "type", "actor", "organization_id", "organization_uuid", "note"}
        for activity in recent
    )


def test_what_was_before_stays_as_it_was(grown: Any, call: Call) -> None:
    start = (grown.now - timedelta(hours=2)).isoformat()
    end = (grown.now - timedelta(minutes=31)).isoformat()
    span = (("created_at.gte", start), ("created_at.lt", end), ("limit", "5000"))

    assert grown.page(*span)["data"] == call(per_minute=20, until=None).page(*span)["data"]


def test_grown_activities_keep_their_ids_and_times(grown: Any, call: Call) -> None:
    plain = call(per_minute=20, until=None)
    plain.now = grown.now

    ordinary = [(seen.id, seen.created_at, seen.visible_at) for seen in plain.truth()]

    assert [(seen.id, seen.created_at, seen.visible_at) for seen in grown.truth()] == ordinary


def test_a_server_knows_its_own_new_types(grown: Any) -> None:
    page = grown.page(("activity_types[]", NEW_TYPES[0]))

    assert {activity["type"] for activity in page["data"]} == {NEW_TYPES[0]}


def test_a_new_type_is_unknown_before_it_exists(call: Call) -> None:
    assert call().ask(("activity_types[]", NEW_TYPES[0])).status == 400


def test_growth_can_begin_with_the_vendor(call: Call) -> None:
    caller = call(per_minute=20, until=None, growth_share=0.5)
    caller.page()
    caller.now += timedelta(minutes=10)

    assert {activity["type"] for activity in activities(caller, timedelta(minutes=9))} & set(NEW_TYPES)
