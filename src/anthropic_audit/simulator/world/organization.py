"""The organization, from the seed: people with offices and devices, joiners and leavers, and ids of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from .machines import Machines
from .names import DOMAIN, FAMILY, GIVEN, ROLES, TEAMS, TECHNICAL_TEAMS
from .places import BROWSERS, PHONES, PLACES, TERMINAL, Workplace
from .random_values import generator, number, token, uuid

ERA_DAYS = 10
"""The length of an era: in each one, one person joins, one leaves, and each storyline takes place once."""
_POOL = 400
_ROLE_SHARES = (0.02, 0.06, 0.32, 0.60)
_MAX_LEAVERS = 20
_PEOPLE_PER_LEAVER = 6
_NAME_STEP = 1543
"""A prime, so that consecutive numbers get very different names, and no name twice."""
_LEAVER_NUMBERS = 1000


@dataclass(frozen=True, slots=True)
class Unit:
    """A child organization."""

    id: str
    uuid: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A member of the organization; persons with the same id are equal."""

    number: int
    id: str
    email: str
    name: str
    role: str
    team: str
    place: Workplace
    unit: Unit
    home: str
    agents: tuple[str, ...]
    """Browsers and phones, most used first."""
    terminal: str | None = None
    first_day: int | None = None
    """The first working day, counted from the epoch; None: before the start of the feed."""
    last_day: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def is_technical(self) -> bool:
        """Whether this person writes code."""
        return self.team in TECHNICAL_TEAMS

    def works_on(self, day: int) -> bool:
        """Return whether this person is a member on a day, counted from the epoch."""
        return (self.first_day is None or day >= self.first_day) and (self.last_day is None or day <= self.last_day)


class Organization:
    """The people, machines and objects that the world's activities refer to.

    Most people stay; of the others, one joins and one leaves in every era.
    """

    def __init__(self, seed: int, people: int) -> None:
        random = generator(seed, "organization")
        self.units = tuple(
            Unit(f"org_{token(random)}", uuid(random), name) for name in ("Acme", "Acme Labs", "Acme EMEA")
        )
        self.leavers_at_once = min(_MAX_LEAVERS, people // _PEOPLE_PER_LEAVER)
        self.machines = Machines(seed)
        self._seed = seed
        self.people = tuple(_person(seed, one, self.units) for one in range(people - self.leavers_at_once))
        self._pools: dict[str, tuple[str, ...]] = {}
        self.staff = lru_cache(16)(self._staff)
        self.leaver = lru_cache(64)(self._leaver)

    def things(self, prefix: str) -> Sequence[str]:
        """Return the fixed ids of the objects of a kind, so that activities refer to the same objects again."""
        if prefix not in self._pools:
            random = generator(self._seed, "things", prefix)
            self._pools[prefix] = tuple(f"{prefix}_{token(random)}" for _ in range(_POOL))
        return self._pools[prefix]

    @property
    def administrators(self) -> tuple[Person, ...]:
        """The people who may change the organization; at least one."""
        return tuple(one for one in self.people if one.role in {"owner", "admin"})

    @property
    def owners(self) -> tuple[Person, ...]:
        """The people who may change billing, keys and sign-in; at least one."""
        return tuple(one for one in self.people if one.role == "owner")

    def _staff(self, day: int) -> tuple[Person, ...]:
        """Return all members on a day, counted from the epoch."""
        era = day // ERA_DAYS
        leavers = (
            (self.leaver(one) for one in range(era, era + self.leavers_at_once + 1)) if self.leavers_at_once else ()
        )
        return (*self.people, *(one for one in leavers if one.works_on(day)))

    def _leaver(self, era: int) -> Person:
        """Return the person who leaves in an era, counted from the epoch; they joined `leavers_at_once` eras before."""
        at = len(self.people) + era % _LEAVER_NUMBERS
        last_day = era * ERA_DAYS + ERA_DAYS - 4
        first_day = last_day - self.leavers_at_once * ERA_DAYS + 2
        return _person(self._seed, at, self.units, role="user", days=(first_day, last_day))


def _person(
    seed: int, at: int, units: Sequence[Unit], *, role: str | None = None, days: tuple[int, int] | None = None
) -> Person:
    random = generator(seed, "person", at)
    place = random.choices(PLACES, [one.share for one in PLACES])[0]
    drawn = "owner" if at == 0 else random.choices(ROLES, _ROLE_SHARES)[0]
    role = role or drawn
    given, family, suffix = _name(seed, at)
    team = random.choice(TEAMS)
    return Person(
        number=at,
        id=f"user_{token(random)}",
        email=f"{given}.{family}{suffix}@{DOMAIN}".lower(),
        name=f"{given} {family}",
        role=role,
        team=team,
        place=place,
        unit=units[_unit(place, random)],
        home=f"{random.choice(place.homes)}.{random.randrange(2, 250)}",
        agents=_agents(random),
        terminal=TERMINAL if team in TECHNICAL_TEAMS or role == "developer" else None,
        first_day=days[0] if days else None,
        last_day=days[1] if days else None,
    )


def _name(seed: int, at: int) -> tuple[str, str, str]:
    """Return a unique name: given name, family name, and a number if all names are taken."""
    count = len(GIVEN) * len(FAMILY)
    place = (number(seed, "names") + at * _NAME_STEP) % count
    given, family = divmod(place, len(FAMILY))
    return GIVEN[given], FAMILY[family], str(1 + at // count) if at >= count else ""


def _unit(place: Workplace, random: Random) -> int:
    if place.offset_hours in {0, 1}:
        return 2
    return 1 if random.random() < 0.25 else 0  # noqa: PLR2004 - the share of the others who work in the labs


def _agents(random: Random) -> tuple[str, ...]:
    agents = [random.choice(BROWSERS)]
    if random.random() < 0.4:  # noqa: PLR2004 - the share of people who use a phone, too
        agents.append(random.choice(PHONES))
    return tuple(agents)
