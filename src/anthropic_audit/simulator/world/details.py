"""The fields of lifecycle activities: the ids and names of an object are the same through its whole life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.times import EPOCH

from .activities import time_text
from .changes import changed, in_turn, role_values
from .cycles import CycleActivity, CycleObject, Cycles
from .days import MINUTES_A_DAY, Days, WorkSession
from .fields import FieldContext, Maker, compile_field, id_prefix, own_id
from .names import FILES, MCP_SERVERS, PLUGINS, TEAMS, words
from .organization import Organization, Person
from .random_values import generator, number, token

_NAMED = ("_id", "_name", "slug", "hostname", "_issuer", "domain", "provider", "filename", "title", "_type", "_mode")
_NAMES = frozenset(
    words(
        "user_email deleted_user_email invited_email invited_role invited_seat_tier invitee_email role scopes url "
        "webhook_url "
        "name repo host_constraint algorithm connection_type new_mode amount limit_usd resource_descriptor"
    )
)
_PERMISSIONS = (
    ("audit_log", "all", "read"),
    ("usage_report", "all", "read"),
    ("workspace", "all", "manage"),
    ("connector", "all", "manage"),
)
_ATTESTATIONS = (
    ("attested", None, "completed"),
    ("renewed", "completed", "completed"),
    ("changed", "completed", "accepted_risk"),
    ("cleared", "accepted_risk", None),
)
_CONTROLS = ("mfa_required", "sso_required", "ip_restrictions", "data_retention", "audit_log_review")
_DOCUMENTS = 3
_BORROWED = {
    "claude_project_id": "project",
    "mcp_server_id": "mcp_server",
    "workspace_id": "workspace",
    "group_id": "group",
    "agent_id": "agent",
    "plugin_id": "plugin",
}
"""Fields with the id of an object of another family."""
_PERMANENT = 4
_ALONG = {"mcp_server_id": "mcp_server_name", "group_id": "group_name", "plugin_id": "plugin_name"}
_REMEMBERED = 16_384
_DAY_US = MINUTES_A_DAY * 60_000_000


class Document(NamedTuple):
    """A document of a project."""

    id: str
    filename: str


class Details:
    """The fields of the objects of all families."""

    def __init__(
        self, seed: int, organization: Organization, days: Days, *, cycles: Cycles, catalogue: Catalogue
    ) -> None:
        self._seed = seed
        self.organization = organization
        self._days = days
        self._cycles = cycles
        self._types = catalogue.types
        self._makers: dict[str, list[tuple[str, Maker]]] = {}
        self.of = lru_cache(_REMEMBERED)(self._of)

    def activity_fields(self, activity: CycleActivity) -> dict[str, Any]:
        """Return the fields of an activity that depend on its object."""
        thing, name = activity.thing, activity.type
        members = dict(self.of(thing))
        members |= changed(name, thing.generation, thing.slot, stays=thing.family.stays)
        members |= _switched(name)
        special = _SPECIAL.get(name)
        return members if special is None else {**members, **special(self, activity)}

    def target(self, thing: CycleObject) -> Person:
        """Return the person that an object belongs to or refers to, for families of objects with such a person."""
        people = self.organization.people
        if thing.family.pool == "self":
            return people[thing.slot]
        return people[number(self._seed, "target", *_own(thing)) % len(people)]

    def documents(self, thing: CycleObject) -> list[Document]:
        """Return the documents of a project."""
        random = generator(self._seed, "documents", *_own(thing))
        team = self.owner(thing).team
        names = random.sample(FILES[team], _DOCUMENTS)
        return [Document(f"claude_proj_doc_{token(random)}", name) for name in names]

    def owner(self, thing: CycleObject) -> Person:
        """Return the person who created an object."""
        return self._cycles.life(thing)[0].session.person

    def members(self, thing: CycleObject) -> list[Person]:
        """Return the four people who are members of a group at some time."""
        random = generator(self._seed, "members", *_own(thing))
        people = self.organization.people
        return random.sample(people, min(4, len(people)))

    def permissions(self, thing: CycleObject) -> list[tuple[str, str, str]]:
        """Return the two permissions that a role gets in its life: triples of resource type, resource id and action."""
        return [_PERMISSIONS[(thing.slot + at) % len(_PERMISSIONS)] for at in (0, 1)]

    def _of(self, thing: CycleObject) -> Mapping[str, Any]:
        """Return the identifying fields of an object, which are the same in all its activities."""
        family = thing.family
        if family.name not in self._makers:
            self._makers[family.name] = self._compiled(thing)
        session = self._days.working(self.organization.people[0], 0) if family.stays else self._session(thing)
        context = FieldContext(
            generator(self._seed, "thing", *_own(thing)), session, self.target(thing), self.organization, ""
        )
        members = {name: maker(context) for name, maker in self._makers[family.name]}
        if family.stays:
            return members
        members |= self._chat(thing, members)
        return {**members, **self._borrowed(thing, {name: one for name, one in members.items() if one is not None})}

    def _borrowed(self, thing: CycleObject, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the fields that refer to objects of other families, which exist when this object is created."""
        borrowed: dict[str, Any] = {}
        life = self._cycles.life(thing)
        day = life[0].at_us // _DAY_US
        for member, family in _BORROWED.items():
            if member not in members or thing.family.name.startswith(family):
                continue
            chance = number(self._seed, "borrowed", member, *_own(thing))
            there = [
                one
                for one in self._cycles.things(family, day)
                if self._cycles.is_there(one, day) and self._cycles.life(one)[-1].at_us > life[-1].at_us
            ]
            known = self.of(there[chance % len(there)]) if there else self._permanent(member, chance)
            borrowed.update({name: value for name, value in known.items() if name in (member, _ALONG.get(member, ""))})
        return {name: value for name, value in borrowed.items() if name in members}

    def _permanent(self, member: str, chance: int) -> Mapping[str, Any]:
        """Return the fields that refer to an object that exists at all times."""
        at = chance % _PERMANENT
        named = {"group_id": TEAMS, "mcp_server_id": MCP_SERVERS, "plugin_id": PLUGINS}.get(member, ("",) * _PERMANENT)
        things = self.organization.things(id_prefix(member))
        return {member: things[at], _ALONG.get(member, member + "_name"): named[at]}

    def _chat(self, thing: CycleObject, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the fields of a chat of an object's creator; the chat is in no project, and is not deleted."""
        if "claude_chat_id" not in members:
            return {}
        first = self._cycles.life(thing)[0]
        minute = first.at_us // 60_000_000
        chats = [one for one in first.session.chats if one.is_there(minute) and one.deleted_minute is None]
        loose = [one.id for one in chats if one.rank is None]
        fresh = f"claude_chat_{token(generator(self._seed, 'chat', *_own(thing)))}"
        return {"claude_chat_id": loose[0] if loose else fresh, "claude_project_id": None}

    def _session(self, thing: CycleObject) -> WorkSession:
        return self._cycles.life(thing)[0].session

    def _compiled(self, thing: CycleObject) -> list[tuple[str, Maker]]:
        specs = {
            name: spec
            for kind in sorted(thing.family.types)
            if kind in self._types
            for name, spec in self._types[kind].fields.items()
            if spec.kind in {"string", "number", "enum"} and (name.endswith(_NAMED) or name in _NAMES)
        }
        return [
            (name, (spec.kind == "string" and own_id(name)) or compile_field(name, spec))
            for name, spec in specs.items()
        ]


def _own(thing: CycleObject) -> tuple[object, ...]:
    return thing.family.name, thing.slot, 0 if thing.family.stays else thing.generation


def _switched(name: str) -> dict[str, Any]:
    """Return the old and the new value of a type that switches something on or off."""
    if name.endswith("_enabled"):
        return {"previous_value": False, "current_value": True, "enabled": True}
    return {"previous_value": True, "current_value": False} if name.endswith("_disabled") else {}


_SpecialFields = Callable[[Details, CycleActivity], dict[str, Any]]


def _document(details: Details, activity: CycleActivity) -> dict[str, Any]:
    at = min(activity.place - 1, _DOCUMENTS - 1) if activity.type.endswith("_uploaded") else 0
    document = details.documents(activity.thing)[at]
    return {"claude_project_document_id": document.id, "filename": document.filename}


def _role(details: Details, activity: CycleActivity) -> dict[str, Any]:
    before, after = in_turn(role_values(details.target(activity.thing).role), activity.thing.generation)
    return {"previous_role": before, "current_role": after}


def _group_members(details: Details, activity: CycleActivity) -> dict[str, Any]:
    ids = [person.id for person in details.members(activity.thing)]
    is_first = activity.place == 1
    chosen = ids[:3] if is_first else ids[3:] or ids[-1:]
    return {"member_ids": ids[:1] if activity.type == "group_member_removed" else chosen}


def _permission(details: Details, activity: CycleActivity) -> dict[str, Any]:
    given = details.permissions(activity.thing)
    is_second = activity.place > 2 and activity.type == "rbac_role_permission_added"  # noqa: PLR2004 - the first sitting
    kind, resource, action = given[is_second]
    return {"resource_type": kind, "resource_id": resource, "action": action}


def _transfer(details: Details, activity: CycleActivity) -> dict[str, Any]:
    person = activity.session.person
    others = [one for one in details.organization.administrators if one != person]
    owners = [one for one in others if one.role == "owner"] or others or [person]
    return {"previous_owner_id": person.id, "new_owner_id": owners[0].id}


def _export(_: Details, activity: CycleActivity) -> dict[str, Any]:
    day = activity.at_us // (MINUTES_A_DAY * 60_000_000)
    first, last = (EPOCH + timedelta(days=day - back) for back in (30, 0))
    return {"from_date": f"{first:%Y-%m-%d}", "to_date": f"{last:%Y-%m-%d}"}


def _access(_: Details, activity: CycleActivity) -> dict[str, Any]:
    chats = activity.session.chats
    resource = {"type": "chat", "id": chats[0].id} if chats else {"type": "workspace", "id": None}
    return {"accessed_at": time_text(activity.at_us - 95_000_000), "resource_details": resource, "workspace_id": None}


def _attestation(_: Details, activity: CycleActivity) -> dict[str, Any]:
    thing = activity.thing
    action, before, after = _ATTESTATIONS[thing.generation % len(_ATTESTATIONS)]
    turn = thing.generation // len(_ATTESTATIONS)
    control = _CONTROLS[(thing.slot * 2 + turn) % len(_CONTROLS)]
    review = EPOCH + timedelta(microseconds=activity.at_us, days=365)
    return {
        "control": control,
        "action": action,
        "previous_status": before,
        "status": after,
        "review_date": f"{review:%Y-%m-%d}",
    }


def _connected(_: Details, __: CycleActivity) -> dict[str, Any]:
    return {"integration_type": "mcp_server"}


def _keys_written(_: Details, __: CycleActivity) -> dict[str, Any]:
    return {"deleted_all": False, "keys_deleted": [], "keys_deleted_count": 0, "keys_written_count": 1}


def _login(_: Details, __: CycleActivity) -> dict[str, Any]:
    return {"mfa_method": "not_used"}


_SPECIAL: Mapping[str, _SpecialFields] = {
    "claude_project_document_uploaded": _document,
    "claude_project_document_updated": _document,
    "claude_project_document_deleted": _document,
    "claude_user_role_updated": _role,
    "group_member_added": _group_members,
    "group_member_removed": _group_members,
    "rbac_role_permission_added": _permission,
    "rbac_role_permission_removed": _permission,
    "primary_owner_transferred": _transfer,
    "audit_log_export_started": _export,
    "anthropic_access": _access,
    "cmek_preserve": _access,
    "org_security_control_attestation_updated": _attestation,
    "magic_link_login_succeeded": _login,
    "integration_user_connected": _connected,
    "integration_user_disconnected": _connected,
    "claude_code_user_marketplaces_updated": _keys_written,
    "claude_code_user_plugins_updated": _keys_written,
    "claude_code_user_settings_updated": _keys_written,
    "claude_code_user_memory_updated": _keys_written,
    "claude_code_team_memory_updated": _keys_written,
}
