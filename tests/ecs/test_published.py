"""The published mapping, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from anthropic_audit.ecs import Normalizer, Options, to_json

Json = Any
Normalize = Callable[..., dict[str, Json]]

SEED = {
    "@timestamp": "2026-05-22T09:00:00.000Z",
    "anthropic": {
        "audit": {
            "actor": {"type": "user_actor"},
            "claude_chat_id": "claude_chat_01EXAMPLEconv01",
            "claude_project_id": "claude_proj_01EXAMPLEproj01",
            "organization_uuid": "91011112-1314-4151-6171-8191a1b1c1d1",
        }
    },
    "data_stream": {"dataset": "anthropic.audit", "namespace": "65544", "type": "logs"},
    "ecs": {"version": "9.3.0"},
    "event": {
        "action": "claude_chat_created",
        "category": ["web"],
        "dataset": "anthropic.audit",
        "id": "activity_01MOCKpage03a",
        "kind": "event",
        "outcome": "success",
        "type": ["info"],
    },
    "organization": {"id": "org_01EXAMPLEabcdef123456789"},
    "related": {"ip": ["198.51.100.10"], "user": ["alice.johnson@example.com", "user_01EXAMPLEalice01"]},
    "source": {"ip": "198.51.100.10"},
    "tags": ["forwarded", "anthropic-audit"],
    "user": {"email": "alice.johnson@example.com", "id": "user_01EXAMPLEalice01", "name": "alice.johnson"},
    "user_agent": {"original": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"},
}
"""The published example, without the fields that its agent, its network databases and its user agent parser add."""


def at(document: Json, path: str) -> Json:
    """Return the value at a path with dots, or None."""
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def test_the_published_example_is_reproduced(normalizer: Normalizer) -> None:
    activity = {
        "id": "activity_01MOCKpage03a",
        "created_at": "2026-05-22T09:00:00Z",
        "organization_id": "org_01EXAMPLEabcdef123456789",
        "organization_uuid": "91011112-1314-4151-6171-8191a1b1c1d1",
        "actor": {
            "type": "user_actor",
            "email_address": "alice.johnson@example.com",
            "user_id": "user_01EXAMPLEalice01",
            "ip_address": "198.51.100.10",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
        },
        "type": "claude_chat_created",
        "claude_chat_id": "claude_chat_01EXAMPLEconv01",
        "claude_project_id": "claude_proj_01EXAMPLEproj01",
    }

    document = orjson.loads(to_json(normalizer.document(orjson.dumps(activity), Options(namespace="65544"))))

    audit = document["anthropic"]["audit"]
    assert audit.pop("catalogue") == {"version": normalizer.catalogue_version}
    assert audit.pop("sensitivity") == "routine"
    assert audit["actor"].pop("name") == "alice.johnson@example.com"
    assert document["event"].pop("module") == "anthropic"
    assert document == SEED


@pytest.mark.parametrize(
    ("kind", "fields", "path", "expected"),
    [
        pytest.param("claude_chat_created", {}, "event.id", "activity_1", id="id"),
        pytest.param("claude_chat_created", {}, "event.action", "claude_chat_created", id="type"),
        pytest.param("claude_chat_created", {}, "event.kind", "event", id="kind"),
        pytest.param("claude_chat_created", {}, "@timestamp", "2026-05-22T09:00:00.000Z", id="created-at"),
        pytest.param("claude_chat_created", {}, "organization.id", "org_1", id="organization-id"),
        pytest.param("claude_chat_created", {}, "anthropic.audit.organization_uuid", "0000-1", id="organization-uuid"),
        pytest.param("claude_chat_created", {"organization_id": None}, "organization", None, id="no-organization"),
        pytest.param("compliance_api_accessed", {"request_method": "Get"}, "http.request.method", "Get", id="method"),
        pytest.param("compliance_api_accessed", {"request_id": "req_1"}, "http.request.id", "req_1", id="request-id"),
        pytest.param("compliance_api_accessed", {"status_code": 200}, "http.response.status_code", 200, id="status"),
        pytest.param("claude_file_viewed", {"filename": "a.txt"}, "file.name", "a.txt", id="filename"),
        pytest.param("org_creation_blocked", {"reason": "why"}, "event.reason", "why", id="reason"),
        pytest.param(
            "org_deleted", {"org_name": "A", "organization_name": "B"}, "organization.name", "A", id="org-name"
        ),
        pytest.param("org_deleted", {"organization_name": "B"}, "organization.name", "B", id="organization-name"),
        pytest.param(
            "org_deleted",
            {"organization_name": "B", "org_name": "A"},
            "anthropic.audit.metadata.organization_name",
            "B",
            id="organization-name-lost",
        ),
        pytest.param("org_deleted", {"organization_name": "B"}, "organization.id", "org_1", id="name-beside-id"),
        pytest.param(
            "audit_log_export_started",
            {"from_date": "2026-05-01"},
            "anthropic.audit.from_date",
            "2026-05-01T00:00:00.000Z",
            id="from-date",
        ),
        pytest.param(
            "marketplace_webhook_provisioned",
            {"github_webhook_id": 559},
            "anthropic.audit.github_webhook_id",
            "559",
            id="webhook-id-as-text",
        ),
        pytest.param(
            "unheard_of", {"metadata": {"a": 1}}, "anthropic.audit.setting_metadata", {"a": 1}, id="metadata-renamed"
        ),
        pytest.param(
            "unheard_of", {"metadata": {"a": 1}}, "anthropic.audit.metadata", None, id="metadata-not-kept-twice"
        ),
        pytest.param(
            "unheard_of", {"new": [1, {"a": 0}]}, "anthropic.audit.metadata.new", [1, {"a": 0}], id="catch-all"
        ),
        pytest.param(
            "pending_share_created", {"role": "viewer"}, "anthropic.audit.role", "viewer", id="role-elsewhere"
        ),
        pytest.param("pending_share_created", {"role": "viewer"}, "user.target", None, id="role-elsewhere-no-target"),
        pytest.param("role_assignment_granted", {"role": "editor"}, "user.target.roles", ["editor"], id="role-granted"),
        pytest.param("role_assignment_revoked", {"role": "editor"}, "user.target.roles", ["editor"], id="role-revoked"),
        pytest.param("role_assignment_revoked", {"role": "editor"}, "anthropic.audit.role", None, id="role-moved"),
    ],
)
def test_a_field_finds_its_place(normalize: Normalize, *, kind: str, fields: Json, path: str, expected: Json) -> None:
    assert at(normalize(kind, **fields), path) == expected


@pytest.mark.parametrize(
    ("fields", "email"),
    [
        pytest.param(("invited_email", "deleted_user_email", "user_email", "invitee_email"), "invited_email", id="1"),
        pytest.param(("invitee_email", "user_email", "deleted_user_email"), "deleted_user_email", id="2"),
        pytest.param(("invitee_email", "user_email"), "user_email", id="3"),
        pytest.param(("invitee_email",), "invitee_email", id="4"),
    ],
)
def test_target_emails_have_an_order_and_the_others_are_kept(
    normalize: Normalize, fields: tuple[str, ...], email: str
) -> None:
    document = normalize("unheard_of", **{name: f"{name}@acme.example" for name in fields})

    lost = {name: f"{name}@acme.example" for name in fields if name != email}
    assert document["user"]["target"] == {"email": f"{email}@acme.example"}
    assert document["anthropic"]["audit"].get("metadata", {}) == lost


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        pytest.param({"deleted_user_id": "b", "user_id": "a", "requester_user_id": "c"}, "a", id="user-id-first"),
        pytest.param({"requester_user_id": "c", "deleted_user_id": "b"}, "b", id="deleted-user-second"),
        pytest.param(
            {"principal_id": "d", "principal_type": "user", "requester_user_id": "c"}, "c", id="requester-third"
        ),
        pytest.param(
            {"target_id": "e", "target_type": "user", "principal_id": "d", "principal_type": "user"},
            "d",
            id="principal-fourth",
        ),
        pytest.param({"target_id": "e", "target_type": "user"}, "e", id="target-fifth"),
        pytest.param({"target_id": "e", "target_type": "group"}, None, id="target-is-no-user"),
        pytest.param({"principal_id": "d", "principal_type": "User"}, None, id="principal-is-not-exactly-user"),
    ],
)
def test_target_ids_have_an_order(normalize: Normalize, fields: Json, target: str | None) -> None:
    assert at(normalize("unheard_of", **fields), "user.target.id") == target


def test_principal_and_target_that_did_not_move_keep_their_own_fields(normalize: Normalize) -> None:
    document = normalize(
        "unheard_of", user_id="a", principal_id="d", principal_type="user", target_id="e", target_type="x"
    )

    audit = document["anthropic"]["audit"]
    assert (audit["principal_id"], audit["principal_type"]) == ("d", "user")
    assert (audit["target_id"], audit["target_type"]) == ("e", "x")


@pytest.mark.parametrize(
    ("actor", "user", "kept"),
    [
        pytest.param(
            {"type": "anthropic_actor", "email_address": "a@b"}, {"email": "a@b", "name": "a"}, {}, id="anthropic-email"
        ),
        pytest.param(
            {"type": "api_actor", "api_key_id": "k", "email_address": "a@b"},
            None,
            {"api_key_id": "k", "email_address": "a@b"},
            id="email-of-another-kind-stays",
        ),
        pytest.param({"type": "api_actor", "user_id": "u"}, None, {"user_id": "u"}, id="user-id-of-another-kind-stays"),
        pytest.param(
            {"type": "api_actor", "unauthenticated_email_address": "a@b"},
            {"email": "a@b", "name": "a"},
            {},
            id="unauthenticated-email-of-any-kind",
        ),
        pytest.param({"type": "user_actor", "user_id": "u"}, {"id": "u"}, {}, id="id-alone"),
        pytest.param({"type": "user_actor", "email_address": "@b"}, {"email": "@b"}, {}, id="no-name-before-the-at"),
        pytest.param({"type": "user_actor", "email_address": "a"}, {"email": "a", "name": "a"}, {}, id="no-at"),
        pytest.param(
            {
                "type": "scim_directory_sync_actor",
                "directory_id": "d",
                "workos_event_id": "e",
                "idp_connection_type": None,
            },
            None,
            {"directory_id": "d", "workos_event_id": "e"},
            id="scim",
        ),
    ],
)
def test_an_actor_finds_its_place(normalize: Normalize, actor: Json, user: Json, kept: Json) -> None:
    document = normalize(actor=actor)

    assert document.get("user") == user
    found = document["anthropic"]["audit"]["actor"]
    assert found == {"type": actor["type"], "name": found["name"], **kept}


@pytest.mark.parametrize("kind", ["user_actor", "api_actor", "unheard_of_actor"])
def test_address_and_user_agent_of_any_actor_move(normalize: Normalize, kind: str) -> None:
    document = normalize(actor={"type": kind, "ip_address": "2001:db8::1", "user_agent": "curl/8"})

    assert document["source"] == {"ip": "2001:db8::1"}
    assert document["user_agent"] == {"original": "curl/8"}
    assert document["related"]["ip"] == ["2001:db8::1"]


def test_related_users_are_the_actor_then_the_target_then_the_members_each_once(normalize: Normalize) -> None:
    document = normalize(
        "unheard_of", member_ids=["user_b", "user_alice", "user_c"], user_id="user_b", user_email="b@b"
    )

    assert document["related"]["user"] == ["alice@acme.example", "user_alice", "b@b", "user_b", "user_c"]


def test_alert_emails_are_related(normalize: Normalize) -> None:
    document = normalize("platform_spend_limit_alert_emails_updated", alert_emails=["x@b"])

    assert document["related"]["user"][-1] == "x@b"


@pytest.mark.parametrize("empty", [None, "", [], {}, [None, "", {}], {"a": {"b": [None]}}], ids=repr)
def test_what_is_empty_is_dropped(normalize: Normalize, empty: Json) -> None:
    document = normalize("unheard_of", new=empty, filename=empty, updates=empty, claude_chat_id=empty)

    audit = document["anthropic"]["audit"]
    assert audit.keys() == {"actor", "organization_uuid", "catalogue"}
    assert "file" not in document


def test_false_and_zero_stay_at_any_depth(normalize: Normalize) -> None:
    document = normalize("unheard_of", new={"a": False, "b": [0, 0.0, None]}, approved=False, amount=0)

    audit = document["anthropic"]["audit"]
    assert audit["metadata"]["new"] == {"a": False, "b": [0, 0.0]}
    assert (audit["approved"], audit["amount"]) == (False, 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "https://api.example.com:8443/v1/a.json?x=1&y=2#z",
            {
                "scheme": "https",
                "domain": "api.example.com",
                "port": 8443,
                "path": "/v1/a.json",
                "extension": "json",
                "query": "x=1&y=2",
                "fragment": "z",
            },
            id="everything",
        ),
        pytest.param("/v1/a?b=c", {"path": "/v1/a", "query": "b=c"}, id="path-alone"),
        pytest.param("https://[::1", {}, id="unreadable"),
        pytest.param(
            "https://a.example/b", {"scheme": "https", "domain": "a.example", "path": "/b"}, id="no-extension"
        ),
    ],
)
def test_a_url_is_taken_apart(normalize: Normalize, url: str, expected: Json) -> None:
    assert normalize("compliance_api_accessed", url=url)["url"] == {"original": url, **expected}


def test_the_domain_of_a_url_is_related(normalize: Normalize) -> None:
    assert normalize("compliance_api_accessed", url="https://a.example/b")["related"]["hosts"] == ["a.example"]


def test_the_text_as_received_is_kept_when_asked(normalizer: Normalizer) -> None:
    raw = b'{"id": "activity_1",  "type": "claude_chat_created"}'

    document = normalizer.document(raw, Options(preserve_original_event=True))

    assert document["event"]["original"] == raw.decode()
    assert document["tags"] == ["forwarded", "anthropic-audit", "preserve_original_event"]


def test_the_text_is_not_kept_unasked(normalize: Normalize) -> None:
    assert "original" not in normalize()["event"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b'"text"', b"null", b"7", b"\xff\xfe"], ids=repr)
def test_what_is_no_activity_gives_a_document_that_says_so(normalizer: Normalizer, raw: bytes) -> None:
    document = normalizer.document(raw)

    assert document["error"]["message"].startswith("the activity can't be read: no JSON")
    assert document["event"]["kind"] == "pipeline_error"
    assert document["event"].get("original", "") == raw.decode("utf-8", "backslashreplace")
    assert document["tags"] == ["forwarded", "anthropic-audit", "preserve_original_event"]
