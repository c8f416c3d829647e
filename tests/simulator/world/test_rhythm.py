"""The number of activities: exactly as many as requested, with any other settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.simulator import VendorSettings, open_vendor
from anthropic_audit.simulator.world import Extent, World, WorldSettings
from anthropic_audit.simulator.world.rhythm import Rhythm

NOW = datetime(2026, 11, 26, 16, 42, 17, tzinfo=UTC)
WORLDS = {
    "one": (1, "30d", 120),
    "three": (3, "30d", 120),
    "ten": (10, "30d", 120),
    "a hundred": (100, "30d", 120),
    "a thousand": (1000, "30d", 120),
    "some in a weekend": (500, "3d", 12),
    "many in an hour": (2000, "1h", 20),
    "for one person": (300, "7d", 1),
    "thousands": (4321, "4d", 40),
    "many people": (2000, "2d", 300),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("count", "history", "people"), WORLDS.values(), ids=WORLDS.keys())
@pytest.mark.parametrize("seed", [7])
def test_a_history_has_as_many_activities_as_asked_for(count: int, history: str, people: int, seed: int) -> None:
    hours = int(history[:-1]) * (24 if history.endswith("d") else 1)
    world = WorldSettings(seed=seed, people=people, activities=count)

    vendor = open_vendor(VendorSettings(world=world, history=timedelta(hours=hours), until=NOW), NOW)

    assert vendor.activities(NOW + timedelta(days=1)) == pytest.approx(count, rel=0.01, abs=0.1)


def test_a_world_that_goes_on_has_as_many_up_to_now() -> None:
    settings = VendorSettings(world=WorldSettings(activities=1000), history=timedelta(days=2))

    assert open_vendor(settings, NOW).activities(NOW) == pytest.approx(1000, rel=0.01)


def test_five_million_in_a_month_are_spread_exactly() -> None:
    first = 29_691_360
    extent = Extent(5_000_000, first + 17, first + 17 + 30 * 1440)
    rhythm = Rhythm(1, 0.0, extent)

    days = range(extent.first_minute // 1440, extent.end_minute // 1440 + 1)
    counts = [rhythm.count(*block) for day in days for block in rhythm.blocks(day) if rhythm.is_inside(block[0])]

    assert sum(counts) == 5_000_000


def test_an_hour_of_five_million_a_month_has_what_its_block_says() -> None:
    first = 29_691_360
    world = World(WorldSettings(activities=5_000_000), load(), Extent(5_000_000, first, first + 30 * 1440))

    rows = sum(len(world.rows(minute)) for minute in range(first + 900, first + 960))

    assert 12_000 < rows < 22_000
