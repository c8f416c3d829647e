"""When the lifecycles of the families bring something about: found for any day without telling the days before it."""

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
"""A sitting waits for its person's next working day, and may end in the next day of UTC."""
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
    """One type in a sitting: so many minutes after its begin, by somebody of another pool if one is named."""

    type: str
    after: int
    pool: str | None


class Sitting(NamedTuple):
    """What follows one another at a point in a lifecycle, from 0 to 1."""

    share: float
    steps: tuple[CycleStep, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Things of a kind, and what happens in the life of each."""

    name: str
    period_days: float
    slots: int
    pool: str
    sittings: tuple[Sitting, ...]
    stays: bool = False
    """Whether all generations of a slot are one thing."""

    @property
    def types(self) -> frozenset[str]:
        """Return the types that its sittings bring about."""
        return frozenset(step.type for sitting in self.sittings for step in sitting.steps)


class CycleObject(NamedTuple):
    """One thing of a family: which slot, and which generation of it."""

    family: Family
    slot: int
    generation: int


class Happening(NamedTuple):
    """Something that happens to a thing."""

    at_us: int
    type: str
    pool: str
    session: WorkSession
    thing: CycleObject
    place: int
    """Which of the thing's happenings it is, from 0."""


def read_families(types: Iterable[str], text: str = FAMILIES) -> tuple[Family, ...]:
    """Read the table of families, and give what is in no line families of their own.

    Args:
        types: The types that are to happen, once in a long while if no line says more.
        text: The table.
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
            message = f"no step of a family: {word}"
            raise ValueError(message)
        sittings[-1][1].append(CycleStep(found[1], int(found[2] or 0), found[3]))
    told = tuple(Sitting(share, tuple(steps)) for share, steps in sittings)
    return Family(name.lstrip("="), float(period), int(slots), pool, told, name.startswith("="))


def _rare(types: Sequence[str]) -> Iterator[Family]:
    """Yield a family for the types of each thing, in the order in which such things happen."""
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
    """All happenings of all families.

    Args:
        seed: The world.
        organization: Whose people do it.
        days: When they work.
        families: What there is.
        kept: Which share of the slots is told, from 0 to 1.
    """

    def __init__(
        self, seed: int, organization: Organization, days: Days, families: Sequence[Family], *, kept: float
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
                if number(seed, "kept", family.name, slot) < kept * _BITS
            }
            for family in families
        }
        self.of_day = lru_cache(8)(self._of_day)
        self.life = lru_cache(_REMEMBERED)(self._life)

    def family(self, name: str) -> Family:
        """Return a family by its name."""
        return self._families[name]

    def things(self, name: str, day: int) -> list[CycleObject]:
        """Return the things of a family whose life holds a day, one for each slot that is told."""
        family = self._families[name]
        return [
            CycleObject(family, slot, floor(day / family.period_days + phase))
            for slot, phase in self._phases[name].items()
        ]

    def is_there(self, thing: CycleObject, day: int) -> bool:
        """Say whether a thing is there from a day's begin to its end: made before, and nothing ends it so soon."""
        life = self.life(thing)
        return life[0].at_us < day * _DAY_US and life[-1].at_us >= (day + 2) * _DAY_US

    def _of_day(self, day: int) -> tuple[Happening, ...]:
        """Return what happens on a UTC day, counted from the epoch."""
        start, end = day * _DAY_US, (day + 1) * _DAY_US
        return tuple(one for thing in self._near(day) for one in self.life(thing) if start <= one.at_us < end)

    def _near(self, day: int) -> Iterator[CycleObject]:
        """Yield the things to which something may happen on a day."""
        for family in self._families.values():
            late, early = (day + 1) / family.period_days, (day - _MAX_DELAY_DAYS) / family.period_days
            shares = [sitting.share for sitting in family.sittings]
            for slot, phase in self._phases[family.name].items():
                for generation in range(floor(early + phase), floor(late + phase) + 1):
                    if any(early <= generation + share - phase <= late for share in shares):
                        yield CycleObject(family, slot, generation)

    def _life(self, thing: CycleObject) -> tuple[Happening, ...]:
        """Return all that happens to a thing, in order."""
        family, slot, generation = thing
        begin = generation - self._phases[family.name][slot]
        told: list[Happening] = []
        earliest_us = 0
        for at, sitting in enumerate(family.sittings):
            chance = number(self._seed, "sitting", family.name, slot, generation, at)
            day = floor((begin + sitting.share) * family.period_days)
            told += self._sitting(thing, sitting, (day, earliest_us), chance=chance, before=len(told))
            earliest_us = told[-1].at_us + _PAUSE_US
        return tuple(told)

    def _sitting(
        self, thing: CycleObject, sitting: Sitting, begin: tuple[int, int], *, chance: int, before: int
    ) -> Iterator[Happening]:
        main = self._days.working(self._person(thing, thing.family.pool, chance), begin[0])
        length = max(30, main.last_minute - main.first_minute - 60)
        start_us = max(begin[1], (main.first_minute + 25 + chance % length) * 60_000_000 + chance % 50_000_000)
        for at, step in enumerate(sitting.steps):
            pool = step.pool or thing.family.pool
            session = main if step.pool in {None, "same"} else self._nearest(thing, pool, start_us, chance + 1)
            delay_us = step.after * 60_000_000 + (at * 7 + chance % 5) * 1_000_000
            yield Happening(start_us + delay_us, step.type, pool, session, thing, before + at)

    def _nearest(self, thing: CycleObject, pool: str, at_us: int, chance: int) -> WorkSession:
        """Return a session of somebody else of a pool, open at that time if anybody's is."""
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
    """Return who may be meant by the name of a pool; `user` is everybody, as are the pools of machines."""
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
