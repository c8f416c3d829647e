"""Users, roles, groups and settings at a given time, as the vendor's other read endpoints list them.

The fields of each record are those of the API's contract; each list reflects all activities up to that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from anthropic_audit.times import format_time

from .keys import AccessKey, KeyKind
from .timeline import microseconds, moment
from .world import Registry
from .world.organization import Unit
from .world.registry import RegistryKey

Record = Mapping[str, object]
_AGE = timedelta(days=400)
"""The objects that exist when history begins were created within this time before it."""
_OPENED = datetime(2024, 9, 4, tzinfo=UTC)


class KeyHolder(Protocol):
    """A holder of the keys of the Compliance API."""

    def each(self) -> Sequence[AccessKey]:
        """Return all keys."""
        ...


class Directory:
    """Lists of users, roles, groups and settings at a given time; either id of an organization finds it.

    Args:
        registry: The state of the world at any time.
        history_start: The start of history: no activity is older, and every object without an activity that created
            it is.
    """

    def __init__(self, registry: Registry, history_start: datetime) -> None:
        self._registry = registry
        self._start = history_start

    def organizations(self) -> list[Record]:
        """Return the child organizations."""
        return [
            {"uuid": unit.uuid, "name": unit.name, "created_at": self._long_ago(unit.id)}
            for unit in self._registry.organization.units
        ]

    def users(self, unit_id: str, now: datetime) -> list[Record]:
        """Return the members of an organization.

        Raises:
            KeyError: The organization does not exist.
        """
        unit = self._unit(unit_id)
        return [
            {
                "id": member.person.id,
                "full_name": member.person.name,
                "email": member.person.email,
                "created_at": self._since(member.joined_us, member.person.id),
                "organization_role": member.role,
            }
            for member in self._registry.members(microseconds(now))
            if member.person.unit == unit
        ]

    def roles(self, unit_id: str, now: datetime) -> list[Record]:
        """Return the roles of an organization.

        Raises:
            KeyError: The organization does not exist.
        """
        self._unit(unit_id)
        return [
            {
                "id": role.id,
                "name": role.name,
                "description": role.description,
                "created_at": self._since(role.created_us, role.id),
                "updated_at": self._since(role.updated_us, role.id),
            }
            for role in self._registry.roles(microseconds(now))
        ]

    def permissions(self, unit_id: str, role_id: str, now: datetime) -> list[Record]:
        """Return the permissions of a role.

        Raises:
            KeyError: The organization or the role does not exist.
        """
        self._unit(unit_id)
        granted = {role.id: role.permissions for role in self._registry.roles(microseconds(now))}[role_id]
        return [
            {"resource_type": kind, "resource_id": resource, "action": action} for kind, resource, action in granted
        ]

    def groups(self, now: datetime) -> list[Record]:
        """Return all groups."""
        return [
            {
                "id": group.id,
                "name": group.name,
                "description": group.description,
                "source_type": group.source_type,
                "roles": list(group.roles),
                "created_at": self._since(group.created_us, group.id),
                "updated_at": self._since(group.updated_us, group.id),
            }
            for group in self._registry.groups(microseconds(now))
        ]

    def group_members(self, group_id: str, now: datetime) -> list[Record]:
        """Return the members of a group.

        Raises:
            KeyError: The group does not exist.
        """
        group = {one.id: one for one in self._registry.groups(microseconds(now))}[group_id]
        return [
            {
                "user_id": person.id,
                "email": person.email,
                "created_at": self._since(since_us, person.id),
                "updated_at": self._since(since_us, person.id),
            }
            for person, since_us in group.members
        ]

    def settings(self, unit_id: str, now: datetime, keys: KeyHolder) -> Record:
        """Return the settings of an organization, with the keys of the Compliance API.

        Raises:
            KeyError: The organization does not exist.
        """
        unit = self._unit(unit_id)
        now_us = microseconds(now)
        known = self._registry.api_keys(now_us)
        return {
            "type": "effective_organization_settings",
            "organization_id": unit.uuid,
            "settings": [
                {"name": name, "type": kind, "value": value} for name, kind, value in self._registry.settings(now_us)
            ],
            "api_keys": [*(self._key(one) for one in known), *self._own_keys(keys.each())],
        }

    def _key(self, key: RegistryKey) -> Record:
        return {
            "id": key.id,
            "name": key.name,
            "is_active": key.is_active,
            "created_at": self._since(key.created_us, key.id),
            "scopes": list(key.scopes),
            "created_by_id": key.created_by_id,
            "expires_at": None,
            "type": "compliance_api_key",
        }

    def _own_keys(self, keys: Iterable[AccessKey]) -> Iterator[Record]:
        """Yield the simulator's own Compliance Access Keys."""
        for key in keys:
            if key.kind is KeyKind.COMPLIANCE:
                listed = RegistryKey(key.id, key.name, key.scopes, None, None, is_active=not key.is_revoked)
                yield self._key(listed)

    def _unit(self, unit_id: str) -> Unit:
        return {one: unit for unit in self._registry.organization.units for one in (unit.id, unit.uuid)}[unit_id]

    def _since(self, when_us: int | None, name: str) -> str:
        return self._long_ago(name) if when_us is None else format_time(moment(when_us))

    def _long_ago(self, name: str) -> str:
        """Return a time before the start of history, always the same for a name."""
        share = sum(name.encode()) % 997 / 997
        return format_time(min(_OPENED, self._start - _AGE - timedelta(days=1)) + _AGE * share)
