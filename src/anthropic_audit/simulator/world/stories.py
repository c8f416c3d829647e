"""The incidents of the world: five storylines in every ten days, each over minutes to hours, by the same actors."""

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
from .random_values import Row, Storyline, generator, token

_MINUTE_US = 60_000_000
_CHATS_OF_DAYS = 12
_RESPONSE_AFTER = 25
"""Minutes from the start of the responder's day, or from the end of the incident, to the response."""


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step of a storyline: minutes after its start, activity type, kind of actor, and fixed fields."""

    after: float
    type: str
    actor: str = "user_actor"
    fields: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A storyline without a time: its texts, and its steps for a cast."""

    name: str
    title: str
    sentence: str
    search: str
    hour: float | None
    """The local hour of the start, at the person's office; None: at the end of a working day."""
    steps: Callable[[Cast], Iterator[tuple[str, StoryStep]]]
    """Yields steps, each with the name of its session: `self`, `attacker`, `any` or `responder`."""
    is_by_leaver: bool = False


class Cast(NamedTuple):
    """The people of a storyline, and the values that its steps need."""

    random: Random
    person: Person
    responder: Person
    new_id: Callable[[str], str]
    """Returns a new id with a prefix."""
    is_leaving: bool


class _ScheduledStory(NamedTuple):
    """A storyline with its rows, and the minutes in which nothing is recorded."""

    story: Storyline
    rows: Sequence[Row]
    silence: range
    departure: tuple[str, int] | None
    """The id of a person who left the organization, and the time in microseconds."""


class Stories:
    """The storylines of a world, by era."""

    def __init__(
        self, seed: int, organization: Organization, activities: Activities, *, days: Days, resources: DayResources
    ) -> None:
        self._seed = seed
        self._organization = organization
        self._activities = activities
        self._days = days
        self._resources = resources
        self._plots: tuple[Plot, ...] = ()
        self._eras: dict[int, list[_ScheduledStory]] = {}

    def with_plots(self, plots: tuple[Plot, ...]) -> Stories:
        """Set the plots that take place in every era."""
        self._plots = plots
        return self

    def rows(self, day: int) -> list[Row]:
        """Return the rows of the storylines on a UTC day, counted from the epoch."""
        start, end = day * MINUTES_A_DAY * _MINUTE_US, (day + 1) * MINUTES_A_DAY * _MINUTE_US
        return [one for story in self._near(day) for one in story.rows if start <= one.created_us < end]

    def silences(self, day: int) -> list[range]:
        """Return the minutes near a day in which nothing is recorded."""
        return [story.silence for story in self._near(day) if story.silence]

    def departures(self, day: int) -> Mapping[str, int]:
        """Return the ids of the people who left the organization around a day, with the time in microseconds."""
        return dict(story.departure for story in self._near(day) if story.departure is not None)

    def between(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the storylines that begin in a span of minutes, in the order of their start."""
        first, last = (minute // (ERA_DAYS * MINUTES_A_DAY) for minute in (start_minute, end_minute))
        found = [
            (scheduled.rows[0].created_us // _MINUTE_US, scheduled.story)
            for era in range(first, last + 1)
            for scheduled in self._era(era)
        ]
        return [story for start, story in sorted(found, key=lambda one: one[0]) if start_minute <= start < end_minute]

    def _near(self, day: int) -> list[_ScheduledStory]:
        return [story for era in range((day - 2) // ERA_DAYS, day // ERA_DAYS + 1) for story in self._era(era)]

    def _era(self, era: int) -> list[_ScheduledStory]:
        if era not in self._eras:
            self._eras[era] = [self._schedule(plot, era) for plot in self._plots]
        return self._eras[era]

    def _schedule(self, plot: Plot, era: int) -> _ScheduledStory:
        random = generator(self._seed, "story", plot.name, era)
        is_leaving = plot.is_by_leaver and self._organization.leavers_at_once > 0
        person = self._organization.leaver(era) if is_leaving else random.choice(self._organization.administrators)
        own, start_us = self._beginning(plot, era, person, random)
        others = [one for one in self._organization.owners if one != person] or [person]
        cast = Cast(random, person, others[era % len(others)], lambda prefix: f"{prefix}_{token(random)}", is_leaving)
        story_sessions = _StorySessions(self, own, random, responder=cast.responder, start_us=start_us)
        rows = []
        for whose, step in plot.steps(cast):
            created_us, session = story_sessions.time_and_session(whose, step)
            rows.append(self._row(step, created_us, session, story_sessions))
        words = {"email": person.email, "ip": story_sessions.attacker.address, "own_ip": own.address}
        last_us = story_sessions.last_us
        story = Storyline(
            plot.name,
            plot.title,
            plot.sentence.format(**words),
            tuple(one.id for one in rows),
            plot.search.format(**words, start=_minute(start_us, -60), end=_minute(last_us, 2)),
        )
        left = next(((person.id, one.created_us) for one in rows if one.type == "org_user_left"), None)
        return _ScheduledStory(story, rows, _silence(rows), left)

    def _beginning(self, plot: Plot, era: int, person: Person, random: Random) -> tuple[WorkSession, int]:
        """Return the session during which a storyline starts, and the time of its start."""
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

    def _row(self, step: StoryStep, created_us: int, session: WorkSession, story_sessions: _StorySessions) -> Row:
        other = session.person
        context = FieldContext(story_sessions.random, session, other, self._organization, time_text(created_us))
        members = {**story_sessions.viewed_fields(step.type), **(step.fields or {})}
        activity = self._activities.make(step.type, step.actor, context, **members)
        if step.actor not in {"user_actor", UNAUTHENTICATED} and "ip_address" in activity["actor"]:
            activity["actor"] |= {"ip_address": session.address, "user_agent": session.agent}
            activity["actor"] |= {name: value for name, value in members.items() if name in activity["actor"]}
        return row(created_us, activity)

    def resources_of(self, person: Person, start_us: int) -> _OwnedResources:
        """Return the chats and documents of a person at a given time."""
        minute, day = start_us // _MINUTE_US, start_us // _MINUTE_US // MINUTES_A_DAY
        sessions = (self._days.of_person(person, day - back) for back in range(_CHATS_OF_DAYS))
        chats = [chat for one in sessions if one is not None for chat in one.chats if chat.is_there(minute)]
        return _OwnedResources(self._organization, self._resources, person, day=day, chats=chats)

    def attacker_session(self, own: WorkSession, random: Random) -> WorkSession:
        """Return the session of an attacker who acts in a person's name from another address and device."""
        return replace(
            own,
            agent=random.choice(ATTACKER_AGENTS),
            address=f"{random.choice(ATTACKERS)}.{random.randrange(2, 250)}",
        )

    def random_person_session(self, attacker: WorkSession, random: Random) -> WorkSession:
        """Return a session in which the attacker acts in the name of a random member."""
        day = attacker.first_minute // MINUTES_A_DAY
        return replace(attacker, person=random.choice(self._organization.staff(day)))

    def response_session(self, person: Person, after_us: int) -> WorkSession:
        """Return the first session of a person that is not over at a given time."""
        day = after_us // _MINUTE_US // MINUTES_A_DAY
        session = self._days.working(person, day)
        if session.last_minute * _MINUTE_US < after_us:
            session = self._days.working(person, day + 1)
        return session


class _OwnedResources:
    """The chats, files and documents of a person, one after the other, so that an attacker sees different ones."""

    def __init__(
        self, organization: Organization, resources: DayResources, person: Person, *, day: int, chats: Sequence[Chat]
    ) -> None:
        fallback = Chat(organization.things("claude_chat")[person.number % 400], 0)
        file = Chat(fallback.id, 0, None, None, organization.things("claude_file")[person.number % 400], "notes.md")
        self._resources, self._team = resources, person.team
        self._chats = cycle(chats or [fallback])
        self._files = cycle([one for one in chats if one.file_id is not None] or [file])
        projects = resources.projects(person.team, day)
        self._documents = cycle([(one.id, document) for one in projects for document in one.documents] or [None])

    def chat(self) -> dict[str, Any]:
        """Return the identifying fields of the next chat."""
        chat = next(self._chats)
        return {"claude_chat_id": chat.id, "claude_project_id": self._resources.project_of(chat, self._team)}

    def file(self) -> dict[str, Any]:
        """Return the identifying fields of the next file."""
        chat = next(self._files)
        return {
            "claude_file_id": chat.file_id,
            "filename": chat.filename,
            "claude_artifact_id": None,
            "claude_project_id": None,
        }

    def document(self) -> dict[str, Any]:
        """Return the identifying fields of the next document of a project; none if the team has no project."""
        found = next(self._documents)
        if found is None:
            return {}
        project_id, document = found
        return {
            "claude_project_id": project_id,
            "claude_project_document_id": document.id,
            "filename": document.filename,
        }


class _StorySessions:
    """The sessions of a storyline, and the time of its last step so far."""

    def __init__(self, stories: Stories, own: WorkSession, random: Random, *, responder: Person, start_us: int) -> None:
        self._stories = stories
        self.random = random
        self._own = own
        self.attacker = stories.attacker_session(own, random)
        self._responder = responder
        self._start_us = self.last_us = start_us
        self._response: tuple[int, WorkSession] | None = None
        self._owned = stories.resources_of(own.person, start_us)

    def time_and_session(self, whose: str, step: StoryStep) -> tuple[int, WorkSession]:
        """Return the time of a step, and its session."""
        if whose == "responder":
            if self._response is None:
                session = self._stories.response_session(self._responder, self.last_us + _RESPONSE_AFTER * _MINUTE_US)
                begin = max(self.last_us, session.first_minute * _MINUTE_US) + _RESPONSE_AFTER * _MINUTE_US
                self._response = begin, session
            begin_us, session = self._response
            return begin_us + int(step.after * _MINUTE_US), session
        created_us = self._start_us + int((step.after + self.random.random() * 0.3) * _MINUTE_US)
        created_us = max(created_us, self.last_us + 1_200_000)
        self.last_us = created_us
        if whose == "any":
            return created_us, self._stories.random_person_session(self.attacker, self.random)
        return created_us, self.attacker if whose == "attacker" else self._own

    def viewed_fields(self, name: str) -> dict[str, Any]:
        """Return the identifying fields of the object that a step of a type views."""
        if name.startswith("claude_chat_"):
            return self._owned.chat()
        if name.startswith("claude_file_"):
            return {**self._owned.chat(), **self._owned.file()}
        return self._owned.document() if name.startswith("claude_project_") else {}


def _silence(rows: Sequence[Row]) -> range:
    """Return the minutes between the two changes of the logging, in which nothing is recorded."""
    switched = [one.created_us // _MINUTE_US for one in rows if one.type == "org_compliance_api_settings_updated"]
    return range(switched[0] + 1, switched[-1]) if len(switched) > 1 else range(0)


def _minute(moment_us: int, later: int) -> str:
    """Return the minute a number of minutes after a time, in the shortest form that commands accept."""
    when = EPOCH + timedelta(microseconds=moment_us, minutes=later)
    return when.strftime("%Y-%m-%dT%H:%MZ")
