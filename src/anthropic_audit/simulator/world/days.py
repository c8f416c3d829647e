"""Who works when, from where and with what: a day of a person is always the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from .chance import generator, token
from .organization import Organization, Person
from .places import VPN

MINUTES_A_DAY = 1440
_MINUTES_AN_HOUR = 60
_FIRST_WEEKDAY = 3
"""The first of January 1970 was a Thursday; Monday is 0."""
_WEEKEND = 5
_AT_WORK, _AT_WORK_ON_WEEKENDS = 0.9, 0.07
_AT_OFFICE, _AT_HOME = 0.55, 0.9
_CHATS = 6


@dataclass(frozen=True, slots=True)
class Session:
    """A person's working day: from sign-in to sign-out on one device at one address."""

    person: Person
    first_minute: int
    last_minute: int
    agent: str
    address: str
    chats: tuple[str, ...]
    id: str


class Days:
    """The sessions of all people, found by time."""

    def __init__(self, seed: int, organization: Organization) -> None:
        self._seed = seed
        self._organization = organization
        self.of_day = lru_cache(8)(self._of_day)
        self.active = lru_cache(64)(self._active)

    def _of_day(self, day: int) -> tuple[Session, ...]:
        """Return the sessions that begin on a UTC day, counted from the epoch, in order."""
        sessions = (self._session(person, day) for person in self._organization.people)
        return tuple(sorted((one for one in sessions if one), key=lambda one: (one.first_minute, one.person.number)))

    def _active(self, hour: int) -> Sequence[Session]:
        """Return the sessions that touch an hour, counted from the epoch; in the dead of night those of the day."""
        start = hour * _MINUTES_AN_HOUR
        day = start // MINUTES_A_DAY
        nearby = [*self.of_day(day - 1), *self.of_day(day), *self.of_day(day + 1)]
        touching = [one for one in nearby if one.first_minute < start + _MINUTES_AN_HOUR and one.last_minute >= start]
        return touching or nearby or [self._worked(self._organization.people[0], day, generator(self._seed, day))]

    def _session(self, person: Person, day: int) -> Session | None:
        random = generator(self._seed, "day", person.number, day)
        is_weekend = (day + _FIRST_WEEKDAY) % 7 >= _WEEKEND
        if random.random() > (_AT_WORK_ON_WEEKENDS if is_weekend else _AT_WORK):
            return None
        return self._worked(person, day, random)

    def _worked(self, person: Person, day: int, random: Random) -> Session:
        starts_at = 8.75 + random.gauss(0, 0.8) - person.place.offset_hours
        first = day * MINUTES_A_DAY + round((starts_at % 24) * _MINUTES_AN_HOUR)
        place = random.random()
        if place < _AT_OFFICE:
            address = f"{person.place.office}.{2 + person.number % 250}"
        else:
            address = person.home if place < _AT_HOME else f"{VPN}.{2 + person.number % 250}"
        return Session(
            person=person,
            first_minute=first,
            last_minute=first + round(max(2.0, random.gauss(8.5, 1.2)) * _MINUTES_AN_HOUR),
            agent=random.choices(person.agents, range(len(person.agents), 0, -1))[0],
            address=address,
            chats=tuple(f"claude_chat_{token(random)}" for _ in range(_CHATS)),
            id=f"session_{token(random)}",
        )
