"""The world: what happened in any minute, always the same for the same settings.

A minute's ordinary activities come from who is at work then; sign-ins and sign-outs from the people's days; and the
stories on top. Nothing is kept but what a few hours need, so any span can be asked for, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from anthropic_audit.catalogue import Catalogue

from .activities import Activities, row
from .chance import generator, number, poisson
from .days import MINUTES_A_DAY, Days, Session
from .fields import Scene
from .organization import Organization
from .places import PLACES
from .plots import PLOTS
from .stories import ERA_DAYS, Stories
from .values import Row, Storyline, WorldSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_US = 60_000_000
_WEEK = 7 * MINUTES_A_DAY
_THURSDAY = 3 * MINUTES_A_DAY
_SIGN_IN_SHARE = 0.12
"""Sign-ins and sign-outs are at most this share of all activities."""
_NIGHT, _WEEKEND = 0.06, 0.12
"""How busy nights and weekends are, in relation to a working day's best hour."""


class World:
    """A believable organization's history."""

    def __init__(self, settings: WorldSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._organization = Organization(settings.seed, max(1, settings.people))
        self._days = Days(settings.seed, self._organization)
        self._activities = Activities(catalogue)
        self._stories = Stories(settings.seed, self._organization, self._activities, PLOTS)
        signs = 2.0 * len(self._organization.people) * 0.66
        self._sign_chance = min(1.0, _SIGN_IN_SHARE * settings.activities_per_day / signs)
        story_rows = sum(len(story.activity_ids) for story in self._stories.between(0, ERA_DAYS * MINUTES_A_DAY))
        self._has_stories = story_rows / ERA_DAYS < settings.activities_per_day / 2
        extra = self._sign_chance * signs + (story_rows / ERA_DAYS if self._has_stories else 0.0)
        self._per_minute = max(0.0, settings.activities_per_day - extra) / MINUTES_A_DAY
        self._week = _week()

    @property
    def organization(self) -> Organization:
        """Who and what there is."""
        return self._organization

    def rows(self, minute: int) -> list[Row]:
        """Return what happened in a minute, counted from the epoch, by time and id."""
        random = Random(number(self._settings.seed, "minute", minute))
        count = poisson(random, self._per_minute * self._week[(minute + _THURSDAY) % _WEEK])
        rows = self._signs(minute)
        if self._has_stories:
            rows += self._stories.rows(minute)
        if count:
            rows += self._ordinary(minute, count, random)
        rows.sort()
        return rows

    def storylines(self, start_minute: int, end_minute: int) -> list[Storyline]:
        """Return the stories that begin in a span of minutes; a world with hardly any activity has none."""
        return self._stories.between(start_minute, end_minute) if self._has_stories else []

    def example(self, name: str, actor_kind: str, random: Random) -> dict[str, Any]:
        """Return an activity of a type by a kind of actor, at a time of no meaning."""
        day = 20_000
        sessions = self._days.active(day * 24 + 14)
        scene = self._scene(random, random.choice(sessions), day * MINUTES_A_DAY * _MINUTE_US)
        return self._activities.tell(name, actor_kind, scene)

    def _ordinary(self, minute: int, count: int, random: Random) -> list[Row]:
        sessions = self._days.active(minute // 60)
        start_us, prefix = minute * _MINUTE_US, _prefix(minute)
        rows, activities, people = [], self._activities, self._organization.people
        for _ in range(count):
            offset_us = int(random.random() * _MINUTE_US)
            scene = Scene(
                random,
                sessions[int(random.random() * len(sessions))],
                people[int(random.random() * len(people))],
                self._organization,
                f"{prefix}{offset_us // 1_000_000:02}.{offset_us % 1_000_000:06}Z",
            )
            name = activities.any_type(scene)
            rows.append(row(start_us + offset_us, activities.tell(name, activities.any_actor(name, scene), scene)))
        return rows

    def _signs(self, minute: int) -> list[Row]:
        """Return the sign-ins and sign-outs of a minute."""
        day = minute // MINUTES_A_DAY
        rows: list[Row] = []
        for session in _those_at(minute, (*self._days.of_day(day - 1), *self._days.of_day(day))):
            random = generator(self._settings.seed, "sign", minute, session.person.number)
            if random.random() > self._sign_chance:
                continue
            name = "sso_login_succeeded" if session.first_minute == minute else "user_logged_out"
            created_us = minute * _MINUTE_US + int(random.random() * _MINUTE_US)
            rows.append(
                row(created_us, self._activities.tell(name, "user_actor", self._scene(random, session, created_us)))
            )
        return rows

    def _scene(self, random: Random, session: Session, created_us: int) -> Scene:
        seconds, offset_us = divmod(created_us, 1_000_000)
        prefix = _prefix(seconds // 60)
        text = f"{prefix}{seconds % 60:02}.{offset_us:06}Z"
        return Scene(random, session, random.choice(self._organization.people), self._organization, text)


def _those_at(minute: int, sessions: Iterable[Session]) -> Sequence[Session]:
    return [one for one in sessions if minute in (one.first_minute, one.last_minute)]


def _prefix(minute: int) -> str:
    """Return a minute's time as text, up to its seconds."""
    return (_EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:")


def _week() -> tuple[float, ...]:
    """Return how busy each minute of a week is (Monday 00:00 UTC first), 1 on average."""
    busy = [
        sum(place.share * _busyness(minute + place.offset_hours * 60) for place in PLACES) for minute in range(_WEEK)
    ]
    mean = sum(busy) / _WEEK
    return tuple(one / mean for one in busy)


def _busyness(local_minute: int) -> float:
    """Return how busy people are at a minute of their own week: two humps around lunch, little at night."""
    minute = local_minute % _WEEK
    hour = minute % MINUTES_A_DAY / 60
    humps = max(0.0, 1 - ((hour - 10.5) / 3.0) ** 2) + max(0.0, 1 - ((hour - 15.25) / 3.5) ** 2)
    evening = 0.2 * max(0.0, 1 - ((hour - 20.0) / 2.5) ** 2)
    level = max(_NIGHT, humps + evening)
    return level * _WEEKEND if minute >= 5 * MINUTES_A_DAY else level
