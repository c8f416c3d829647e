"""What stands in a field: by its documented shape, and by its name. Compiled once, then asked for each activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from anthropic_audit.catalogue import FieldSpec

from .chance import token, uuid
from .days import Session
from .names import DOMAIN, DOMAINS, FILES, MCP_SERVERS, MODELS, PLUGINS, ROLES, SKILLS, TEAMS, TITLES
from .organization import Organization, Person
from .places import SERVERS

_NULL, _MISSING = 0.25, 0.4
"""Shares of nullable fields that are null, and of optional ones that are left out."""
_LONGEST_LIST = 3
_TRUE = 0.5


@dataclass(slots=True)
class Scene:
    """What an activity is about while it is being made up."""

    random: Random
    session: Session
    other: Person
    organization: Organization
    created_at: str


Maker = Callable[[Scene], Any]
"""From a scene to a value of a field."""

_URLS = (
    ("GET", "https://api.anthropic.com/v1/compliance/activities?limit=5000&order=asc"),
    ("GET", "https://api.anthropic.com/v1/compliance/organizations"),
    ("GET", "https://api.anthropic.com/v1/compliance/groups?page=page_2"),
)


def _thing(prefix: str) -> Maker:
    def make(scene: Scene) -> str:
        things = scene.organization.things(prefix)
        return things[int(scene.random.random() ** 2 * len(things))]

    return make


def _one_of(*values: Any) -> Maker:  # noqa: ANN401 - values of any JSON type
    return lambda scene: values[int(scene.random.random() * len(values))]


def _whole(lowest: int, highest: int) -> Maker:
    return lambda scene: lowest + int(scene.random.random() * (highest - lowest))


def _other(member: str) -> Maker:
    return lambda scene: getattr(scene.other, member)


_EXACT: Mapping[str, Maker] = {
    "claude_chat_id": lambda scene: scene.session.chats[int(scene.random.random() * len(scene.session.chats))],
    "session_id": lambda scene: scene.session.id,
    "user_email": _other("email"),
    "invited_email": _other("email"),
    "invitee_email": lambda scene: f"guest{int(scene.random.random() * 50)}@partner.example",
    "deleted_user_email": _other("email"),
    "unauthenticated_email_address": _other("email"),
    "email_address": _other("email"),
    "user_id": _other("id"),
    "deleted_user_id": _other("id"),
    "requester_user_id": _other("id"),
    "account_id": _other("id"),
    "principal_id": _other("id"),
    "target_id": _other("id"),
    "new_owner_id": _other("id"),
    "previous_owner_id": lambda scene: scene.session.person.id,
    "principal_type": _one_of("user", "user", "group"),
    "target_type": _one_of("user", "user", "group"),
    "organization_name": lambda scene: scene.session.person.unit.name,
    "org_name": lambda scene: scene.session.person.unit.name,
    "org_id": lambda scene: scene.session.person.unit.id,
    "filename": _one_of(*FILES),
    "title": _one_of(*TITLES),
    "domain": _one_of(*DOMAINS),
    "model": _one_of(*MODELS),
    "role": _one_of(*ROLES),
    "scopes": _one_of("read:compliance_activities", "read:compliance_org_data", "read:compliance_user_data"),
    "url": lambda scene: _URLS[int(scene.random.random() * len(_URLS))][1],
    "request_id": lambda scene: f"req_{token(scene.random)}",
    "status_code": _one_of(200, 200, 200, 200, 200, 200, 200, 403, 429, 500),
    "ip_address": lambda scene: f"{SERVERS}.{2 + int(scene.random.random() * 250)}",
    "user_agent": lambda scene: scene.session.agent,
    "reason": _one_of("not_found", "policy", "expired", "requested by an administrator"),
    "mcp_server_name": _one_of(*MCP_SERVERS),
    "skill_name": _one_of(*SKILLS),
    "plugin_name": _one_of(*PLUGINS),
    "group_name": _one_of(*TEAMS),
    "service": _one_of("billing", "retention", "directory-sync"),
    "audience": _one_of("https://api.anthropic.com", "anthropic"),
    "previous_value": _one_of("off", "30", "default", "member"),
    "current_value": _one_of("on", "90", "restricted", "admin"),
    "github_webhook_id": _whole(100_000_000, 999_999_999),
    "github_installation_id": _whole(10_000_000, 99_999_999),
    "transparency_log_leaf_index": _whole(1000, 9_000_000),
}

_ENDINGS: tuple[tuple[str, Maker], ...] = (
    ("_at", lambda scene: scene.created_at),
    ("_date", lambda scene: scene.created_at),
    ("_uuid", lambda scene: uuid(scene.random)),
    ("_hash", lambda scene: f"{scene.random.getrandbits(256):064x}"),
    ("_sha256", lambda scene: f"{scene.random.getrandbits(256):064x}"),
    ("_email", _other("email")),
    ("_emails", _other("email")),
    ("member_ids", _other("id")),
    ("issuer", lambda scene: f"https://idp.{DOMAIN}/{scene.session.person.team}"),
    ("_url", lambda scene: f"https://tools.{DOMAIN}/{scene.session.person.team}"),
    ("_role", _one_of(*ROLES)),
    ("_name", _one_of(*TITLES)),
)
_WORDS = _one_of("default", "standard", "team", "enterprise", "manual", "daily", "allowed", "production")
_IDS = ("_id", "_ids")


def compile_fields(fields: Mapping[str, FieldSpec]) -> Maker:
    """Return a function that makes up all of an object's fields."""
    made = [(name, _maybe(spec, compile_field(name, spec))) for name, spec in fields.items()]
    missing = _absent

    def make(scene: Scene) -> dict[str, Any]:
        return {name: value for name, maker in made if (value := maker(scene)) is not missing}

    return make


def compile_field(name: str, spec: FieldSpec) -> Maker:
    """Return a function that makes up one field's value, as its shape wants it."""
    single = _single(name, spec)
    if not spec.is_array:
        return single

    def many(scene: Scene) -> list[Any]:
        return [single(scene) for _ in range(1 + int(scene.random.random() * _LONGEST_LIST))]

    return many


def _absent(_: Scene) -> None: ...


def _maybe(spec: FieldSpec, make: Maker) -> Maker:
    """Leave optional fields out at times, and set nullable ones to null."""
    if spec.is_required and not spec.is_nullable:
        return make

    def perhaps(scene: Scene) -> Any:  # noqa: ANN401 - a value of any JSON type
        chance = scene.random.random()
        if spec.is_nullable and chance < _NULL:
            return None
        if not spec.is_required and chance < _MISSING:
            return _absent
        return make(scene)

    return perhaps


def _single(name: str, spec: FieldSpec) -> Maker:
    match spec.kind:
        case "enum" if spec.values:
            return _one_of(*spec.values)
        case "boolean":
            return lambda scene: scene.random.random() < _TRUE
        case "number" if name not in _NUMBERS:
            return _whole(1, 500 if name.endswith("_count") else 5000)
        case "object":
            return _object(spec)
        case "map":
            return lambda scene: {scene.session.person.team: int(scene.random.random() * 100)}
        case _:
            return _EXACT[name] if name in _EXACT else _text(name)


def _object(spec: FieldSpec) -> Maker:
    if not spec.variants:
        return compile_fields(spec.fields)
    variants = [compile_fields(variant) for variant in spec.variants]
    return lambda scene: variants[int(scene.random.random() * len(variants))](scene)


_NUMBERS = frozenset({"status_code", "github_webhook_id", "github_installation_id", "transparency_log_leaf_index"})


def _text(name: str) -> Maker:
    for ending, maker in _ENDINGS:
        if name.endswith(ending):
            return maker
    for ending in _IDS:
        if name.endswith(ending):
            return _thing(name.removesuffix(ending))
    return _WORDS
