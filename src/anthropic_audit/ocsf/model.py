"""The values of `classes.yaml` and `rules.yaml`; all of them are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

Json = Any
"""A JSON value."""

Coded = tuple[int, str]
"""A number of the schema, and the name that the schema gives it."""


class ClassContent(StrEnum):
    """The content of a class's events, apart from the actor and its source."""

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
    """The activities of the class, by our verb."""
    has: frozenset[str] = frozenset()
    """Attributes of the class without a profile."""
    needs: frozenset[str] = frozenset()
    """Required attributes of the class."""


class MappingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The class that some types become, and the fields that its attributes are taken from."""

    types: tuple[str, ...]
    event_class: str = msgspec.field(name="class")
    activity: str | None = None
    categories: frozenset[str] = frozenset()
    """The rule applies only to events of one of these categories; empty for all."""
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
    """The resource that a field's value identifies."""

    called: str
    """The kind of resource in words."""
    name: str | None = None
    """The field with the resource's display name."""
    is_: Coded = msgspec.field(default=(99, "Other"), name="is")
    """The type of the resource as a managed entity."""
    is_name: bool = False
    """True when the value is a name and not an id."""
    account: Coded | None = None
    """The type of the resource as a user, if it can be one."""


class ActorRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of actor is translated: the members of `anthropic.audit.actor` that identify it."""

    is_: Coded = msgspec.field(default=(0, "Unknown"), name="is")
    id: str | None = None
    credential: str | None = None
    app: str | None = None
    directory: str | None = None
    directory_name: str | None = None


class OcsfRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules of the translation."""

    version: str
    categories: Mapping[int, str]
    classes: Mapping[str, EventClass]
    rules: tuple[MappingRule, ...]
    verbs: Mapping[str, tuple[str, ...]]
    """The last words of types, by our verb for them."""
    kinds: Mapping[str, str]
    """Our verb for each value of `event.type`."""
    factors: Mapping[str, Coded]
    severities: Mapping[str, tuple[int, int]]
    clouds: Mapping[str, Coded]
    systems: Mapping[str, Coded]
    actors: Mapping[str, ActorRule]
    targets: Mapping[str, OcsfTarget]
    aliases: Mapping[str, str]
    """The field with the id of a subject, by the subject's last words, where the field has another name."""
    of_the_whole: frozenset[str]
    """Verbs that affect the resource itself even when the type's name has only a part of it."""
