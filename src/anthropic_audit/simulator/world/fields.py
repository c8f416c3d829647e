"""Make field values by their documented shape and their name; compiled once, and called for each activity."""

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
    """The context in which the fields of one activity are made."""

    random: Random
    session: WorkSession
    other: Person
    organization: Organization
    created_at: str


Maker = Callable[[FieldContext], Any]
"""Makes the value of a field."""


def _thing(prefix: str) -> Maker:
    def make(context: FieldContext) -> str:
        things = context.organization.things(prefix)
        return things[int(context.random.random() ** 2 * len(things))]

    return make


def _one_of(*values: Any) -> Maker:  # noqa: ANN401 - values of any JSON type
    return lambda context: values[int(context.random.random() * len(values))]


def _whole(lowest: int, highest: int) -> Maker:
    return lambda context: lowest + int(context.random.random() * (highest - lowest))


def _other(member: str) -> Maker:
    return lambda context: getattr(context.other, member)


def _of_team(names: Mapping[str, tuple[str, ...]]) -> Maker:
    """Return a maker that chooses among the names of the acting person's team."""

    def make(context: FieldContext) -> str:
        words = names[context.session.person.team]
        return words[int(context.random.random() * len(words))]

    return make


def _guest(context: FieldContext) -> str:
    return f"guest{int(context.random.random() * 50)}@{PARTNERS[int(context.random.random() * len(PARTNERS))]}"


def _chat(context: FieldContext) -> str:
    chats = context.session.chats
    return chats[int(context.random.random() * len(chats))].id if chats else f"claude_chat_{token(context.random)}"


_EXACT: Mapping[str, Maker] = {
    "claude_chat_id": _chat,
    "session_id": lambda context: context.session.id,
    "cowork_session_id": lambda context: f"cowork_{context.session.id}",
    "user_email": _other("email"),
    "invited_email": _other("email"),
    "invitee_email": _guest,
    "deleted_user_email": _other("email"),
    "unauthenticated_email_address": _other("email"),
    "email_address": _other("email"),
    "alert_emails": lambda context: context.session.person.email,
    "user_id": _other("id"),
    "deleted_user_id": _other("id"),
    "requester_user_id": _other("id"),
    "submitted_by_user_id": _other("id"),
    "invitee_user_id": _other("id"),
    "account_id": _other("id"),
    "principal_id": _other("id"),
    "target_id": _other("id"),
    "new_owner_id": _other("id"),
    "previous_owner_id": lambda context: context.session.person.id,
    "org_name": lambda context: context.session.person.unit.name,
    "org_id": lambda context: context.session.person.unit.id,
    "filename": _of_team(FILES),
    "title": _one_of(*WORDS["title"]),
    "resource_descriptor": _of_team(PROJECTS),
    "scopes": _one_of("read:compliance_activities", "read:compliance_org_data", "read:compliance_user_data"),
    "request_method": _one_of("GET"),
    "url": lambda context: f"https://hooks.{DOMAIN}/{context.session.person.team}/security-scans",
    "webhook_url": lambda context: f"https://dlp.{DOMAIN}/hooks/claude",
    "lti_platform_issuer": lambda context: f"https://learning.{DOMAIN}",
    "issuer": lambda context: f"https://token.ci.{DOMAIN}",
    "request_id": lambda context: f"req_{token(context.random)}",
    "request_body": lambda context: None,
    "status_code": _one_of(*(200,) * 97, 403, 429, 503),
    "ip_address": lambda context: f"{SERVERS}.{2 + int(context.random.random() * 250)}",
    "user_agent": lambda context: context.session.agent,
    "hour": lambda context: context.created_at[:13] + ":00:00Z",
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
    ("_at", lambda context: context.created_at),
    ("_date", lambda context: context.created_at[:10]),
    ("_uuid", lambda context: uuid(context.random)),
    ("_hash", lambda context: f"{context.random.getrandbits(256):064x}"),
    ("_sha256", lambda context: f"{context.random.getrandbits(256):064x}"),
    ("_checksum", lambda context: f"{context.random.getrandbits(160):040x}"),
    ("jti", lambda context: uuid(context.random)),
    ("_email", _other("email")),
    ("_emails", _other("email")),
    ("member_ids", _other("id")),
    ("_url", lambda context: f"https://tools.{DOMAIN}/{context.session.person.team}"),
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
"""The prefixes of ids that differ from the name of their field."""


def compile_fields(fields: Mapping[str, FieldSpec]) -> Maker:
    """Return a maker of all fields of a JSON object."""
    made = [(name, _maybe(spec, compile_field(name, spec))) for name, spec in fields.items()]
    missing = _absent

    def make(context: FieldContext) -> dict[str, Any]:
        return {name: value for name, maker in made if (value := maker(context)) is not missing}

    return make


def compile_field(name: str, spec: FieldSpec) -> Maker:
    """Return a maker of one field's value, by its shape."""
    single = _single(name, spec)
    if not spec.is_array:
        return single

    def many(context: FieldContext) -> list[Any]:
        if spec.kind == "object":
            return [single(context)]
        return list(dict.fromkeys(single(context) for _ in range(1 + int(context.random.random() * _MAX_LIST_LENGTH))))

    return many


def _absent(_: FieldContext) -> None: ...


def _maybe(spec: FieldSpec, make: Maker) -> Maker:
    """Return a maker that sometimes leaves out an optional field, and sets a nullable one to null."""
    is_constant = spec.kind == "enum" and len(spec.values) == 1
    if (spec.is_required or is_constant) and not spec.is_nullable:
        return make

    def perhaps(context: FieldContext) -> Any:  # noqa: ANN401 - a value of any JSON type
        chance = context.random.random()
        if spec.is_nullable and chance < _NULL:
            return None
        if not spec.is_required and chance < _MISSING:
            return _absent
        return make(context)

    return perhaps


def _single(name: str, spec: FieldSpec) -> Maker:
    match spec.kind:
        case "enum" if spec.values:
            return _one_of(*([one for one in spec.values if one != _UNSPECIFIED] or spec.values))
        case "boolean":
            return lambda context: context.random.random() < _TRUE
        case "number" if not _is_number(name):
            return _whole(1, 12)
        case "object":
            return _object(spec)
        case "map":
            return lambda context: {context.session.person.team: int(context.random.random() * 100)}
        case _:
            return _EXACT[name] if name in _EXACT else _text(name)


def _object(spec: FieldSpec) -> Maker:
    if not spec.variants:
        return compile_fields(spec.fields)
    variants = [compile_fields(variant) for variant in spec.variants]
    return lambda context: variants[int(context.random.random() * len(variants))](context)


def _is_number(name: str) -> bool:
    """Return whether a field has its own numbers; `version` is a text in some types and a number in others."""
    return name in _EXACT and name != "version"


def id_prefix(name: str) -> str:
    """Return the prefix of the ids in a field."""
    stem = name.removesuffix("_ids").removesuffix("_id")
    return _PREFIXES.get(stem, stem)


def own_id(name: str) -> Maker | None:
    """Return a maker of new unique ids, for a field with the id of an object; None for any other field."""
    if name in _EXACT or not name.endswith("_id"):
        return None
    prefix = id_prefix(name)
    return lambda context: f"{prefix}_{token(context.random)}"


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
