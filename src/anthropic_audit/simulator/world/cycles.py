"""The times of lifecycle activities: computed for any day without computing the days before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import floor
from typing import NamedTuple

from .days import MINUTES_A_DAY, Days, WorkSession
from .families import FAMILIES
from .organization import Organization, Person
from .random_values import number

_MAX_DELAY_DAYS = 8
"""A sitting waits for its person's next working day, and may end on the next UTC day."""
_RARE_DAYS = 2500.0
_DAY_US = MINUTES_A_DAY * 60_000_000
_PAUSE_US = 17 * 60_000_000
_BITS = 2.0**64
_REMEMBERED = 65_536
_STAGES = (
    ("initiated", "requested", "created", "added", "generated", "started", "enabled", "claimed", "uploaded"),
    ("updated", "rotated", "completed", "accepted", "approved", "verified"),
    ("disabled", "cancelled", "rejected", "dismissed", "denied", "failed", "revoked", "removed", "deleted", "archived"),
)
_CONTINUED = re.compile(r"\n +")
_STEP = re.compile(r"(\w+?)(?:\+(\d+))?(?:@(\w+))?")


class CycleStep(NamedTuple):
    """One activity type of a sitting: its minutes after the start, and another pool of actors if one is given."""

    type: str
    after: int
    pool: str | None


class Sitting(NamedTuple):
    """Activities that one person performs one after the other, at a point of a lifecycle (0 to 1)."""

    share: float
    steps: tuple[CycleStep, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Objects of one kind, and the activities in the life of each."""

    name: str
    period_days: float
    slots: int
    pool: str
    sittings: tuple[Sitting, ...]
    stays: bool = False
    """Whether all generations of a slot are the same object."""

    @property
    def types(self) -> frozenset[str]:
        """The activity types of all sittings."""
        return frozenset(step.type for sitting in self.sittings for step in sitting.steps)


class CycleObject(NamedTuple):
    """One object of a family, by its slot and its generation."""

    family: Family
    slot: int
    generation: int


class CycleActivity(NamedTuple):
    """One activity in the life of an object."""

    at_us: int
    type: str
    pool: str
    session: WorkSession
    thing: CycleObject
    place: int
    """The position among the object's activities, from 0."""


def read_families(types: Iterable[str], text: str = FAMILIES) -> tuple[Family, ...]:
    """Parse the table of families, and add families for the types that the table does not name.

    Args:
        types: The activity types that occur; those that the table does not name occur rarely.
        text: The table.

    Raises:
        ValueError: A word of the table is not a step.
    """
    families = tuple(_family(line) for line in _CONTINUED.sub(" ", text.strip()).splitlines())
    rest = sorted(frozenset(types).difference(*(one.types for one in families)))
    return (*families, *_rare(rest))


def _family(line: str) -> Family:
    name, period, slots, pool, *words = line.split()
    sittings: list[tuple[float, list[CycleStep]]] = []
    for word in words:
        if word[0] in ".01":
            sittings.append((float(word), []))
            continue
        found = _STEP.fullmatch(word)
        if found is None:
            message = f"not a step of a family: {word}"
            raise ValueError(message)
        sittings[-1][1].append(CycleStep(found[1], int(found[2] or 0), found[3]))
    parsed = tuple(Sitting(share, tuple(steps)) for share, steps in sittings)
    return Family(name.lstrip("="), float(period), int(slots), pool, parsed, name.startswith("="))


def _rare(types: Sequence[str]) -> Iterator[Family]:
    """Yield a family for the types of each kind of object, in the usual order of such types."""
    for stem, members in groupby(types, lambda name: name.rpartition("_")[0]):
        ordered = sorted(members, key=_stage)
        sittings = tuple(
            Sitting((at + 0.5) / len(ordered), (CycleStep(name, 0, None),)) for at, name in enumerate(ordered)
        )
        yield Family(f"rare_{stem}", _RARE_DAYS, 1, "rare", sittings)


def _stage(name: str) -> tuple[int, str]:
    verb = name.rpartition("_")[2]
    return next((at for at, verbs in enumerate(_STAGES) if verb in verbs), 1), name


class Cycles:
    """The lifecycle activities of all families.

    Args:
        seed: The seed of the world.
        organization: The organization whose people act.
        days: The working days of the people.
        families: The families of objects.
        share: The share of the slots that is used, from 0 to 1.
    """

    def __init__(
        self, seed: int, organization: Organization, days: Days, families: Sequence[Family], *, share: float
    ) -> None:
        self._seed = seed
        self._days = days
        self._pools = _pools(organization)
        self._members = {name: frozenset(people) for name, people in self._pools.items()}
        self._families = {family.name: family for family in families}
        self._phases = {
            family.name: {
                slot: number(seed, "phase", family.name, slot) / _BITS
                for slot in range(len(organization.people) if family.pool == "self" else family.slots)
                if number(seed, "kept", family.name, slot) < share * _BITS
            }
            for family in families
        }
        self.of_day = lru_cache(8)(self._of_day)
        self.life = lru_cache(_REMEMBERED)(self._life)

    def family(self, name: str) -> Family:
        """Return a family by its name."""
        return self._families[name]

    def things(self, name: str, day: int) -> list[CycleObject]:
        """Return the objects of a family whose life includes a day, one for each slot that is used."""
        family = self._families[name]
        return [
            CycleObject(family, slot, floor(day / family.period_days + phase))
            for slot, phase in self._phases[name].items()
        ]

    def is_there(self, thing: CycleObject, day: int) -> bool:
        """Return whether an object exists for a whole day: created before, and ended two days later or more."""
        life = self.life(thing)
        return life[0].at_us < day * _DAY_US and life[-1].at_us >= (day + 2) * _DAY_US

    def _of_day(self, day: int) -> tuple[CycleActivity, ...]:
        """Return the activities of a UTC day, counted from the epoch."""
        start, end = day * _DAY_US, (day + 1) * _DAY_US
        return tuple(one for thing in self._near(day) for one in self.life(thing) if start <= one.at_us < end)

    def _near(self, day: int) -> Iterator[CycleObject]:
        """Yield the objects that may have an activity on a day."""
        for family in self._families.values():
            late, early = (day + 1) / family.period_days, (day - _MAX_DELAY_DAYS) / family.period_days
            shares = [sitting.share for sitting in family.sittings]
            for slot, phase in self._phases[family.name].items():
                for generation in range(floor(early + phase), floor(late + phase) + 1):
                    if any(early <= generation + share - phase <= late for share in shares):
                        yield CycleObject(family, slot, generation)

    def _life(self, thing: CycleObject) -> tuple[CycleActivity, ...]:
        """Return all activities in the life of an object, in order."""
        family, slot, generation = thing
        begin = generation - self._phases[family.name][slot]
        life: list[CycleActivity] = []
        earliest_us = 0
        for at, sitting in enumerate(family.sittings):
            chance = number(self._seed, "sitting", family.name, slot, generation, at)
            day = floor((begin + sitting.share) * family.period_days)
            life += self._sitting(thing, sitting, (day, earliest_us), chance=chance, before=len(life))
            earliest_us = life[-1].at_us + _PAUSE_US
        return tuple(life)

    def _sitting(
        self, thing: CycleObject, sitting: Sitting, begin: tuple[int, int], *, chance: int, before: int
    ) -> Iterator[CycleActivity]:
        main = self._days.working(self._person(thing, thing.family.pool, chance), begin[0])
        length = max(30, main.last_minute - main.first_minute - 60)
        start_us = max(begin[1], (main.first_minute + 25 + chance % length) * 60_000_000 + chance % 50_000_000)
        for at, step in enumerate(sitting.steps):
            pool = step.pool or thing.family.pool
            session = main if step.pool in {None, "same"} else self._nearest(thing, pool, start_us, chance + 1)
            delay_us = step.after * 60_000_000 + (at * 7 + chance % 5) * 1_000_000
            yield CycleActivity(start_us + delay_us, step.type, pool, session, thing, before + at)

    def _nearest(self, thing: CycleObject, pool: str, at_us: int, chance: int) -> WorkSession:
        """Return a session of a person of a pool, one that is open at that time if there is one."""
        minute = at_us // 60_000_000
        people = self._members.get(pool, self._members["user"])
        hour = self._days.active(minute - minute % 60, minute - minute % 60 + 60)
        open_now = [one for one in hour if one.first_minute < minute < one.last_minute - 30 and one.person in people]
        if open_now:
            return open_now[chance % len(open_now)]
        return self._days.working(self._person(thing, pool, chance), minute // MINUTES_A_DAY)

    def _person(self, thing: CycleObject, pool: str, chance: int) -> Person:
        if pool == "self":
            return self._pools["user"][thing.slot]
        if pool == "primary":
            return self._pools["primary"][thing.generation % len(self._pools["primary"])]
        people = self._pools.get(pool, self._pools["user"])
        if pool in {"admin", "owner", "security", "billing"}:
            return people[chance % len(people)]
        return people[number(self._seed, "whose", thing.family.name, thing.slot, thing.generation) % len(people)]


def _pools(organization: Organization) -> Mapping[str, tuple[Person, ...]]:
    """Return the people of each pool; `user` has all people, who also serve the pools of machines."""
    people, administrators, owners = organization.people, organization.administrators, organization.owners
    return {
        "user": people,
        "admin": administrators,
        "owner": owners,
        "primary": owners if len(owners) > 1 else administrators,
        "billing": owners,
        "rare": owners,
        "security": tuple(one for one in administrators if one.team == "security") or administrators,
        "dev": tuple(one for one in people if one.is_technical) or people,
    }
