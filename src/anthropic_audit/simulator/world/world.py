"""The world: what happened in any minute, always the same for the same settings.

What is fixed for a day comes first (sign-ins, lifecycles of things, stories), then the tasks of those who are at work
fill each stretch of time up to what its rhythm asks for. Nothing is kept but what a few days need, so any span can be
asked for, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from anthropic_audit.catalogue import Catalogue

from .activities import Activities, time_text
from .agenda import Agenda, Beat
from .cycles import Cycles, read_families
from .day_resources import DayResources
from .days import MINUTES_A_DAY, Days
from .details import Details
from .fields import FieldContext
from .names import words
from .office import Office
from .organization import ERA_DAYS, Organization, Person
from .plots import PLOTS
from .rhythm import Extent, Rhythm
from .stories import Stories
from .values import Row, Storyline, WorldSettings
from .work import TYPES

_MINUTE_US = 60_000_000
_SIGN_IN_SHARE = 0.12
"""Sign-ins, and what people fix for their day, are at most this share of all activities."""
_BEATS_A_PERSON = 9.0
_LIFECYCLES_FROM, _POLLS_FROM, _STAFF_FROM = 2500.0, 1500.0, 100.0
"""How many activities a day a world must have for all lifecycles, for polls, and for people to come and go."""
_ROOM_FOR_STORIES = 30
"""How many times as much as the stories a world has that is to have an exact number of activities."""
_TOLD_OTHERWISE = TYPES | frozenset(
    words(
        """
    claude_chat_deleted compliance_api_accessed org_compliance_api_settings_updated org_ip_restriction_created
    org_ip_restriction_deleted org_user_invite_accepted org_user_left scim_user_created scim_user_deleted
    sso_login_failed sso_login_initiated sso_login_succeeded user_logged_out
    """
    )
)
"""Types that tasks, people's days and stories bring about by themselves."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is fixed of a day, by its minutes, and how much of each block is left for tasks."""

    beats: Mapping[int, Sequence[Beat]]
    rows: Mapping[int, Sequence[Row]]
    blocks: Mapping[int, tuple[int, int, int]]
    """By minute: the start and the end of the block that holds it, and how many activities fill it."""


class World:
    """A believable organization's history.

    Args:
        settings: Which world, and how busy.
        catalogue: The types that may happen.
        extent: The history in which `settings.activities` are to lie.
    """

    def __init__(self, settings: WorldSettings, catalogue: Catalogue, extent: Extent | None = None) -> None:
        seed = settings.seed
        self._rhythm = rhythm = Rhythm(seed, settings.activities_per_day, extent)
        self._organization = organization = Organization(seed, max(1, settings.people))
        kept = min(1.0, _SIGN_IN_SHARE * rhythm.per_day * 2 / (_BEATS_A_PERSON * max(1, settings.people)))
        self._days = Days(seed, organization, kept)
        self._activities = Activities(catalogue)
        families = read_families(frozenset(catalogue.types) - _TOLD_OTHERWISE)
        share = min(1.0, rhythm.per_day / _LIFECYCLES_FROM)
        self.cycles = Cycles(seed, organization, self._days, families, kept=share)
        self.details = Details(seed, organization, self._days, cycles=self.cycles, catalogue=catalogue)
        self._shelf = DayResources(self.cycles, self.details)
        self._agenda = Agenda(seed, organization, self._activities, self._days)
        self.stories = Stories(seed, organization, self._activities, days=self._days, shelf=self._shelf).with_plots(
            PLOTS
        )
        self._office = Office(seed, organization, self._days, shelf=self._shelf, rhythm=rhythm)
        rows = sum(len(story.activity_ids) for story in self.stories.between(0, ERA_DAYS * MINUTES_A_DAY))
        self.has_stories = rows / ERA_DAYS < rhythm.per_day / (2 if extent is None else _ROOM_FOR_STORIES)
        self._plan = lru_cache(4)(self._planned)
        self._filled = lru_cache(4)(self._fill)

    @property
    def organization(self) -> Organization:
        """Who and what there is."""
        return self._organization

    def rows(self, minute: int) -> list[Row]:
        """Return what happened in a minute, counted from the epoch, by time and id."""
        if self._rhythm.is_paused(minute):
            return []
        plan = self._plan(minute // MINUTES_A_DAY)
        rows = [self._agenda.row(beat) for beat in plan.beats.get(minute, ())]
        rows += plan.rows.get(minute, ())
        if minute in plan.blocks:
            rows += self._filled(plan.blocks[minute]).get(minute, ())
        rows.sort()
        return rows

    def storylines(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the stories that begin in a span of minutes; a world with hardly any activity has none."""
        return self.stories.between(start_minute, end_minute) if self.has_stories else []

    def silences(self, day: int) -> Sequence[range]:
        """Return the minutes around a UTC day, counted from the epoch, in which nothing is recorded."""
        return self.stories.silences(day) if self.has_stories else []

    def departures(self, day: int) -> dict[str, int]:
        """Return who left the organization around a UTC day, each with the moment."""
        return dict(self.stories.departures(day)) if self.has_stories else {}

    def story_rows(self, first_day: int, end_day: int) -> list[Row]:
        """Return what the stories add to some UTC days, in order."""
        days = range(first_day, end_day) if self.has_stories else ()
        return sorted(one for day in days for one in self.stories.rows(day))

    def joined_us(self, person: Person) -> int | None:
        """Return when somebody came who was not always there."""
        return self._agenda.joined_us(person)

    def example(self, name: str, actor_kind: str, random: Random) -> dict[str, Any]:
        """Return an activity of a type by a kind of actor, at a time of no meaning."""
        minute = 20_000 * MINUTES_A_DAY + 14 * 60
        person = random.choice(self._organization.people)
        session = self._days.working(person, 20_000)
        other = random.choice(self._organization.people)
        scene = FieldContext(random, session, other, self._organization, time_text(minute * _MINUTE_US))
        return self._activities.tell(name, actor_kind, scene)

    def _fill(self, block: tuple[int, int, int]) -> Mapping[int, Sequence[Row]]:
        minutes: dict[int, list[Row]] = {}
        for one in self._office.rows(*block):
            minutes.setdefault(one.created_us // _MINUTE_US, []).append(one)
        return minutes

    def _planned(self, day: int) -> _Plan:
        """Plan a UTC day, counted from the epoch."""
        silences = self.silences(day)
        beats = _by_minute(day, ((one.at_us, one) for one in self._beats(day)), silences)
        told = self.stories.rows(day) if self.has_stories else []
        rows = _by_minute(day, ((one.created_us, one) for one in told), [])
        self._thin(day, beats, rows)
        fixed = {minute: len(beats.get(minute, ())) + len(rows.get(minute, ())) for minute in (*beats, *rows)}
        return _Plan(beats, rows, self._blocks(day, fixed, silences))

    def _thin(self, day: int, beats: dict[int, list[Beat]], rows: dict[int, list[Row]]) -> None:
        """Leave out what is more than an extent with a number of activities has room for on a day."""
        inside = [block for block in self._rhythm.blocks(day) if self._rhythm.is_inside(block[0])]
        room = sum(self._rhythm.count(*block) for block in inside)
        minutes = {minute for block in inside for minute in range(*block)}
        for fixed in (rows, beats):
            for minute in sorted(minutes.intersection(fixed)):
                del fixed[minute][room:]
                room -= len(fixed[minute])

    def _beats(self, day: int) -> Iterable[Beat]:
        per_day = self._rhythm.per_day
        for begun in (day - 1, day):
            yield from self._agenda.signs(begun)
            yield from self._agenda.chats(begun, self._shelf)
        yield from self._agenda.happenings(day, self.cycles, self.details)
        if per_day >= _POLLS_FROM:
            yield from self._agenda.polls(day)
        if per_day >= _STAFF_FROM:
            yield from self._agenda.staff(day)

    def _blocks(
        self, day: int, fixed: Mapping[int, int], silences: Sequence[range]
    ) -> Mapping[int, tuple[int, int, int]]:
        """Say how many activities fill each block: what its rhythm asks for, less what is fixed."""
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
    """Sort what happens on a day by its minutes; what falls into a silence is not recorded."""
    minutes: dict[int, list[Any]] = {}
    for at_us, one in ones:
        minute = at_us // _MINUTE_US
        if minute // MINUTES_A_DAY == day and not any(minute in silence for silence in silences):
            minutes.setdefault(minute, []).append(one)
    return minutes


def _around(block: tuple[int, int], silences: Sequence[range]) -> tuple[int, int] | None:
    """Return the longer part of a block that is not silent; None if it all is."""
    start, end = block
    for silence in silences:
        before, after = (start, min(end, silence.start)), (max(start, silence.stop), end)
        if silence.start < end and silence.stop > start:
            start, end = max((before, after), key=lambda one: one[1] - one[0])
    return (start, end) if start < end else None


def _balanced(wanted: Sequence[int], is_open: Sequence[bool]) -> list[int]:
    """Take what is too much in one block, or has no place in it, from the others, so that the sum stays."""
    counts = [max(0, count) if is_there else 0 for count, is_there in zip(wanted, is_open, strict=True)]
    surplus = sum(counts) - max(0, sum(wanted))
    for at in sorted(range(len(counts)), key=lambda one: -counts[one]):
        if surplus == 0:
            break
        change = min(surplus, counts[at]) if surplus > 0 else surplus * is_open[at]
        counts[at] -= change
        surplus -= change
    return counts
