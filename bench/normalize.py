"""Measure normalizing against one orjson round trip of the same activities, in the same run, on one core.

    python bench/normalize.py --activities 200000

Two sets of activities: `all types` has every type of the catalogue equally often, by every kind of actor that can do
it, from 5,000 addresses with 500 user agents; `a working week` has the types as often as a simulated organization makes
them. Each line of the result is the median of several passes over all of them; a pass reads, normalizes and serializes.
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

import orjson

from anthropic_audit.catalogue import load
from anthropic_audit.normalize import Normalizer, Options, to_json
from anthropic_audit.simulator.world import World, WorldSettings

ADDRESSES, USER_AGENTS, PEOPLE = 5_000, 500, 2_000
FIRST_MINUTE = 29_000_000


def all_types(world: World) -> Iterator[bytes]:
    """Yield activities of every type and kind of actor in turn; people keep a few addresses and user agents each."""
    chance = Random(7)
    kinds = [(kind.name, actor) for kind in load().types.values() for actor in kind.actors]
    chance.shuffle(kinds)
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{100 + n}.0.0.0 Safari/537.36"
        for n in range(USER_AGENTS)
    ]
    while True:
        for name, actor in kinds:
            activity = world.example(name, actor, chance)
            person = chance.randrange(PEOPLE)
            acting = activity.get("actor")
            if isinstance(acting, dict):
                _settle(acting, person, chance, agents)
            yield orjson.dumps(activity)


def _settle(acting: dict[str, object], person: int, chance: Random, agents: Sequence[str]) -> None:
    if "ip_address" in acting:
        acting["ip_address"] = str(IPv4Address(0x05000000 + (person * 3 + chance.randrange(3)) % ADDRESSES))
    if "user_agent" in acting:
        acting["user_agent"] = agents[(person + chance.randrange(2)) % USER_AGENTS]
    if "user_id" in acting:
        acting["user_id"] = f"user_01{person:022d}"
        acting["email_address"] = f"person.{person}@acme.example"


def working_week(world: World) -> Iterator[bytes]:
    """Yield the activities of a simulated organization, minute by minute."""
    minute = FIRST_MINUTE
    while True:
        yield from (row.raw for row in world.rows(minute))
        minute += 1


def seconds(step: Callable[[bytes], object], activities: Sequence[bytes], passes: int) -> float:
    """Return how long one pass takes, as the median of several."""
    taken = []
    for _ in range(passes):
        started = time.perf_counter()
        for raw in activities:
            step(raw)
        taken.append(time.perf_counter() - started)
    return median(taken)


def peak_mb() -> float:
    """Return the most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(name: str, activities: Sequence[bytes], passes: int) -> float:
    """Print one set's line, and return its ratio."""
    normalizer, options = Normalizer(load()), Options()
    round_trip = seconds(lambda raw: orjson.dumps(orjson.loads(raw)), activities, passes)
    before = peak_mb()
    whole = seconds(lambda raw: to_json(normalizer.document(raw, options)), activities, passes)
    grown = peak_mb() - before
    ratio = whole / round_trip
    count = len(activities)
    size = sum(map(len, activities)) / count
    print(f"{name}: {count:,} activities of {size:.0f} bytes")
    print(f"  one orjson round trip  {round_trip / count * 1e6:5.2f} µs")
    print(f"  normalize + serialize  {whole / count * 1e6:5.2f} µs   {count / whole:,.0f} events/s")
    print(f"  ratio {ratio:.2f}, memory +{grown:.0f} MB")
    return ratio


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=200_000)
    options.add_argument("--passes", type=int, default=3)
    asked = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world = World(WorldSettings(), load())
    for name, source in (("all types", all_types), ("a working week", working_week)):
        measure(name, list(islice(source(world), asked.activities)), asked.passes)


if __name__ == "__main__":
    main()
