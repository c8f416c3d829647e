"""Deviations from the published mapping: a test for each deviation in `docs/reference/deviations.md`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anthropic_audit.ecs import Options

Json = Any
Normalize = Callable[..., dict[str, Json]]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "deviations.md"


def test_every_deviation_has_a_test_and_every_test_a_deviation() -> None:
    listed = set(re.findall(r"^\| (D\d+) \|", PAGE.read_text(), re.MULTILINE))
    tested = {f"D{number}" for number in re.findall(r"^def test_d(\d+)_", Path(__file__).read_text(), re.MULTILINE)}

    assert listed == tested


@pytest.mark.parametrize("kind", ["sso_login_succeeded", "social_login_succeeded"])
def test_d1_a_login_that_succeeded_starts_a_session(normalize: Normalize, kind: str) -> None:
    event = normalize(kind)["event"]

    assert (event["category"], event["type"], event["outcome"]) == (["authentication", "session"], ["start"], "success")


def test_d2_a_login_that_failed_was_a_start(normalize: Normalize) -> None:
    event = normalize("sso_login_failed")["event"]

    assert (event["category"], event["type"], event["outcome"]) == (["authentication"], ["start"], "failure")


def test_d3_an_invalid_signature_is_a_failure(normalize: Normalize) -> None:
    assert normalize("ghe_webhook_signature_invalid")["event"]["outcome"] == "failure"


@pytest.mark.parametrize("status", [500, 503, 529])
def test_d4_a_server_error_is_a_failure(normalize: Normalize, status: int) -> None:
    assert normalize("compliance_api_accessed", status_code=status)["event"]["outcome"] == "failure"


def test_d5_to_date_is_not_kept_twice(normalize: Normalize) -> None:
    audit = normalize("audit_log_export_started", to_date="2026-05-22T00:00:00Z")["anthropic"]["audit"]

    assert audit["to_date"] == "2026-05-22T00:00:00.000Z"
    assert "metadata" not in audit


def test_d6_owners_and_others_who_are_named_are_related(normalize: Normalize) -> None:
    transferred = normalize("primary_owner_transferred", new_owner_id="user_b", previous_owner_id="user_c")
    rejected = normalize("ccr_agent_proxy_provisioning_credential_rejected", submitted_by_user_id="user_d")

    assert transferred["related"]["user"] == ["alice@acme.example", "user_alice", "user_b", "user_c"]
    assert rejected["related"]["user"][-1] == "user_d"


def test_d7_hosts_that_are_named_are_related(normalize: Normalize) -> None:
    assert normalize("org_domain_verified", domain="acme.example")["related"]["hosts"] == ["acme.example"]
    assert normalize("ghe_configuration_created", hostname="ghe.acme.example")["related"]["hosts"] == [
        "ghe.acme.example"
    ]


def test_d8_documented_fields_have_fields_of_their_own(normalize: Normalize) -> None:
    audit = normalize("ccr_agent_created", agent_id="agent_1", omitted_source_url_count=3)["anthropic"]["audit"]

    assert (audit["agent_id"], audit["omitted_source_url_count"]) == ("agent_1", 3)
    assert "metadata" not in audit


@pytest.mark.parametrize(
    ("actor", "path", "expected"),
    [
        pytest.param({"type": "service_account_actor", "service_account_id": "s"}, "user", {"id": "s"}, id="account"),
        pytest.param(
            {"type": "federated_identity_actor", "issuer": "i", "subject": "s"},
            "user",
            {"id": "s", "domain": "i"},
            id="oidc",
        ),
        pytest.param(
            {"type": "federated_actor", "provider": {"type": "aws", "account_id": "a", "signed_principal": "p"}},
            "cloud",
            {"origin": {"provider": "aws", "account": {"id": "a"}}},
            id="aws",
        ),
        pytest.param(
            {"type": "federated_actor", "provider": {"type": "azure", "subscription_id": "a"}},
            "cloud",
            {"origin": {"provider": "azure", "account": {"id": "a"}}},
            id="azure",
        ),
        pytest.param(
            {"type": "federated_actor", "provider": {"type": "gcp", "project_number": "7"}},
            "cloud",
            {"origin": {"provider": "gcp", "project": {"id": "7"}}},
            id="gcp",
        ),
        pytest.param(
            {"type": "attested_device_actor", "external_client_id": "c", "kid_hash": "h"},
            "device",
            {"id": "h"},
            id="device",
        ),
    ],
)
def test_d9_machines_have_an_identity_and_keep_all_members(
    normalize: Normalize, *, actor: Json, path: str, expected: Json
) -> None:
    document = normalize(actor=actor)

    assert document[path] == expected
    kept = dict(document["anthropic"]["audit"]["actor"])
    assert kept.pop("name")
    assert kept == actor
    assert "name" not in document.get("user", {})
    assert "email" not in document.get("user", {})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        pytest.param("admin_api_key_updated", {"admin_api_key_id": {"a": 1}}, id="object-for-keyword"),
        pytest.param("admin_api_key_updated", {"admin_api_key_id": [{"a": 1}]}, id="objects-for-keyword"),
        pytest.param("admin_api_key_updated", {"updates": "none"}, id="text-for-flattened"),
        pytest.param("admin_api_key_updated", {"updates": [{"a": 1}, "b"]}, id="mixed-list-for-flattened"),
        pytest.param("seat_tiers_purchased", {"item_allocations": 7}, id="number-for-flattened"),
        pytest.param("subscription_started", {"seat_count": "seven"}, id="text-for-long"),
        pytest.param("subscription_started", {"seat_count": True}, id="boolean-for-long"),
        pytest.param("subscription_started", {"seat_count": 2**63}, id="too-large-for-long"),
        pytest.param("org_join_proposal_decided", {"approved": "yes"}, id="text-for-boolean"),
        pytest.param("audit_log_export_started", {"from_date": "yesterday"}, id="text-for-date"),
        pytest.param("audit_log_export_started", {"from_date": 7}, id="number-for-date"),
        pytest.param("claude_file_viewed", {"filename": ["a"]}, id="list-for-ecs"),
        pytest.param("compliance_api_accessed", {"status_code": "200"}, id="text-for-status"),
        pytest.param("compliance_api_accessed", {"url": {"a": 1}}, id="object-for-url"),
        pytest.param("role_assignment_granted", {"role": {"a": 1}}, id="object-for-role"),
    ],
)
def test_d10_a_value_of_the_wrong_type_is_kept_aside_and_flagged(normalize: Normalize, kind: str, fields: Json) -> None:
    audit = normalize(kind, **fields)["anthropic"]["audit"]

    assert audit["metadata"] == fields
    assert audit["catalogue"]["mistyped_fields"] == list(fields)


def test_d11_a_status_that_is_an_object_has_its_own_field(normalize: Normalize) -> None:
    document = normalize("platform_federated_authentication", status={"outcome": "failure", "reason": "x"})

    audit = document["anthropic"]["audit"]
    assert audit["status_details"] == {"outcome": "failure", "reason": "x"}
    assert "status" not in audit
    assert document["event"]["outcome"] == "failure"


@pytest.mark.parametrize("address", ["unknown", "10.0.0.1:99999x", "10.0.0.1, 10.0.0.2", "010.0.0.1"])
def test_d12_what_is_no_ip_address_is_an_address(normalize: Normalize, address: str) -> None:
    document = normalize(actor={"type": "api_actor", "ip_address": address})

    assert document["source"] == {"address": address}
    assert "related" not in document


def test_d13_names_and_passwords_in_urls_are_masked(normalize: Normalize) -> None:
    document = normalize("claude_code_security_webhook_created", url="https://me:secret@hooks.example/x")

    assert document["url"]["original"] == "https://***@hooks.example/x"
    assert document["url"].keys() == {"original", "scheme", "domain", "path"}


@pytest.mark.parametrize("created_at", ["soon", 7, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59"])
def test_d14_an_unreadable_time_is_kept_aside(normalize: Normalize, created_at: Json) -> None:
    document = normalize(created_at=created_at)

    assert document["anthropic"]["audit"]["metadata"]["created_at"] == created_at
    assert document["anthropic"]["audit"]["catalogue"]["mistyped_fields"] == ["created_at"]
    assert "@timestamp" not in document
    assert document["event"]["id"] == "activity_1"


def test_d15_unknown_members_of_an_actor_are_kept_aside(normalize: Normalize) -> None:
    audit = normalize(actor={"type": "user_actor", "user_id": "u", "mood": {"now": "fine"}})["anthropic"]["audit"]

    assert audit["actor"] == {"type": "user_actor", "name": "user u", "metadata": {"mood": {"now": "fine"}}}
    assert audit["catalogue"]["unknown_fields"] == ["actor.mood"]


def test_d16_names_that_only_an_agent_would_send_are_fields_like_others(normalize: Normalize) -> None:
    audit = normalize("unheard_of", organization="a", division="b", team="c", message="d")["anthropic"]["audit"]

    assert audit["metadata"] == {"organization": "a", "division": "b", "team": "c", "message": "d"}


def test_d17_the_time_of_receiving_is_told(normalize: Normalize, received: Options) -> None:
    assert normalize(options=received)["event"]["created"] == "2026-05-22T09:01:00.250Z"


def test_d18_every_event_names_its_catalogue_and_what_it_did_not_expect(normalize: Normalize) -> None:
    known = normalize()["anthropic"]["audit"]["catalogue"]
    unknown = normalize("unheard_of", new=1, actor={"type": "new_actor"})["anthropic"]["audit"]["catalogue"]

    assert known.keys() == {"version"}
    assert unknown == known | {"known": False, "unknown_fields": ["new"], "unknown_actor": "new_actor"}


def test_d19_names_that_may_be_refused_are_written_in_another_way(normalize: Normalize) -> None:
    audit = normalize("unheard_of", **{"a\x00b": 1, "": 2, "~": 3})["anthropic"]["audit"]

    assert audit["metadata"] == {"~a%00b": 1, "~": 2, "~~": 3}


def test_d20_a_time_that_cannot_be_true_is_not_the_time_of_the_event(normalize: Normalize, received: Options) -> None:
    document = normalize(options=received, created_at="9999-12-31T23:59:59Z")

    assert document["@timestamp"] == "2026-05-22T09:01:00.250Z"
    assert document["anthropic"]["audit"]["metadata"] == {"created_at": "9999-12-31T23:59:59Z"}
    assert document["anthropic"]["audit"]["catalogue"]["implausible_fields"] == ["created_at"]
