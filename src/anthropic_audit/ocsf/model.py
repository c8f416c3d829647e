"""The values of `classes.yaml` and `rules.yaml`; all are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

Json = Any
"""A value as JSON has them."""

Coded = tuple[int, str]
"""A number of the schema, and the name that the schema gives it."""


class ClassContent(StrEnum):
    """What an event of a class tells of, beside who did it and from where."""

    NOTHING = "nothing"
    API = "api"
    APP = "app"
    DATASTORE = "datastore"
    ENTITY = "entity"
    FILE = "file"
    FINDING = "finding"
    GROUP = "group"
    SCAN = "scan"
    SIGN_IN = "sign_in"
    USER = "user"
    USER_PRIVILEGES = "user_privileges"
    WEB_RESOURCE = "web_resource"


class EventClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of OCSF."""

    uid: int
    name: str
    category: int
    about: ClassContent
    activities: dict[str, Coded]
    """By our word for what was done."""
    has: frozenset[str] = frozenset()
    """Attributes that it has without a profile."""
    needs: frozenset[str] = frozenset()
    """Those among them that it can't do without."""


class MappingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which class some types become, and where it finds what it tells of."""

    types: tuple[str, ...]
    event_class: str = msgspec.field(name="class")
    activity: str | None = None
    categories: frozenset[str] = frozenset()
    """Only for events of one of these categories; empty for any."""
    when: dict[str, tuple[str, ...]] = {}
    user: str = "target"
    field: str | None = None
    kind_from: str | None = None
    member: str | None = None
    privileges: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    factor: str | None = None
    factor_from: str | None = None
    protocol: Coded | None = None


class OcsfTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field's value identifies."""

    called: str
    name: str | None = None
    """The field that names it for people."""
    is_: Coded = msgspec.field(default=(99, "Other"), name="is")
    """What it is as a managed entity."""
    is_name: bool = False
    """True when the value is a name rather than an id."""
    account: Coded | None = None
    """What it is as a user, if it can be one."""


class ActorRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of actor is told: the members of `anthropic.audit.actor` that say which one it is."""

    is_: Coded = msgspec.field(default=(0, "Unknown"), name="is")
    id: str | None = None
    credential: str | None = None
    app: str | None = None
    directory: str | None = None
    directory_name: str | None = None


class OcsfRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is decided by data."""

    version: str
    categories: Mapping[int, str]
    classes: Mapping[str, EventClass]
    rules: tuple[MappingRule, ...]
    verbs: Mapping[str, tuple[str, ...]]
    """By our word for what was done: the last words of types that say it."""
    kinds: Mapping[str, str]
    """The same by `event.type`."""
    factors: Mapping[str, Coded]
    severities: Mapping[str, tuple[int, int]]
    clouds: Mapping[str, Coded]
    systems: Mapping[str, Coded]
    actors: Mapping[str, ActorRule]
    targets: Mapping[str, OcsfTarget]
    aliases: Mapping[str, str]
    """By the last words of a subject: the field of its id, where that is named otherwise."""
    of_the_whole: frozenset[str]
    """What is done to a thing itself even where the type's words name a part of it only."""
