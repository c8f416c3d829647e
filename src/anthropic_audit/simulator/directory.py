"""Who and what there is, as the vendor's other read endpoints list it: organizations, users, roles, groups, settings.

The reference names these endpoints, their scopes and their paging; the members of what they list are plain ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .world.names import ROLES, TEAMS
from .world.organization import Organization, Unit

Record = Mapping[str, object]
Listed = TypeVar("Listed")
_PERMISSIONS = {
    "owner": ("organization:manage", "members:manage", "billing:manage", "keys:manage", "chats:use"),
    "admin": ("members:manage", "keys:manage", "chats:use"),
    "developer": ("keys:manage", "chats:use"),
    "user": ("chats:use",),
}


@dataclass(frozen=True, slots=True)
class Directory:
    """Lists by what they belong to; organizations are found by either of their ids."""

    organizations: Sequence[Record] = ()
    groups: Sequence[Record] = ()
    users: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    roles: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    permissions: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    members: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    settings: Mapping[str, Record] = field(default_factory=dict)


def directory_of(organization: Organization) -> Directory:
    """List an organization; the ids are those that its activities mention."""
    role_ids = dict(zip(ROLES, organization.things("role"), strict=False))
    group_ids = dict(zip(TEAMS, organization.things("group"), strict=False))
    roles = [{"id": role_id, "name": name} for name, role_id in role_ids.items()]
    return Directory(
        organizations=[{"id": unit.id, "uuid": unit.uuid, "name": unit.name} for unit in organization.units],
        groups=[{"id": group_id, "name": team} for team, group_id in group_ids.items()],
        users=_by_either_id(organization, lambda unit: _users(organization, unit)),
        roles=_by_either_id(organization, lambda _: roles),
        permissions={role_ids[name]: [{"name": one} for one in granted] for name, granted in _PERMISSIONS.items()},
        members={group_id: _members(organization, team) for team, group_id in group_ids.items()},
        settings=_by_either_id(organization, _settings),
    )


def _by_either_id(organization: Organization, told: Callable[[Unit], Listed]) -> dict[str, Listed]:
    return {one: told(unit) for unit in organization.units for one in (unit.id, unit.uuid)}


def _users(organization: Organization, unit: Unit) -> Sequence[Record]:
    return [
        {"id": person.id, "email_address": person.email, "name": person.name, "role": person.role}
        for person in organization.people
        if person.unit == unit
    ]


def _members(organization: Organization, team: str) -> Sequence[Record]:
    return [
        {"user_id": person.id, "email_address": person.email} for person in organization.people if person.team == team
    ]


def _settings(unit: Unit) -> Record:
    return {
        "organization_id": unit.id,
        "organization_uuid": unit.uuid,
        "compliance_api_enabled": True,
        "compliance_api_logging_enabled": True,
        "sso_required": True,
        "data_retention_days": 90,
    }
