"""What is hidden in the world: five stories in every ten days, each told over minutes to hours by the same hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from random import Random
from typing import Any, NamedTuple

from anthropic_audit.times import EPOCH

from .activities import UNAUTHENTICATED, Activities, row, time_text
from .day_resources import DayResources
from .days import MINUTES_A_DAY, Chat, Days, WorkSession
from .fields import FieldContext
from .organization import ERA_DAYS, Organization, Person
from .places import ATTACKER_AGENTS, ATTACKERS
from .random_values import generator, token
from .values import Row, Storyline

_MINUTE_US = 60_000_000
_CHATS_OF_DAYS = 12
_RESPONSE_AFTER = 25
"""Minutes from the begin of the responder's day, or from the story's end, to the response."""


@dataclass(frozen=True, slots=True)
class StoryStep:
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
    hour: float | None
    """When it starts, in hours of the day where its person lives; None: at the end of a working day."""
    steps: Callable[[Cast], Iterator[tuple[str, StoryStep]]]
    """Yields steps, each with whose session it is told in: `self`, `thief`, `any` or `responder`."""
    is_by_leaver: bool = False


class Cast(NamedTuple):
    """Who plays in a story, and what steps may tell of them."""

    random: Random
    person: Person
    responder: Person
    new_id: Callable[[str], str]
    """Makes an id of its own with a prefix."""
    is_leaving: bool


class _Told(NamedTuple):
    """A story with its rows, and the minutes in which nothing is recorded."""

    story: Storyline
    rows: Sequence[Row]
    silence: range
    departure: tuple[str, int] | None
    """Who left the organization, and when."""


class Stories:
    """The stories of a world, era by era."""

    def __init__(
        self, seed: int, organization: Organization, activities: Activities, *, days: Days, shelf: DayResources
    ) -> None:
        self._seed = seed
        self._organization = organization
        self._activities = activities
        self._days = days
        self._shelf = shelf
        self._plots: tuple[Plot, ...] = ()
        self._eras: dict[int, list[_Told]] = {}

    def with_plots(self, plots: tuple[Plot, ...]) -> Stories:
        """Tell these plots."""
        self._plots = plots
        return self

    def rows(self, day: int) -> list[Row]:
        """Return what the stories add to a UTC day, counted from the epoch."""
        start, end = day * MINUTES_A_DAY * _MINUTE_US, (day + 1) * MINUTES_A_DAY * _MINUTE_US
        return [one for told in self._near(day) for one in told.rows if start <= one.created_us < end]

    def silences(self, day: int) -> list[range]:
        """Return the minutes near a day in which nothing is recorded."""
        return [told.silence for told in self._near(day) if told.silence]

    def departures(self, day: int) -> Mapping[str, int]:
        """Return who left the organization around a day, each with the moment."""
        return dict(told.departure for told in self._near(day) if told.departure is not None)

    def between(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the stories that begin in a span of minutes."""
        first, last = (minute // (ERA_DAYS * MINUTES_A_DAY) for minute in (start_minute, end_minute))
        found = [
            (told.rows[0].created_us // _MINUTE_US, told.story)
            for era in range(first, last + 1)
            for told in self._era(era)
        ]
        return [story for start, story in sorted(found, key=lambda one: one[0]) if start_minute <= start < end_minute]

    def _near(self, day: int) -> list[_Told]:
        return [told for era in range((day - 2) // ERA_DAYS, day // ERA_DAYS + 1) for told in self._era(era)]

    def _era(self, era: int) -> list[_Told]:
        if era not in self._eras:
            self._eras[era] = [self._tell(plot, era) for plot in self._plots]
        return self._eras[era]

    def _tell(self, plot: Plot, era: int) -> _Told:
        random = generator(self._seed, "story", plot.name, era)
        is_leaving = plot.is_by_leaver and self._organization.leavers_at_once > 0
        person = self._organization.leaver(era) if is_leaving else random.choice(self._organization.administrators)
        own, start_us = self._beginning(plot, era, person, random)
        others = [one for one in self._organization.owners if one != person] or [person]
        cast = Cast(random, person, others[era % len(others)], lambda prefix: f"{prefix}_{token(random)}", is_leaving)
        scenes = _Scenes(self, own, random, responder=cast.responder, start_us=start_us)
        told = []
        for whose, step in plot.steps(cast):
            created_us, session = scenes.when_and_who(whose, step)
            told.append(self._row(step, created_us, session, scenes))
        words = {"email": person.email, "ip": scenes.thief.address, "own_ip": own.address}
        last_us = scenes.last_us
        story = Storyline(
            plot.name,
            plot.title,
            plot.sentence.format(**words),
            tuple(one.id for one in told),
            plot.search.format(**words, start=_minute(start_us, -60), end=_minute(last_us, 2)),
        )
        left = next(((person.id, one.created_us) for one in told if one.type == "org_user_left"), None)
        return _Told(story, told, _silence(told), left)

    def _beginning(self, plot: Plot, era: int, person: Person, random: Random) -> tuple[WorkSession, int]:
        """Return the session in whose life a story begins, and when."""
        candidates = [day for day in range(era * ERA_DAYS, era * ERA_DAYS + ERA_DAYS - 2) if person.works_on(day)]
        working = [one for day in candidates if (one := self._days.of_person(person, day)) is not None]
        sessions = working or [self._days.working(person, era * ERA_DAYS + 1)]
        own = sessions[-1] if plot.is_by_leaver else random.choice(sessions)
        if plot.hour is None:
            return own, (own.last_minute - 40) * _MINUTE_US
        local_midnight = own.first_minute + person.place.offset_hours * 60
        day_start = local_midnight - local_midnight % MINUTES_A_DAY - person.place.offset_hours * 60
        start = day_start + plot.hour * 60 + random.random() * 45
        if plot.hour > 9:  # noqa: PLR2004 - stories of the day happen while the person is at work
            start = min(max(start, own.first_minute + 30), own.last_minute - 60)
        return own, int(max(start, era * ERA_DAYS * MINUTES_A_DAY + 1) * _MINUTE_US)

    def _row(self, step: StoryStep, created_us: int, session: WorkSession, scenes: _Scenes) -> Row:
        other = session.person
        scene = FieldContext(scenes.random, session, other, self._organization, time_text(created_us))
        members = {**scenes.seen(step.type), **(step.told or {})}
        activity = self._activities.tell(step.type, step.actor, scene, **members)
        if step.actor not in {"user_actor", UNAUTHENTICATED} and "ip_address" in activity["actor"]:
            activity["actor"] |= {"ip_address": session.address, "user_agent": session.agent}
            activity["actor"] |= {name: told for name, told in members.items() if name in activity["actor"]}
        return row(created_us, activity)

    def belongings(self, person: Person, start_us: int) -> _Belongings:
        """Return the chats and documents that a person has at a moment."""
        minute, day = start_us // _MINUTE_US, start_us // _MINUTE_US // MINUTES_A_DAY
        sessions = (self._days.of_person(person, day - back) for back in range(_CHATS_OF_DAYS))
        chats = [chat for one in sessions if one is not None for chat in one.chats if chat.is_there(minute)]
        return _Belongings(self._organization, self._shelf, person, day=day, chats=chats)

    def thief_of(self, own: WorkSession, random: Random) -> WorkSession:
        """Return the session of somebody who acts in a person's name from elsewhere."""
        return replace(
            own,
            agent=random.choice(ATTACKER_AGENTS),
            address=f"{random.choice(ATTACKERS)}.{random.randrange(2, 250)}",
        )

    def anybody(self, thief: WorkSession, random: Random) -> WorkSession:
        """Return a session in which a stranger pretends to be anybody."""
        day = thief.first_minute // MINUTES_A_DAY
        return replace(thief, person=random.choice(self._organization.staff(day)))

    def response_of(self, person: Person, after_us: int) -> WorkSession:
        """Return the session in which somebody responds."""
        day = after_us // _MINUTE_US // MINUTES_A_DAY
        session = self._days.working(person, day)
        if session.last_minute * _MINUTE_US < after_us:
            session = self._days.working(person, day + 1)
        return session


class _Belongings:
    """What a person has, one after the other, so that a thief sees different things."""

    def __init__(
        self, organization: Organization, shelf: DayResources, person: Person, *, day: int, chats: Sequence[Chat]
    ) -> None:
        lost = Chat(organization.things("claude_chat")[person.number % 400], 0)
        file = Chat(lost.id, 0, None, None, organization.things("claude_file")[person.number % 400], "notes.md")
        self._shelf, self._team = shelf, person.team
        self._chats = cycle(chats or [lost])
        self._files = cycle([one for one in chats if one.file_id is not None] or [file])
        projects = shelf.projects(person.team, day)
        self._documents = cycle([(one.id, document) for one in projects for document in one.documents] or [None])

    def chat(self) -> dict[str, Any]:
        """Return the members that name the next chat."""
        chat = next(self._chats)
        return {"claude_chat_id": chat.id, "claude_project_id": self._shelf.project_of(chat, self._team)}

    def file(self) -> dict[str, Any]:
        """Return the members that name the next file."""
        chat = next(self._files)
        return {
            "claude_file_id": chat.file_id,
            "filename": chat.filename,
            "claude_artifact_id": None,
            "claude_project_id": None,
        }

    def document(self) -> dict[str, Any]:
        """Return the members that name the next document of a project."""
        found = next(self._documents)
        if found is None:
            return {}
        project_id, document = found
        return {
            "claude_project_id": project_id,
            "claude_project_document_id": document.id,
            "filename": document.filename,
        }


class _Scenes:
    """The sessions of a story, and how far it is told."""

    def __init__(self, stories: Stories, own: WorkSession, random: Random, *, responder: Person, start_us: int) -> None:
        self._stories = stories
        self.random = random
        self._own = own
        self.thief = stories.thief_of(own, random)
        self._responder = responder
        self._start_us = self.last_us = start_us
        self._response: tuple[int, WorkSession] | None = None
        self._belongings = stories.belongings(own.person, start_us)

    def when_and_who(self, whose: str, step: StoryStep) -> tuple[int, WorkSession]:
        """Return when a step happens, and in whose session."""
        if whose == "responder":
            if self._response is None:
                session = self._stories.response_of(self._responder, self.last_us + _RESPONSE_AFTER * _MINUTE_US)
                begin = max(self.last_us, session.first_minute * _MINUTE_US) + _RESPONSE_AFTER * _MINUTE_US
                self._response = begin, session
            begin_us, session = self._response
            return begin_us + int(step.after * _MINUTE_US), session
        created_us = self._start_us + int((step.after + self.random.random() * 0.3) * _MINUTE_US)
        created_us = max(created_us, self.last_us + 1_200_000)
        self.last_us = created_us
        if whose == "any":
            return created_us, self._stories.anybody(self.thief, self.random)
        return created_us, self.thief if whose == "thief" else self._own

    def seen(self, name: str) -> dict[str, Any]:
        """Return the members that name what a step looks at."""
        if name.startswith("claude_chat_"):
            return self._belongings.chat()
        if name.startswith("claude_file_"):
            return {**self._belongings.chat(), **self._belongings.file()}
        return self._belongings.document() if name.startswith("claude_project_") else {}


def _silence(told: Sequence[Row]) -> range:
    """Return the minutes between the two changes of the logging, in which nothing is recorded."""
    switched = [one.created_us // _MINUTE_US for one in told if one.type == "org_compliance_api_settings_updated"]
    return range(switched[0] + 1, switched[-1]) if len(switched) > 1 else range(0)


def _minute(moment_us: int, later: int) -> str:
    """Return the whole minute so many minutes later, as short as a command takes it."""
    when = EPOCH + timedelta(microseconds=moment_us, minutes=later)
    return when.strftime("%Y-%m-%dT%H:%MZ")
