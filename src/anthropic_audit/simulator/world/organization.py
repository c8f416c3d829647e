"""The organization: people with offices and devices, and the things they own; all of it from the seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from .chance import generator, token, uuid
from .names import DOMAIN, FAMILY, GIVEN, ROLES, TEAMS
from .places import BROWSERS, PHONES, PLACES, TERMINAL, Place

_POOL = 400
_ROLE_SHARES = (0.02, 0.08, 0.35, 0.55)


@dataclass(frozen=True, slots=True)
class Unit:
    """A child organization."""

    id: str
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works with Claude."""

    number: int
    id: str
    email: str
    name: str
    role: str
    team: str
    place: Place
    unit: Unit
    home: str
    agents: tuple[str, ...]


class Organization:
    """Everybody and everything that the world's activities are about."""

    def __init__(self, seed: int, people: int) -> None:
        random = generator(seed, "organization")
        self.units = tuple(
            Unit(f"org_{token(random)}", uuid(random), name) for name in ("Acme", "Acme Labs", "Acme EMEA")
        )
        self.people = _distinct(_person(seed, one, self.units) for one in range(people))
        self._seed = seed
        self._pools: dict[str, tuple[str, ...]] = {}

    def things(self, prefix: str) -> Sequence[str]:
        """Return the ids of all things of a kind: always the same, so that one thing is met again and again."""
        if prefix not in self._pools:
            random = generator(self._seed, "things", prefix)
            self._pools[prefix] = tuple(f"{prefix}_{token(random)}" for _ in range(_POOL))
        return self._pools[prefix]

    @property
    def administrators(self) -> tuple[Person, ...]:
        """Return the people who may change the organization; there is always one."""
        return tuple(one for one in self.people if one.role in {"owner", "admin"}) or self.people[:1]


def _distinct(people: Iterable[Person]) -> tuple[Person, ...]:
    """Give people of the same name addresses of their own."""
    taken: dict[str, int] = {}
    found = []
    for person in people:
        count = taken[person.email] = taken.get(person.email, 0) + 1
        found.append(person if count == 1 else replace(person, email=person.email.replace("@", f"{count}@")))
    return tuple(found)


def _person(seed: int, number: int, units: Sequence[Unit]) -> Person:
    random = generator(seed, "person", number)
    given, family = random.choice(GIVEN), random.choice(FAMILY)
    place = random.choices(PLACES, [one.share for one in PLACES])[0]
    role = "owner" if number == 0 else random.choices(ROLES, _ROLE_SHARES)[0]
    return Person(
        number=number,
        id=f"user_{token(random)}",
        email=f"{given}.{family}@{DOMAIN}".lower(),
        name=f"{given} {family}",
        role=role,
        team=random.choice(TEAMS),
        place=place,
        unit=units[_unit(place, random)],
        home=f"{random.choice(place.homes)}.{random.randrange(2, 250)}",
        agents=_agents(role, random),
    )


def _unit(place: Place, random: Random) -> int:
    if place.offset_hours in {0, 1}:
        return 2
    return 1 if random.random() < 0.25 else 0  # noqa: PLR2004 - a quarter of the others works in the labs


def _agents(role: str, random: Random) -> tuple[str, ...]:
    agents = [random.choice(BROWSERS)]
    if random.random() < 0.4:  # noqa: PLR2004 - shares of people with a phone, and with a terminal
        agents.append(random.choice(PHONES))
    if role in {"developer", "admin"} and random.random() < 0.7:  # noqa: PLR2004
        agents.append(TERMINAL)
    return tuple(agents)
