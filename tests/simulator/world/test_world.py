from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from anthropic_audit.catalogue import FieldSpec, load
from anthropic_audit.simulator.world import Row, World, WorldSettings

MONDAY = 29_691_360
"""The minute, since the epoch, in which a Monday of 2026 began, UTC."""
DAY, WEEK, ERA = 1440, 7 * 1440, 10 * 1440


@cache
def world(activities_per_day: float = 3000.0, seed: int = 1) -> World:
    return World(WorldSettings(seed=seed, activities_per_day=activities_per_day), load())


@cache
def week() -> tuple[Row, ...]:
    return tuple(row for minute in range(MONDAY, MONDAY + WEEK) for row in world().rows(minute))


def test_a_minute_is_told_the_same_way_in_any_order_and_any_process() -> None:
    program = (
        "from hashlib import sha256\n"
        "from anthropic_audit.catalogue import load\n"
        "from anthropic_audit.simulator.world import World, WorldSettings\n"
        "world = World(WorldSettings(activities_per_day=3000.0), load())\n"
        f"minutes = [row.raw for minute in range({MONDAY} + 840, {MONDAY} + 900) for row in world.rows(minute)]\n"
        "print(sha256(b''.join(minutes)).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True)

    backwards = [world().rows(minute) for minute in reversed(range(MONDAY + 840, MONDAY + 900))]

    own = sha256(b"".join(row.raw for rows in reversed(backwards) for row in rows)).hexdigest()
    assert done.stdout.strip() == own


def test_another_seed_is_another_world() -> None:
    rows = {row.id for row in world(seed=2).rows(MONDAY + 840)}

    assert rows
    assert rows.isdisjoint(row.id for row in world().rows(MONDAY + 840))


def test_rows_are_in_order_each_in_its_minute_and_each_id_once() -> None:
    rows = week()

    assert list(rows) == sorted(rows, key=lambda row: (row.created_us, row.id))
    assert len({row.id for row in rows}) == len(rows)
    assert all(
        row.created_us // 60_000_000 == minute for minute in range(MONDAY, MONDAY + DAY) for row in world().rows(minute)
    )


def test_a_row_says_what_its_activity_says() -> None:
    for row in week()[:500]:
        activity = json.loads(row.raw)
        actor = activity["actor"]
        user = actor["user_id"] if actor["type"] == "user_actor" else None
        assert (activity["id"], activity["type"], user) == (row.id, row.type, row.actor_user_id)
        assert (activity["organization_id"], activity["organization_uuid"]) == (
            row.organization_id,
            row.organization_uuid,
        )


@pytest.mark.parametrize("activities_per_day", [200.0, 3000.0, 20_000.0])
def test_a_week_has_as_many_activities_as_asked_for(activities_per_day: float) -> None:
    busy = world(activities_per_day)

    count = sum(len(busy.rows(minute)) for minute in range(MONDAY, MONDAY + WEEK))

    assert count == pytest.approx(7 * activities_per_day, rel=0.25 if activities_per_day < 1000 else 0.1)


def test_ten_a_day_is_possible() -> None:
    rows = [row for minute in range(MONDAY, MONDAY + 4 * WEEK) for row in world(10.0).rows(minute)]

    assert 140 < len(rows) < 420


def test_two_thousand_a_second_is_possible() -> None:
    rows = world(2000.0 * 86_400).rows(MONDAY + 3 * 60)  # at night, which is quick to make

    assert len(rows) > 10_000


def test_work_is_done_on_working_days_in_working_hours() -> None:
    days, hours = Counter[bool](), Counter[int]()
    for row in week():
        minute = row.created_us // 60_000_000 - MONDAY
        days[minute >= 5 * DAY] += 1
        hours[minute % DAY // 60] += 1

    assert days[False] / 5 > 4 * days[True] / 2
    assert max(hours.values()) > 2 * min(hours.values())


def test_a_person_stays_at_one_place_through_a_day() -> None:
    places: dict[str, set[str]] = {}
    stolen = {name for story in world().storylines(MONDAY - ERA, MONDAY + ERA) for name in story.activity_ids}
    for row in week():
        activity = json.loads(row.raw)
        if (
            row.actor_user_id
            and MONDAY + DAY <= row.created_us // 60_000_000 < MONDAY + 2 * DAY
            and row.id not in stolen
        ):
            places.setdefault(row.actor_user_id, set()).add(activity["actor"]["ip_address"])

    several = [person for person, addresses in places.items() if len(addresses) > 2]

    assert len(places) > 50
    assert several == []


@pytest.mark.parametrize("name", ["stolen_session", "insider_export", "logging_off", "night_key", "password_spray"])
def test_each_era_holds_each_story(name: str) -> None:
    era = MONDAY // ERA * ERA
    (story,) = [one for one in world().storylines(era, era + ERA) if one.name == name]

    rows = {row.id for minute in range(era, era + ERA) for row in world().rows(minute)}

    assert len(story.activity_ids) >= 5
    assert rows.issuperset(story.activity_ids)
    assert "{" not in story.sentence + story.search


TYPES = sorted(load().types)


@pytest.mark.parametrize("family", sorted({kind.family for kind in load().types.values()}))
def test_every_type_has_valid_fields_for_each_actor_it_allows(family: str) -> None:
    kinds = [kind for kind in load().types.values() if kind.family == family]
    random = Random(family)

    problems = [
        f"{kind.name} by {actor}: {problem}"
        for kind in kinds
        for actor in kind.actors
        for _ in range(3)
        for problem in _problems(world().example(kind.name, actor, random), kind.name, actor)
    ]

    assert problems == []


def _problems(activity: Mapping[str, Any], name: str, actor: str) -> Iterator[str]:
    catalogue = load()
    own = {"id", "created_at", "type", "actor", "organization_id", "organization_uuid"}
    fields = {key: value for key, value in activity.items() if key not in own}
    yield from _misfits(fields, catalogue.types[name].fields, name)
    members = dict(activity["actor"])
    if members.pop("type") != actor:
        yield "another kind of actor"
    yield from _misfits(members, catalogue.actors[actor].fields, actor)


def _misfits(given: Mapping[str, Any], fields: Mapping[str, FieldSpec], where: str) -> Iterator[str]:
    yield from (f"{where}.{name} is not documented" for name in given.keys() - fields.keys())
    for name, spec in fields.items():
        if name not in given:
            if spec.is_required:
                yield f"{where}.{name} is missing"
        elif given[name] is None:
            if not spec.is_nullable:
                yield f"{where}.{name} is null"
        elif spec.is_array and not isinstance(given[name], list):
            yield f"{where}.{name} is not a list"
        elif spec.is_array:
            yield from (problem for item in given[name] for problem in _misfit(item, spec, f"{where}.{name}"))
        else:
            yield from _misfit(given[name], spec, f"{where}.{name}")


def _misfit(value: Any, spec: FieldSpec, where: str) -> Iterator[str]:
    shapes: dict[str, type[Any]] = {
        "string": str,
        "number": int,
        "boolean": bool,
        "enum": str,
        "object": dict,
        "map": dict,
        "unknown": object,
    }
    if not isinstance(value, shapes[spec.kind]):
        yield f"{where} is {value!r}"
    elif spec.kind == "enum" and spec.values and value not in spec.values:
        yield f"{where} is {value!r}, not one of {spec.values}"
    elif spec.variants:
        if all(list(_misfits(value, variant, where)) for variant in spec.variants):
            yield f"{where} is none of its variants: {value!r}"
    elif spec.kind == "object" and spec.fields:
        yield from _misfits(value, spec.fields, where)
