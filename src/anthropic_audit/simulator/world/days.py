"""Working days: when, where and on which device each person works; the same seed gives the same days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from .names import FILES
from .organization import Organization, Person
from .places import VPN
from .random_values import generator, token

MINUTES_A_DAY = 1440
_MINUTES_AN_HOUR = 60
_FIRST_WEEKDAY = 3
"""The weekday of the first of January 1970, a Thursday; Monday is 0."""
_WEEKEND = 5
_AT_WORK, _AT_WORK_ON_WEEKENDS = 0.9, 0.07
_AT_OFFICE, _AT_HOME = 0.55, 0.9
_CHATS = 3
_IN_PROJECT = 0.4
_WITH_FILE = 0.3
_DELETED = 0.06
_SIGNS_OUT = 0.2
_FAILS_FIRST = 0.03
_REMEMBERED_SESSIONS = 8192


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that its author continues later."""

    id: str
    created_minute: int
    deleted_minute: int | None = None
    rank: float | None = None
    """The chat's project, as a position (0 to 1) among the author's projects at its creation; None: no project."""
    file_id: str | None = None
    """The id of a file that was uploaded to the chat right after its creation."""
    filename: str = ""

    def is_there(self, minute: int) -> bool:
        """Return whether the chat exists in a minute."""
        return self.created_minute < minute and (self.deleted_minute is None or minute < self.deleted_minute)


@dataclass(frozen=True, slots=True)
class WorkSession:
    """A person's working day: from sign-in to the end of work, on one device at one address."""

    person: Person
    first_minute: int
    last_minute: int
    agent: str
    address: str
    chats: tuple[Chat, ...]
    id: str
    signs_in: bool = False
    signs_out: bool = False
    fails_first: bool = False


class Days:
    """The sessions of all people, by time.

    Args:
        seed: The seed of the world.
        organization: The organization of the people.
        share: The share of the sign-ins and of the continued chats that is recorded, from 0 to 1.
    """

    def __init__(self, seed: int, organization: Organization, share: float) -> None:
        self._seed = seed
        self._organization = organization
        self._share = share
        self.of_day = lru_cache(16)(self._of_day)
        self.active = lru_cache(64)(self._active)
        self.of_person = lru_cache(_REMEMBERED_SESSIONS)(self._of_person)

    def _of_day(self, day: int) -> tuple[WorkSession, ...]:
        """Return the sessions that begin on a UTC day, counted from the epoch, in order."""
        sessions = (self.of_person(person, day) for person in self._organization.staff(day))
        return tuple(sorted((one for one in sessions if one), key=lambda one: (one.first_minute, one.person.number)))

    def _active(self, start: int, end: int) -> Sequence[WorkSession]:
        """Return the sessions that are open during some of the minutes `[start, end)`; at night there may be none."""
        day = start // MINUTES_A_DAY
        nearby = (*self.of_day(day - 1), *self.of_day(day))
        return tuple(one for one in nearby if one.first_minute + 2 < end and one.last_minute > start)

    def _of_person(self, person: Person, day: int) -> WorkSession | None:
        """Return the session of a person that begins on a UTC day; None on most weekends and on days off."""
        random = generator(self._seed, "day", person.number, day)
        drawn, starts_at = random.random(), 8.75 + random.gauss(0, 0.8)
        first = day * MINUTES_A_DAY + round(((starts_at - person.place.offset_hours) % 24) * _MINUTES_AN_HOUR)
        local_day = (first + person.place.offset_hours * _MINUTES_AN_HOUR) // MINUTES_A_DAY
        is_weekend = (local_day + _FIRST_WEEKDAY) % 7 >= _WEEKEND
        if drawn > (_AT_WORK_ON_WEEKENDS if is_weekend else _AT_WORK):
            return None
        return self._worked(person, first, random)

    def working(self, person: Person, day: int) -> WorkSession:
        """Return the first session of a person from a UTC day on; an extra one if there is none within a week."""
        for later in range(7):
            session = self.of_person(person, day + later)
            if session is not None:
                return session
        first = (day * 24 + (9 - person.place.offset_hours) % 24) * _MINUTES_AN_HOUR
        return self._worked(person, first, generator(self._seed, "overtime", person.number, day))

    def _worked(self, person: Person, first: int, random: Random) -> WorkSession:
        place = random.random()
        if place < _AT_OFFICE:
            address = f"{person.place.office}.{2 + person.number % 250}"
        else:
            address = person.home if place < _AT_HOME else f"{VPN}.{2 + person.number % 250}"
        last = first + round(max(2.0, random.gauss(8.5, 1.2)) * _MINUTES_AN_HOUR)
        agent = random.choices(person.agents, range(len(person.agents) * 3, 0, -3))[0]
        is_recorded = random.random() < self._share
        return WorkSession(
            person=person,
            first_minute=first,
            last_minute=last,
            agent=agent,
            address=address,
            chats=tuple(
                self._chat(person, first, last, random) for _ in range(_CHATS) if random.random() < self._share
            ),
            id=f"session_{token(random)}",
            signs_in=is_recorded,
            signs_out=is_recorded and random.random() < _SIGNS_OUT,
            fails_first=is_recorded and random.random() < _FAILS_FIRST,
        )

    def _chat(self, person: Person, first: int, last: int, random: Random) -> Chat:
        created = first + 3 + int(random.random() * 0.8 * (last - first))
        deleted = created + 5 + int(random.random() * (last - created - 5)) if random.random() < _DELETED else None
        rank = random.random() if random.random() < _IN_PROJECT else None
        file_id = f"claude_file_{token(random)}" if random.random() < _WITH_FILE else None
        filename = random.choice(FILES[person.team])
        return Chat(f"claude_chat_{token(random)}", created, deleted, rank, file_id, filename)
