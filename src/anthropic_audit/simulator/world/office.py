"""The bulk of the activities: tasks of people at work and of programs, until a block of time is full."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Any

from .activities import USER, head, row, time_text
from .day_resources import DayResources
from .days import Days, WorkSession
from .machines import Machines
from .organization import Organization, Unit
from .places import DESKTOP
from .random_values import Row, generator, token
from .rhythm import Rhythm
from .work import PEOPLE, PROGRAMS, TECHNICAL_PEOPLE, Task, TaskContext, TaskStep, federated_sign_in

_MINUTE_US = 60_000_000
_PROGRAM_SHARE = 0.06
_FEDERATED_SHARE = 0.3
_ATTEMPTS = 4
_MIN_STEP_US, _STEP_SPAN_US = 4_000_000, 150_000_000
_TERMINAL, _DESKTOP = "terminal", "desktop"


class _Draw:
    """Draws tasks by their weights."""

    def __init__(self, tasks: Sequence[tuple[Task, int, str]]) -> None:
        self._tasks = [(task, surface) for task, _, surface in tasks]
        self._sums = list(accumulate(weight for _, weight, _ in tasks))

    def one(self, random: Random) -> tuple[Task, str]:
        """Draw a task, with the surface on which it is done."""
        return self._tasks[bisect(self._sums, random.random() * self._sums[-1])]


class Office:
    """Fills blocks of time with the tasks of people at work and of programs."""

    def __init__(
        self, seed: int, organization: Organization, days: Days, *, resources: DayResources, rhythm: Rhythm
    ) -> None:
        self._seed = seed
        self._machines: Machines = organization.machines
        self._unit: Unit = organization.units[0]
        self._program_session = days.working(organization.people[0], 0)
        self._days = days
        self._resources = resources
        self._rhythm = rhythm
        self._people, self._technical, self._programs = _Draw(PEOPLE), _Draw(TECHNICAL_PEOPLE), _Draw(PROGRAMS)

    def rows(self, start: int, end: int, count: int) -> list[Row]:
        """Return `count` activities in the minutes `[start, end)`."""
        random = generator(self._seed, "work", start)
        sessions = self._days.active(start, end)
        made: list[Row] = []
        while len(made) < count:
            minute = self._rhythm.minute_at(start, end, random.random())
            session = None if random.random() < _PROGRAM_SHARE else _at_work(sessions, minute, random)
            if session is None:
                made += self._by_program(random, (minute, end), count - len(made))
            else:
                made += self._by_person(random, session, (minute, end), count - len(made))
        return made

    def _by_person(self, random: Random, session: WorkSession, span: tuple[int, int], max_steps: int) -> Iterator[Row]:
        person = session.person
        task, surface = (self._technical if person.is_technical else self._people).one(random)
        steps = list(task(TaskContext(random, session, span[0], self._resources, self._days)))[:max_steps]
        actor = {
            "type": USER,
            "email_address": person.email,
            "user_id": person.id,
            "ip_address": session.address,
            "user_agent": _agent(session, surface),
        }
        end = min(span[1], session.last_minute)
        yield from _rows_of(random, steps, (span[0], end), actor, unit=person.unit)

    def _by_program(self, random: Random, span: tuple[int, int], max_steps: int) -> Iterator[Row]:
        if random.random() < _FEDERATED_SHARE:
            actor = self._machines.actor("federated_identity_actor", random)
            yield from _rows_of(random, [federated_sign_in(self._machines, random)], span, actor, unit=self._unit)
            return
        task, _ = self._programs.one(random)
        steps = list(task(TaskContext(random, self._program_session, span[0], self._resources, self._days)))[:max_steps]
        yield from _rows_of(random, steps, span, self._machines.actor("service_account_actor", random), unit=self._unit)


def _at_work(sessions: Sequence[WorkSession], minute: int, random: Random) -> WorkSession | None:
    """Return the session of a person who is at work in a minute, or None if a few attempts find none."""
    for _ in range(_ATTEMPTS if sessions else 0):
        session = sessions[int(random.random() * len(sessions))]
        if session.first_minute + 1 < minute < session.last_minute:
            return session
    return None


def _agent(session: WorkSession, surface: str) -> str:
    if surface == _TERMINAL and session.person.terminal is not None:
        return session.person.terminal
    return DESKTOP if surface == _DESKTOP else session.agent


def _rows_of(
    random: Random, steps: Sequence[TaskStep], span: tuple[int, int], actor: Mapping[str, Any], *, unit: Unit
) -> Iterator[Row]:
    """Yield the rows of a task's steps, with pauses between them, all before the span of minutes ends."""
    start_us = span[0] * _MINUTE_US + int(random.random() * _MINUTE_US)
    waits = [0, *(_MIN_STEP_US + int(random.random() ** 2 * _STEP_SPAN_US) for _ in steps[1:])]
    room_us = max(span[1], span[0] + 1) * _MINUTE_US - start_us - 1
    scale = min(1.0, room_us / max(1, sum(waits)))
    at_us = start_us
    for wait, (name, members) in zip(waits, steps, strict=True):
        at_us += int(wait * scale)
        yield row(at_us, {**head(time_text(at_us), name, actor, unit=unit, variable=token(random)), **members})
