"""What stands in a field: by its documented shape, and by its name. Compiled once, then asked for each activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from anthropic_audit.catalogue import FieldSpec

from .days import WorkSession
from .names import DOMAIN, FILES, PARTNERS, PROJECTS
from .organization import Organization, Person
from .places import SERVERS
from .random_values import token, uuid
from .vocabulary import WORDS

_NULL, _MISSING = 0.15, 0.15
"""Shares of nullable fields that are null, and of optional ones that are left out."""
_MAX_LIST_LENGTH = 3
_TRUE = 0.5
_UNSPECIFIED = "unspecified"


@dataclass(slots=True)
class FieldContext:
    """What an activity is about while it is being made up."""

    random: Random
    session: WorkSession
    other: Person
    organization: Organization
    created_at: str


Maker = Callable[[FieldContext], Any]
"""From a scene to a value of a field."""


def _thing(prefix: str) -> Maker:
    def make(scene: FieldContext) -> str:
        things = scene.organization.things(prefix)
        return things[int(scene.random.random() ** 2 * len(things))]

    return make


def _one_of(*values: Any) -> Maker:  # noqa: ANN401 - values of any JSON type
    return lambda scene: values[int(scene.random.random() * len(values))]


def _whole(lowest: int, highest: int) -> Maker:
    return lambda scene: lowest + int(scene.random.random() * (highest - lowest))


def _other(member: str) -> Maker:
    return lambda scene: getattr(scene.other, member)


def _of_team(names: Mapping[str, tuple[str, ...]]) -> Maker:
    """Return what chooses among names of the team whose member acts."""

    def make(scene: FieldContext) -> str:
        words = names[scene.session.person.team]
        return words[int(scene.random.random() * len(words))]

    return make


def _guest(scene: FieldContext) -> str:
    return f"guest{int(scene.random.random() * 50)}@{PARTNERS[int(scene.random.random() * len(PARTNERS))]}"


def _chat(scene: FieldContext) -> str:
    chats = scene.session.chats
    return chats[int(scene.random.random() * len(chats))].id if chats else f"claude_chat_{token(scene.random)}"


_EXACT: Mapping[str, Maker] = {
    "claude_chat_id": _chat,
    "session_id": lambda scene: scene.session.id,
    "cowork_session_id": lambda scene: f"cowork_{scene.session.id}",
    "user_email": _other("email"),
    "invited_email": _other("email"),
    "invitee_email": _guest,
    "deleted_user_email": _other("email"),
    "unauthenticated_email_address": _other("email"),
    "email_address": _other("email"),
    "alert_emails": lambda scene: scene.session.person.email,
    "user_id": _other("id"),
    "deleted_user_id": _other("id"),
    "requester_user_id": _other("id"),
    "submitted_by_user_id": _other("id"),
    "invitee_user_id": _other("id"),
    "account_id": _other("id"),
    "principal_id": _other("id"),
    "target_id": _other("id"),
    "new_owner_id": _other("id"),
    "previous_owner_id": lambda scene: scene.session.person.id,
    "org_name": lambda scene: scene.session.person.unit.name,
    "org_id": lambda scene: scene.session.person.unit.id,
    "filename": _of_team(FILES),
    "title": _one_of(*WORDS["title"]),
    "resource_descriptor": _of_team(PROJECTS),
    "scopes": _one_of("read:compliance_activities", "read:compliance_org_data", "read:compliance_user_data"),
    "request_method": _one_of("GET"),
    "url": lambda scene: f"https://hooks.{DOMAIN}/{scene.session.person.team}/security-scans",
    "webhook_url": lambda scene: f"https://dlp.{DOMAIN}/hooks/claude",
    "lti_platform_issuer": lambda scene: f"https://learning.{DOMAIN}",
    "issuer": lambda scene: f"https://token.ci.{DOMAIN}",
    "request_id": lambda scene: f"req_{token(scene.random)}",
    "request_body": lambda scene: None,
    "status_code": _one_of(*(200,) * 97, 403, 429, 503),
    "ip_address": lambda scene: f"{SERVERS}.{2 + int(scene.random.random() * 250)}",
    "user_agent": lambda scene: scene.session.agent,
    "hour": lambda scene: scene.created_at[:13] + ":00:00Z",
    "github_webhook_id": _whole(100_000_000, 999_999_999),
    "github_installation_id": _whole(10_000_000, 99_999_999),
    "transparency_log_leaf_index": _whole(1000, 9_000_000),
    "port": _one_of(443),
    "limit_usd": _one_of(500, 1000, 2500),
    "new_limit_usd": _one_of(750, 1500, 3000),
    "amount": _one_of(100, 250, 500),
    "target_amount": _one_of(500, 1000),
    "threshold_amount": _one_of(50, 100),
    "value": _one_of(50_000, 100_000, 400_000, 1_000_000),
    "rollout_percentage": _one_of(10, 50, 100),
    "final_verdict_timeout_ms": _one_of(1500, 3000),
    "prompt_verdict_timeout_ms": _one_of(500, 800),
    "version": _one_of(*WORDS["version"]),
    "duration": _one_of(30, 90, 365),
}

_ENDINGS: tuple[tuple[str, Maker], ...] = (
    ("_at", lambda scene: scene.created_at),
    ("_date", lambda scene: scene.created_at[:10]),
    ("_uuid", lambda scene: uuid(scene.random)),
    ("_hash", lambda scene: f"{scene.random.getrandbits(256):064x}"),
    ("_sha256", lambda scene: f"{scene.random.getrandbits(256):064x}"),
    ("_checksum", lambda scene: f"{scene.random.getrandbits(160):040x}"),
    ("jti", lambda scene: uuid(scene.random)),
    ("_email", _other("email")),
    ("_emails", _other("email")),
    ("member_ids", _other("id")),
    ("_url", lambda scene: f"https://tools.{DOMAIN}/{scene.session.person.team}"),
    ("_name", _of_team(PROJECTS)),
)
_OTHER_WORDS = _one_of("default", "standard")
_IDS = ("_id", "_ids")
_PREFIXES = {
    "claude_project": "claude_proj",
    "claude_project_document": "claude_proj_doc",
    "workspace": "wrkspc",
    "api_key": "apikey",
    "federation_rule": "fdrl",
    "federation_issuer": "fdis",
    "issuer": "fdis",
    "service_account": "svac",
    "requested_service_account": "svac",
    "excluded_runner": "runner",
    "new_signing_key": "signing_key",
    "old_signing_key": "signing_key",
    "previous_credential": "credential",
    "slack_team": "T",
    "slack_channel": "C",
    "slack_enterprise": "E",
}
"""How ids begin, where that is not the name of their field."""


def compile_fields(fields: Mapping[str, FieldSpec]) -> Maker:
    """Return a function that makes up all of an object's fields."""
    made = [(name, _maybe(spec, compile_field(name, spec))) for name, spec in fields.items()]
    missing = _absent

    def make(scene: FieldContext) -> dict[str, Any]:
        return {name: value for name, maker in made if (value := maker(scene)) is not missing}

    return make


def compile_field(name: str, spec: FieldSpec) -> Maker:
    """Return a function that makes up one field's value, as its shape wants it."""
    single = _single(name, spec)
    if not spec.is_array:
        return single

    def many(scene: FieldContext) -> list[Any]:
        if spec.kind == "object":
            return [single(scene)]
        return list(dict.fromkeys(single(scene) for _ in range(1 + int(scene.random.random() * _MAX_LIST_LENGTH))))

    return many


def _absent(_: FieldContext) -> None: ...


def _maybe(spec: FieldSpec, make: Maker) -> Maker:
    """Leave optional fields out at times, and set nullable ones to null."""
    is_constant = spec.kind == "enum" and len(spec.values) == 1
    if (spec.is_required or is_constant) and not spec.is_nullable:
        return make

    def perhaps(scene: FieldContext) -> Any:  # noqa: ANN401 - a value of any JSON type
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
            return _one_of(*([one for one in spec.values if one != _UNSPECIFIED] or spec.values))
        case "boolean":
            return lambda scene: scene.random.random() < _TRUE
        case "number" if not _is_number(name):
            return _whole(1, 12)
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


def _is_number(name: str) -> bool:
    """Say whether a field has numbers of its own; `version` is a text in some types and a number in others."""
    return name in _EXACT and name != "version"


def id_prefix(name: str) -> str:
    """Return how the ids in a member begin."""
    stem = name.removesuffix("_ids").removesuffix("_id")
    return _PREFIXES.get(stem, stem)


def own_id(name: str) -> Maker | None:
    """Return what makes ids that nothing else has, for a member that names a thing; None where a person is named."""
    if name in _EXACT or not name.endswith("_id"):
        return None
    prefix = id_prefix(name)
    return lambda scene: f"{prefix}_{token(scene.random)}"


def _text(name: str) -> Maker:
    if name in WORDS:
        return _one_of(*WORDS[name])
    for ending, maker in _ENDINGS:
        if name.endswith(ending):
            return maker
    for ending in _IDS:
        if name.endswith(ending):
            return _thing(id_prefix(name))
    return _OTHER_WORDS
