"""The world: the activities of any minute, always the same for the same settings.

The activities that are planned for a day come first (sign-ins, lifecycles of objects, storylines). Then the tasks of
the people at work fill each block of time up to the number of its rhythm. Only a few days are cached, so any span can
be read, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from anthropic_audit.catalogue import Catalogue

from .activities import Activities, time_text
from .agenda import Agenda, PlannedActivity
from .cycles import Cycles, read_families
from .day_resources import DayResources
from .days import MINUTES_A_DAY, Days
from .details import Details
from .fields import FieldContext
from .names import words
from .office import Office
from .organization import ERA_DAYS, Organization, Person
from .plots import PLOTS
from .random_values import Row, Storyline, WorldSettings
from .rhythm import Extent, Rhythm
from .stories import Stories
from .work import TYPES

_MINUTE_US = 60_000_000
_SIGN_IN_SHARE = 0.12
"""Upper bound on the share of sign-ins and of people's planned activities."""
_PLANNED_PER_PERSON = 9.0
_LIFECYCLES_FROM, _POLLS_FROM, _STAFF_FROM = 2500.0, 1500.0, 100.0
"""The activities per day from which a world has all lifecycles; polls; joiners and leavers."""
_ROOM_FOR_STORIES = 30
"""A world with an exact number of activities has storylines if it has this many times their activities."""
_PLANNED_TYPES = TYPES | frozenset(
    words(
        """
    claude_chat_deleted compliance_api_accessed org_compliance_api_settings_updated org_ip_restriction_created
    org_ip_restriction_deleted org_user_invite_accepted org_user_left scim_user_created scim_user_deleted
    sso_login_failed sso_login_initiated sso_login_succeeded user_logged_out
    """
    )
)
"""Activity types of tasks, of people's days and of storylines, which need no lifecycle."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """The planned activities of a day, by minute, and the number of activities of each block that is left for tasks."""

    planned: Mapping[int, Sequence[PlannedActivity]]
    rows: Mapping[int, Sequence[Row]]
    blocks: Mapping[int, tuple[int, int, int]]
    """By minute: the start and the end of its block, and the number of activities that fill the block."""


class World:
    """The history of a believable organization.

    Args:
        settings: The seed, the size and the rate of the world.
        catalogue: The activity types that may occur.
        extent: The span of time with exactly `settings.activities` activities.
    """

    def __init__(self, settings: WorldSettings, catalogue: Catalogue, extent: Extent | None = None) -> None:
        seed = settings.seed
        self._rhythm = rhythm = Rhythm(seed, settings.activities_per_day, extent)
        self._organization = organization = Organization(seed, max(1, settings.people))
        sign_in_share = min(1.0, _SIGN_IN_SHARE * rhythm.per_day * 2 / (_PLANNED_PER_PERSON * max(1, settings.people)))
        self._days = Days(seed, organization, sign_in_share)
        self._activities = Activities(catalogue)
        families = read_families(frozenset(catalogue.types) - _PLANNED_TYPES)
        share = min(1.0, rhythm.per_day / _LIFECYCLES_FROM)
        self.cycles = Cycles(seed, organization, self._days, families, share=share)
        self.details = Details(seed, organization, self._days, cycles=self.cycles, catalogue=catalogue)
        self._resources = DayResources(self.cycles, self.details)
        self._agenda = Agenda(seed, organization, self._activities, self._days)
        self.stories = Stories(
            seed, organization, self._activities, days=self._days, resources=self._resources
        ).with_plots(PLOTS)
        self._office = Office(seed, organization, self._days, resources=self._resources, rhythm=rhythm)
        rows = sum(len(story.activity_ids) for story in self.stories.between(0, ERA_DAYS * MINUTES_A_DAY))
        self.has_stories = rows / ERA_DAYS < rhythm.per_day / (2 if extent is None else _ROOM_FOR_STORIES)
        self._plan = lru_cache(4)(self._planned)
        self._filled = lru_cache(4)(self._fill)

    @property
    def organization(self) -> Organization:
        """The people, machines and objects of the world."""
        return self._organization

    def rows(self, minute: int) -> list[Row]:
        """Return the activities of a minute, counted from the epoch, in the order of time and id."""
        if self._rhythm.is_paused(minute):
            return []
        plan = self._plan(minute // MINUTES_A_DAY)
        rows = [self._agenda.row(planned) for planned in plan.planned.get(minute, ())]
        rows += plan.rows.get(minute, ())
        if minute in plan.blocks:
            rows += self._filled(plan.blocks[minute]).get(minute, ())
        rows.sort()
        return rows

    def storylines(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the storylines that begin in a span of minutes; a world with very few activities has none."""
        return self.stories.between(start_minute, end_minute) if self.has_stories else []

    def silences(self, day: int) -> Sequence[range]:
        """Return the minutes around a UTC day, counted from the epoch, in which nothing is recorded."""
        return self.stories.silences(day) if self.has_stories else []

    def departures(self, day: int) -> dict[str, int]:
        """Return the ids of the people who left the organization around a UTC day, with the time in microseconds."""
        return dict(self.stories.departures(day)) if self.has_stories else {}

    def story_rows(self, first_day: int, end_day: int) -> list[Row]:
        """Return the rows of the storylines on the UTC days `[first_day, end_day)`, in order."""
        days = range(first_day, end_day) if self.has_stories else ()
        return sorted(one for day in days for one in self.stories.rows(day))

    def joined_us(self, person: Person) -> int | None:
        """Return when the directory created a person's user; None for a member since before history."""
        return self._agenda.joined_us(person)

    def example(self, name: str, actor_kind: str, random: Random) -> dict[str, Any]:
        """Return an activity of a type by a kind of actor, at an arbitrary time."""
        minute = 20_000 * MINUTES_A_DAY + 14 * 60
        person = random.choice(self._organization.people)
        session = self._days.working(person, 20_000)
        other = random.choice(self._organization.people)
        context = FieldContext(random, session, other, self._organization, time_text(minute * _MINUTE_US))
        return self._activities.make(name, actor_kind, context)

    def _fill(self, block: tuple[int, int, int]) -> Mapping[int, Sequence[Row]]:
        minutes: dict[int, list[Row]] = {}
        for one in self._office.rows(*block):
            minutes.setdefault(one.created_us // _MINUTE_US, []).append(one)
        return minutes

    def _planned(self, day: int) -> _Plan:
        """Plan a UTC day, counted from the epoch."""
        silences = self.silences(day)
        planned = _by_minute(day, ((one.at_us, one) for one in self._planned_activities(day)), silences)
        story_rows = self.stories.rows(day) if self.has_stories else []
        rows = _by_minute(day, ((one.created_us, one) for one in story_rows), [])
        self._thin(day, planned, rows)
        fixed = {minute: len(planned.get(minute, ())) + len(rows.get(minute, ())) for minute in (*planned, *rows)}
        return _Plan(planned, rows, self._blocks(day, fixed, silences))

    def _thin(self, day: int, planned: dict[int, list[PlannedActivity]], rows: dict[int, list[Row]]) -> None:
        """Remove the planned activities of a day that exceed the fixed number of activities of the extent."""
        inside = [block for block in self._rhythm.blocks(day) if self._rhythm.is_inside(block[0])]
        room = sum(self._rhythm.count(*block) for block in inside)
        minutes = {minute for block in inside for minute in range(*block)}
        for fixed in (rows, planned):
            for minute in sorted(minutes.intersection(fixed)):
                del fixed[minute][room:]
                room -= len(fixed[minute])

    def _planned_activities(self, day: int) -> Iterable[PlannedActivity]:
        per_day = self._rhythm.per_day
        for session_day in (day - 1, day):
            yield from self._agenda.sign_ins(session_day)
            yield from self._agenda.chats(session_day, self._resources)
        yield from self._agenda.lifecycles(day, self.cycles, self.details)
        if per_day >= _POLLS_FROM:
            yield from self._agenda.polls(day)
        if per_day >= _STAFF_FROM:
            yield from self._agenda.staff(day)

    def _blocks(
        self, day: int, fixed: Mapping[int, int], silences: Sequence[range]
    ) -> Mapping[int, tuple[int, int, int]]:
        """Return the number of task activities of each block: the number of its rhythm, less the planned activities."""
        blocks = self._rhythm.blocks(day)
        wanted = [
            self._rhythm.count(*block) - sum(fixed.get(minute, 0) for minute in range(*block)) for block in blocks
        ]
        spans = [_around(block, silences) for block in blocks]
        found: dict[int, tuple[int, int, int]] = {}
        for is_inside in (True, False):
            chosen = [at for at, block in enumerate(blocks) if self._rhythm.is_inside(block[0]) == is_inside]
            counts = _balanced([wanted[at] for at in chosen], [spans[at] is not None for at in chosen])
            for at, count in zip(chosen, counts, strict=True):
                span = spans[at]
                if count and span is not None:
                    found.update((minute, (*span, count)) for minute in range(*span))
        return found


def _by_minute(day: int, ones: Iterable[tuple[int, Any]], silences: Sequence[range]) -> dict[int, list[Any]]:
    """Group the activities of a day by minute, without those in silences, which are not recorded."""
    minutes: dict[int, list[Any]] = {}
    for at_us, one in ones:
        minute = at_us // _MINUTE_US
        if minute // MINUTES_A_DAY == day and not any(minute in silence for silence in silences):
            minutes.setdefault(minute, []).append(one)
    return minutes


def _around(block: tuple[int, int], silences: Sequence[range]) -> tuple[int, int] | None:
    """Return the longer part of a block outside the silences; None if all of the block is silent."""
    start, end = block
    for silence in silences:
        before, after = (start, min(end, silence.start)), (max(start, silence.stop), end)
        if silence.start < end and silence.stop > start:
            start, end = max((before, after), key=lambda one: one[1] - one[0])
    return (start, end) if start < end else None


def _balanced(wanted: Sequence[int], is_open: Sequence[bool]) -> list[int]:
    """Return the wanted numbers, with 0 for negative ones and closed blocks; other blocks keep the sum the same."""
    counts = [max(0, count) if is_there else 0 for count, is_there in zip(wanted, is_open, strict=True)]
    surplus = sum(counts) - max(0, sum(wanted))
    for at in sorted(range(len(counts)), key=lambda one: -counts[one]):
        if surplus == 0:
            break
        change = min(surplus, counts[at]) if surplus > 0 else surplus * is_open[at]
        counts[at] -= change
        surplus -= change
    return counts
