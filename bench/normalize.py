"""Measure normalizing against one orjson round trip of the same activities, in the same run, on one core.

    python bench/normalize.py --activities 200000

There are two mixes, each with all types of the catalogue, from 5,000 addresses with 500 user agents. `an organization`
has the types with the frequencies of a simulated organization, and each type by each kind of actor at least once.
`every type alike` has every type equally often, by every kind of actor that can perform it. A pass reads, normalizes,
enriches and serializes; each result is the median of several passes over all activities.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address
from itertools import islice
from random import Random
from statistics import median
from typing import Any

import orjson

from anthropic_audit.catalogue import Catalogue, load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.enrich import open_enrichment
from anthropic_audit.settings import EnrichmentSettings
from anthropic_audit.simulator.world import World, WorldSettings

ADDRESSES, USER_AGENTS = 5_000, 500
FIRST_MINUTE = 29_000_000
CEILING = 50_000
"""The maximum rate of the API in activities per second: 600 requests a minute of 5,000."""

Json = Any


def agents() -> list[str]:
    """Return distinct user agents of browsers and programs."""
    return [
        (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{n}.0.0.0 Safari/537.36"
            if n % 2
            else f"anthropic-sdk-python/0.{n}.0"
        )
        for n in range(USER_AGENTS)
    ]


class Population:
    """The actors: each address belongs to one actor, who always has the same user agent."""

    def __init__(self, world: World, chance: Random) -> None:
        self._world = world
        self._chance = chance
        self._agents = agents()
        self._actors: dict[tuple[str, int], Json] = {}
        self._types = {actor: kind.name for kind in load().types.values() for actor in kind.actors}
        self._kinds = sorted(load().actors)
        self._each = ADDRESSES // len(self._kinds)

    def settle(self, activity: dict[str, Json]) -> bytes:
        """Return an activity as JSON, with an actor of the same kind from the population."""
        kind = activity["actor"]["type"]
        number = self._chance.randrange(self._each)
        actor = self._actors.get((kind, number))
        if actor is None:
            actor = self._actors[kind, number] = self._made(kind, self._kinds.index(kind) * self._each + number)
        return orjson.dumps({**activity, "actor": actor})

    def _made(self, kind: str, number: int) -> Json:
        actor = self._world.example(self._types[kind], kind, self._chance)["actor"]
        fixed = {
            "ip_address": str(IPv4Address(0x05000000 + number * 251)),
            "user_agent": self._agents[number % USER_AGENTS],
            "user_id": f"user_01{number:022d}",
            "email_address": f"person.{number}@acme.example",
        }
        return {name: fixed.get(name, value) for name, value in actor.items()}


def every_type(world: World, population: Population, chance: Random) -> Iterator[bytes]:
    """Yield activities of every type by every kind of actor in turn."""
    kinds = [(kind.name, actor) for kind in load().types.values() for actor in kind.actors]
    chance.shuffle(kinds)
    while True:
        for name, actor in kinds:
            yield population.settle(world.example(name, actor, chance))


def organization(world: World, population: Population, chance: Random, count: int) -> list[bytes]:
    """Return activities of a simulated organization, shuffled with one of each type and kind of actor."""
    pairs = sum(len(kind.actors) for kind in load().types.values())
    rare = list(islice(every_type(world, population, chance), pairs))
    minutes = (row.raw for minute in range(FIRST_MINUTE, sys.maxsize) for row in world.rows(minute))
    usual = [population.settle(orjson.loads(raw)) for raw in islice(minutes, count - len(rare))]
    mixed = rare + usual
    chance.shuffle(mixed)
    return mixed


def seconds(work: Callable[[Sequence[bytes]], object], activities: Sequence[bytes], passes: int) -> float:
    """Return the median duration of several passes, in seconds."""
    taken = []
    for _ in range(passes):
        started = time.perf_counter()
        work(activities)
        taken.append(time.perf_counter() - started)
    return median(taken)


def round_trip(activities: Sequence[bytes]) -> None:
    """Read and write each activity."""
    for raw in activities:
        orjson.dumps(orjson.loads(raw))


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def opened(catalogue: Catalogue) -> Normalizer:
    """Return a normalizer with empty caches and the free city database."""
    return Normalizer(catalogue, open_enrichment(EnrichmentSettings(), print))


def measure(name: str, activities: Sequence[bytes], passes: int) -> None:
    """Measure one mix, and print the results."""
    catalogue, options = load(), Options()
    normalizer = opened(catalogue)

    def whole(raws: Sequence[bytes]) -> None:
        for _ in normalizer.events(raws, options):
            pass

    def from_cold(raws: Sequence[bytes]) -> None:
        for _ in opened(catalogue).events(raws, options):
            pass

    def general_path(raws: Sequence[bytes]) -> None:
        for raw in raws:
            orjson.dumps(normalizer.document(raw, options))

    count = len(activities)
    types = len({orjson.loads(raw)["type"] for raw in activities})
    trip = seconds(round_trip, activities, passes)
    seconds(whole, activities[: count // 2], 1)
    before = peak_mb()
    fast = seconds(whole, activities, passes)
    cold = seconds(from_cold, activities, passes)
    grown = peak_mb() - before
    general = seconds(general_path, activities[: count // 10], 1) * 10
    cores = CEILING / (count / fast)
    print(f"{name}: {count:,} activities of {types} types, {sum(map(len, activities)) / count:.0f} bytes each")
    print(f"  one orjson round trip            {trip / count * 1e6:5.2f} µs")
    print(f"  normalize + enrich + serialize   {fast / count * 1e6:5.2f} µs   {count / fast:,.0f} events/s on one core")
    print(f"  ratio {fast / trip:.2f}; {cold / trip:.2f} with empty caches")
    print(f"  ratio without the fast path: {general / trip:.2f}")
    print(f"  cores for the API's {CEILING:,} activities/s: {cores:.2f}")
    print(f"  growth of memory after the first half of the first pass: {grown:.0f} MB")


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=200_000)
    options.add_argument("--passes", type=int, default=3)
    arguments = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world, chance = World(WorldSettings(), load()), Random(7)
    population = Population(world, chance)
    for name, mix in (
        ("an organization", organization(world, population, chance, arguments.activities)),
        ("every type alike", list(islice(every_type(world, population, chance), arguments.activities))),
    ):
        measure(name, mix, arguments.passes)


if __name__ == "__main__":
    main()
