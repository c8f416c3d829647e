"""The members, roles, groups, keys and settings at a given time, as the activities before it have left them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .changes import ORGANIZATION_SETTINGS, role_values
from .cycles import CycleActivity, CycleObject
from .days import MINUTES_A_DAY
from .names import ROLE_DESCRIPTIONS, ROLES, TEAMS
from .organization import Organization, Person
from .world import World

_DAY_US = MINUTES_A_DAY * 60_000_000
_MINUTE_US = 60_000_000
_BUILT_IN = {
    "owner": (("organization", "all", "manage"), ("billing", "all", "manage"), ("api_key", "all", "manage")),
    "admin": (("member", "all", "manage"), ("workspace", "all", "manage")),
    "developer": (("api_key", "own", "manage"), ("chat", "own", "use")),
    "user": (("chat", "own", "use"),),
}
_SIEM_SCOPES = ("read:compliance_activities", "read:compliance_org_data", "read:compliance_user_data")
_STORY_DAYS = 4
_TYPES: dict[type, str] = {bool: "boolean", int: "integer", str: "string"}


@dataclass(frozen=True, slots=True)
class Member:
    """A person who is a member at a given time; `joined_us` is None for a member since before history."""

    person: Person
    role: str
    joined_us: int | None


@dataclass(frozen=True, slots=True)
class Role:
    """A role that exists at a given time."""

    id: str
    name: str
    description: str
    created_us: int | None
    updated_us: int | None
    permissions: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    """A group that exists at a given time, and its members, each with the time of joining."""

    id: str
    name: str
    description: str
    source_type: str
    roles: Sequence[str]
    created_us: int | None
    updated_us: int | None
    members: Sequence[tuple[Person, int | None]]


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """A Compliance Access Key, as the organization's settings list it."""

    id: str
    name: str
    scopes: Sequence[str]
    created_us: int | None
    created_by_id: str | None
    is_active: bool


class Registry:
    """The state of the organization at any time."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def organization(self) -> Organization:
        """The organization."""
        return self._world.organization

    def members(self, now_us: int) -> list[Member]:
        """Return the members of all organizations."""
        day = now_us // _DAY_US
        people = {one.id: one for at in (-1, 0, 1) for one in self.organization.staff(day + at)}
        joined = {one.id: self._joined_us(one) for one in people.values()}
        left = self._world.departures(day)
        return [
            Member(one, self._role_of(one, now_us), joined[one.id])
            for one in people.values()
            if (joined[one.id] or 0) <= now_us < self._left_us(one, left)
        ]

    def roles(self, now_us: int) -> list[Role]:
        """Return the built-in roles, and those that administrators created."""
        built_in = [
            Role(role_id, name, ROLE_DESCRIPTIONS[name], None, None, _BUILT_IN[name])
            for name, role_id in zip(ROLES, self.organization.things("role"), strict=False)
        ]
        return [*built_in, *(self._role(thing, past) for thing, past in self._existing("rbac_role", now_us))]

    def groups(self, now_us: int) -> list[Group]:
        """Return a group for each team, which the directory provides, and the groups that administrators created."""
        members = self.members(now_us)
        teams = [
            Group(
                id=group_id,
                name=team,
                description=f"Everybody in {team}",
                source_type="scim",
                roles=(),
                created_us=None,
                updated_us=None,
                members=[(one.person, one.joined_us) for one in members if one.person.team == team],
            )
            for team, group_id in zip(TEAMS, self.organization.things("group"), strict=False)
        ]
        current = {one.person.id for one in members}
        return [*teams, *(self._group(thing, past, current) for thing, past in self._existing("group", now_us))]

    def api_keys(self, now_us: int) -> list[RegistryKey]:
        """Return the Compliance Access Keys that were created and not deleted."""
        machines, owner = self.organization.machines, self.organization.people[0].id
        always = [
            RegistryKey(one.id, one.name, _SIEM_SCOPES, None, owner, is_active=True)
            for one in (machines.siem, machines.exporter)
        ]
        made = []
        for thing, past in self._existing("api_key", now_us):
            known = self._world.details.of(thing)
            is_active = all(one.type != "scoped_api_key_updated" for one in past)
            creator = past[0].session.person.id
            made.append(
                RegistryKey(
                    known["api_key_id"], known["api_key_name"], known["scopes"], past[0].at_us, creator, is_active
                )
            )
        return [*always, *made, *self._story_keys(now_us)]

    def settings(self, now_us: int) -> list[tuple[str, str, Any]]:
        """Return name, type and value of each setting."""
        rows = [
            (name, _type(values[0]), values[self._changes("org_settings", slot, now_us) % len(values)])
            for slot, (name, values) in enumerate(ORGANIZATION_SETTINGS)
        ]
        is_logged = not any(now_us // _MINUTE_US in silence for silence in self._world.silences(now_us // _DAY_US))
        fixed = [
            ("compliance_api_enabled", "boolean", True),
            ("compliance_api_logging_enabled", "boolean", is_logged),
            ("sso_required", "boolean", True),
            ("provisioning_mode", "provisioning_mode", "scim"),
        ]
        return [*fixed, *rows]

    def _role_of(self, person: Person, now_us: int) -> str:
        if person.id == self._primary_owner(now_us):
            return "primary_owner"
        if person.number >= len(self.organization.people):
            return person.role
        roles = role_values(person.role)
        return roles[self._changes("person_role", person.number, now_us) % 2]

    def _primary_owner(self, now_us: int) -> str:
        """Return the id of the current primary owner."""
        cycles = self._world.cycles
        transfers = self._past(cycles.things("owner_transfer", now_us // _DAY_US), now_us) or self._past(
            [one._replace(generation=one.generation - 1) for one in cycles.things("owner_transfer", now_us // _DAY_US)],
            now_us,
        )
        if not transfers:
            return self.organization.people[0].id
        return str(self._world.details.activity_fields(transfers[-1])["new_owner_id"])

    def _past(self, things: Sequence[CycleObject], now_us: int) -> list[CycleActivity]:
        return [one for thing in things for one in self._world.cycles.life(thing) if one.at_us <= now_us]

    def _changes(self, family: str, slot: int, now_us: int) -> int:
        """Return the number of changes of a permanent object so far; 0 if the world has no changes of it."""
        for thing in self._world.cycles.things(family, now_us // _DAY_US):
            if thing.slot == slot:
                return thing.generation + len(self._past([thing], now_us))
        return 0

    def _existing(self, family: str, now_us: int) -> Iterator[tuple[CycleObject, list[CycleActivity]]]:
        """Yield the objects of a family that exist, each with its activities so far."""
        for thing in self._world.cycles.things(family, now_us // _DAY_US):
            for one in (thing._replace(generation=thing.generation - 1), thing):
                life = self._world.cycles.life(one)
                if life[0].at_us <= now_us < life[-1].at_us:
                    yield one, [happened for happened in life if happened.at_us <= now_us]

    def _role(self, thing: CycleObject, past: Sequence[CycleActivity]) -> Role:
        known = self._world.details.of(thing)
        given: list[tuple[str, str, str]] = []
        for happened in past:
            fields = self._world.details.activity_fields(happened)
            permission = (str(fields.get("resource_type")), str(fields.get("resource_id")), str(fields.get("action")))
            if happened.type == "rbac_role_permission_added":
                given.append(permission)
            elif happened.type == "rbac_role_permission_removed":
                given.remove(permission)
        name = str(known["role_name"])
        description = ROLE_DESCRIPTIONS.get(name, name)
        return Role(str(known["role_id"]), name, description, past[0].at_us, past[-1].at_us, given)

    def _group(self, thing: CycleObject, past: Sequence[CycleActivity], current: set[str]) -> Group:
        known = self._world.details.of(thing)
        people = {one.id: one for one in self._world.details.members(thing)}
        since: dict[str, int] = {}
        for happened in past:
            ids = (
                self._world.details.activity_fields(happened).get("member_ids", ()) if "member" in happened.type else ()
            )
            for one in ids:
                if happened.type == "group_member_added":
                    since[one] = happened.at_us
                elif happened.type == "group_member_removed":
                    since.pop(one, None)
        return Group(
            id=known["group_id"],
            name=known["group_name"],
            description="Made by an administrator",
            source_type="direct",
            roles=(),
            created_us=past[0].at_us,
            updated_us=past[-1].at_us,
            members=[(people[one], when) for one, when in since.items() if one in current],
        )

    def _joined_us(self, person: Person) -> int | None:
        return None if person.first_day is None else self._world.joined_us(person)

    def _left_us(self, person: Person, left: dict[str, int]) -> int:
        if person.last_day is None:
            return 2**63
        return left.get(person.id, (person.last_day + 1) * _DAY_US)

    def _story_keys(self, now_us: int) -> Iterator[RegistryKey]:
        """Yield the keys that the storylines created and did not delete yet."""
        day = now_us // _DAY_US
        made: dict[str, RegistryKey] = {}
        for row in self._world.story_rows(day - _STORY_DAYS, day + 1):
            if row.created_us > now_us or row.type not in {"api_key_created", "scoped_api_key_deleted"}:
                continue
            activity = orjson.loads(row.raw)
            if row.type == "scoped_api_key_deleted":
                made.pop(activity["api_key_id"], None)
            else:
                made[activity["api_key_id"]] = RegistryKey(
                    activity["api_key_id"],
                    "backup",
                    activity["scopes"],
                    row.created_us,
                    row.actor_user_id,
                    is_active=True,
                )
        yield from made.values()


def _type(value: object) -> str:
    """Return the name of the type of a setting's value."""
    if isinstance(value, list):
        return "data_retention" if value and isinstance(value[0], dict) else "string_list"
    return _TYPES[type(value)]
