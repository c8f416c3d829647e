"""What is hidden in the world: five stories in every ten days, each told over minutes to hours by the same hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from anthropic_audit.times import format_time

from .activities import Activities, row
from .chance import generator
from .days import MINUTES_A_DAY, Session
from .fields import Scene
from .organization import Organization, Person
from .places import ATTACKER_AGENTS, ATTACKERS
from .values import Row, Storyline

ERA_DAYS = 10
_MINUTE_US = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: when (minutes after the story's start), what, and by whom."""

    after: float
    type: str
    actor: str = "user_actor"
    told: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A story before it has a time: who plays in it, from where, and its steps."""

    name: str
    title: str
    sentence: str
    search: str
    hour: float
    """When it starts, in hours of the day where its person lives."""
    steps: Callable[[Random], Iterator[tuple[str, Step]]]
    """Yields steps, each with whose session it is told in: `self`, `thief` or `any`."""


class Stories:
    """The stories of a world, era by era."""

    def __init__(self, seed: int, organization: Organization, activities: Activities, plots: tuple[Plot, ...]) -> None:
        self._seed = seed
        self._organization = organization
        self._activities = activities
        self._plots = plots
        self._eras: dict[int, tuple[dict[int, list[Row]], list[tuple[int, Storyline]]]] = {}

    def rows(self, minute: int) -> list[Row]:
        """Return what the stories add to a minute."""
        return self._era(minute // (ERA_DAYS * MINUTES_A_DAY))[0].get(minute, [])

    def between(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the stories that begin in a span of minutes."""
        first, last = (minute // (ERA_DAYS * MINUTES_A_DAY) for minute in (start_minute, end_minute))
        found = [one for era in range(first, last + 1) for one in self._era(era)[1]]
        return [story for start, story in sorted(found, key=lambda one: one[0]) if start_minute <= start < end_minute]

    def _era(self, era: int) -> tuple[dict[int, list[Row]], list[tuple[int, Storyline]]]:
        if era not in self._eras:
            rows: dict[int, list[Row]] = {}
            stories = []
            for number, plot in enumerate(self._plots):
                told, story = self._tell(plot, era, number)
                for one in told:
                    rows.setdefault(one.created_us // _MINUTE_US, []).append(one)
                stories.append((told[0].created_us // _MINUTE_US, story))
            self._eras[era] = (rows, stories)
        return self._eras[era]

    def _tell(self, plot: Plot, era: int, number: int) -> tuple[list[Row], Storyline]:
        random = generator(self._seed, "story", plot.name, era)
        person = random.choice(self._organization.administrators)
        day = era * ERA_DAYS + 1 + (number * 2 + random.randrange(2)) % (ERA_DAYS - 2)
        offset = ((plot.hour - person.place.offset_hours) % 24) * 60
        start_us = int((day * MINUTES_A_DAY + offset + random.random() * 45) * _MINUTE_US)
        own = Session(person, 0, 0, person.agents[0], person.home, ("claude_chat_x",), "")
        scenes = {
            "self": replace(own, chats=self._chats(), id=self._thing("session", random)),
            "thief": self._thief(own, random),
        }
        told = []
        for whose, step in plot.steps(random):
            created_us = start_us + int(step.after * _MINUTE_US)
            session = self._anybody(scenes["thief"], random) if whose == "any" else scenes[whose]
            scene = Scene(
                random, session, random.choice(self._organization.people), self._organization, _text(created_us)
            )
            activity = self._activities.tell(step.type, step.actor, scene, **(step.told or {}))
            _set_place(activity["actor"], session)
            told.append(row(created_us, activity))
        words = {"email": person.email, "ip": scenes["thief"].address, "own_ip": own.address}
        story = Storyline(
            plot.name,
            plot.title,
            plot.sentence.format(**words),
            tuple(one.id for one in told),
            plot.search.format(**words, start=_minute(start_us, -60), end=_minute(told[-1].created_us, 2)),
        )
        return told, story

    def _chats(self) -> tuple[str, ...]:
        return tuple(self._organization.things("claude_chat"))

    def _thing(self, prefix: str, random: Random) -> str:
        return random.choice(self._organization.things(prefix))

    def _thief(self, own: Session, random: Random) -> Session:
        return replace(
            own,
            agent=random.choice(ATTACKER_AGENTS),
            address=f"{random.choice(ATTACKERS)}.{random.randrange(2, 250)}",
            chats=self._chats(),
            id=self._thing("session", random),
        )

    def _anybody(self, thief: Session, random: Random) -> Session:
        person: Person = random.choice(self._organization.people)
        return replace(thief, person=person)


def _set_place(actor: dict[str, Any], session: Session) -> None:
    """Let a story's programs and strangers act from the story's place, too."""
    if "ip_address" in actor:
        actor["ip_address"] = session.address
        actor["user_agent"] = session.agent
    if "unauthenticated_email_address" in actor:
        actor["unauthenticated_email_address"] = session.person.email


def _minute(moment_us: int, later: int) -> str:
    """Return the whole minute so many minutes later, as short as a command takes it."""
    when = _EPOCH + timedelta(microseconds=moment_us, minutes=later)
    return when.strftime("%Y-%m-%dT%H:%MZ")


def _text(moment_us: int) -> str:
    return format_time(_EPOCH + timedelta(microseconds=moment_us))
