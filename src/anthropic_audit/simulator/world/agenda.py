"""The activities that are planned for a day: sign-ins, continued chats, lifecycles, programs that run by the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .activities import UNAUTHENTICATED, USER, Activities, row, time_text
from .cycles import CycleActivity, Cycles
from .day_resources import DayResources
from .days import MINUTES_A_DAY, Days, WorkSession
from .details import Details
from .fields import FieldContext
from .machines import MachineKey
from .organization import ERA_DAYS, Organization, Person
from .random_values import Row, generator

_MINUTE_US = 60_000_000
_COMPLIANCE_API = "https://api.anthropic.com/v1/compliance"
_POLL_MINUTES = 15
_PROVISIONED_BEFORE = 200
"""Minutes between the creation of a user by the directory and the user's first working day."""
_CRAWL_MINUTE = 130
"""Minutes after midnight UTC at which a program reads the directory."""
_CRAWL = (
    "organizations",
    "organizations/{unit}/users",
    "organizations/{unit}/roles",
    "groups",
    "organizations/{unit}/settings",
)


class PlannedActivity(NamedTuple):
    """One planned activity, from which its row is made."""

    at_us: int
    type: str
    kind: str
    """The kind of the actor."""
    session: WorkSession
    members: Mapping[str, Any]
    other: Person
    key: MachineKey | None = None
    """The key that acts, if the kind of the actor does not imply it."""


class Agenda:
    """The planned activities of each day."""

    def __init__(self, seed: int, organization: Organization, activities: Activities, days: Days) -> None:
        self._seed = seed
        self._organization = organization
        self._activities = activities
        self._days = days

    def row(self, planned: PlannedActivity) -> Row:
        """Return the row of a planned activity."""
        random = generator(self._seed, "beat", planned.at_us, planned.type, planned.session.person.number)
        context = FieldContext(random, planned.session, planned.other, self._organization, time_text(planned.at_us))
        activity = self._activities.make(planned.type, planned.kind, context, **planned.members)
        if planned.key is not None:
            activity["actor"] = planned.key.acting(planned.kind, "api_key_id")
        return row(planned.at_us, activity)

    def sign_ins(self, day: int) -> Iterator[PlannedActivity]:
        """Yield the sign-ins and sign-outs of the sessions that begin on a day."""
        for session in self._days.of_day(day):
            random = generator(self._seed, "sign", session.first_minute, session.person.number)
            at_us = session.first_minute * _MINUTE_US + int(random.random() * 20_000_000)
            if session.signs_in:
                if session.fails_first:
                    yield self._planned(at_us, "sso_login_initiated", session, kind=UNAUTHENTICATED)
                    yield self._planned(at_us + 9_000_000, "sso_login_failed", session, kind=UNAUTHENTICATED)
                    at_us += 31_000_000
                yield self._planned(at_us, "sso_login_initiated", session, kind=UNAUTHENTICATED)
                yield self._planned(
                    at_us + 6_000_000, "sso_login_succeeded", session, members={"mfa_method": "not_used"}
                )
            if session.signs_out:
                yield self._planned(session.last_minute * _MINUTE_US + 50_000_000, "user_logged_out", session)

    def chats(self, day: int, resources: DayResources) -> Iterator[PlannedActivity]:
        """Yield the creation, and for some the deletion, of the chats that people continue."""
        for session in self._days.of_day(day):
            for chat in session.chats:
                members = {
                    "claude_chat_id": chat.id,
                    "claude_project_id": resources.project_of(chat, session.person.team),
                }
                second = 1 + sum(chat.id.encode()) % 50
                at_us = chat.created_minute * _MINUTE_US + second * 1_000_000 + 357_000
                yield self._planned(at_us, "claude_chat_created", session, members=members)
                if chat.file_id is not None:
                    file = {"claude_file_id": chat.file_id, "filename": chat.filename, **members}
                    yield self._planned(at_us + 41_000_000, "claude_file_uploaded", session, members=file)
                if chat.deleted_minute is not None:
                    yield self._planned(
                        chat.deleted_minute * _MINUTE_US + at_us % _MINUTE_US,
                        "claude_chat_deleted",
                        session,
                        members=members,
                    )

    def lifecycles(self, day: int, cycles: Cycles, details: Details) -> Iterator[PlannedActivity]:
        """Yield the activities of the lifecycles of all families on a day."""
        for one in cycles.of_day(day):
            members = details.activity_fields(one)
            if not _is_no_change(members):
                yield self._happened(one, members, details.target(one.thing))

    def polls(self, day: int) -> Iterator[PlannedActivity]:
        """Yield the requests to the Compliance API that another program makes at fixed times."""
        start = day * MINUTES_A_DAY
        session = self._days.working(self._organization.people[0], 0)
        for minute in range(start, start + MINUTES_A_DAY, _POLL_MINUTES):
            since = time_text((minute - 20) * _MINUTE_US)[:19]
            url = f"{_COMPLIANCE_API}/activities?limit=1000&order=asc&created_at.gte={since}Z"
            yield self._poll(minute * _MINUTE_US + 2_417_000, url, session)
        paths = [
            path.format(unit=unit.uuid) for unit in self._organization.units for path in _CRAWL if "{unit}" in path
        ]
        for at, path in enumerate(("organizations", "groups", *paths)):
            yield self._poll(
                (start + _CRAWL_MINUTE) * _MINUTE_US + at * 731_000, f"{_COMPLIANCE_API}/{path}?limit=1000", session
            )

    def staff(self, day: int) -> Iterator[PlannedActivity]:
        """Yield the invitation and the arrival of each new member."""
        era = day // ERA_DAYS
        if not self._organization.leavers_at_once:
            return
        for person in (self._organization.leaver(era + self._organization.leavers_at_once + at) for at in (-1, 0, 1)):
            if person.first_day is None:
                continue
            if person.first_day - 6 == day:
                administrator = self._organization.administrators[
                    person.number % len(self._organization.administrators)
                ]
                session = self._days.working(administrator, day)
                yield self._joining((session.first_minute + 77) * _MINUTE_US, "org_user_invite_sent", session, person)
            first = self._days.working(person, person.first_day)
            at_us = self.joined_us(person) or 0
            if at_us // _MINUTE_US // MINUTES_A_DAY == day:
                yield self._joining(at_us, "scim_user_created", first, person, pool="scim")
            if first.first_minute // MINUTES_A_DAY == day:
                yield self._joining(
                    first.first_minute * _MINUTE_US + 40_000_000, "org_user_invite_accepted", first, person
                )

    def joined_us(self, person: Person) -> int | None:
        """Return when the directory created a person's user; None for a member since before history."""
        if person.first_day is None:
            return None
        return (self._days.working(person, person.first_day).first_minute - _PROVISIONED_BEFORE) * _MINUTE_US

    def _joining(
        self, at_us: int, name: str, session: WorkSession, person: Person, *, pool: str = "user"
    ) -> PlannedActivity:
        members = {
            "user_id": person.id,
            "invited_email": person.email,
            "invited_role": person.role,
            "invited_seat_tier": "standard",
            "invite_id": f"invite_{person.id.removeprefix('user_')}",
            "invited_rbac_group_ids": None,
        }
        return PlannedActivity(at_us, name, self._activities.kind(name, pool), session, members, person)

    def _happened(self, one: CycleActivity, members: Mapping[str, Any], other: Person) -> PlannedActivity:
        kind = self._activities.kind(one.type, one.pool if one.pool != "same" else "user")
        key = self._organization.machines.exporter if kind == "api_actor" else None
        return PlannedActivity(one.at_us, one.type, kind, one.session, members, other, key)

    def _poll(self, at_us: int, url: str, session: WorkSession) -> PlannedActivity:
        members = {"url": url, "request_method": "GET", "status_code": 200, "request_body": None}
        key = self._organization.machines.siem
        return PlannedActivity(at_us, "compliance_api_accessed", "api_actor", session, members, session.person, key)

    def _planned(
        self, at_us: int, name: str, session: WorkSession, *, kind: str = USER, members: Mapping[str, Any] | None = None
    ) -> PlannedActivity:
        return PlannedActivity(at_us, name, kind, session, members or {}, session.person)


def _is_no_change(members: Mapping[str, Any]) -> bool:
    """Return whether a change changes nothing: the same role, or ownership that goes to the owner."""
    role = members.get("previous_role")
    owner = members.get("previous_owner_id")
    return (role is not None and role == members.get("current_role")) or (
        owner is not None and owner == members.get("new_owner_id")
    )
