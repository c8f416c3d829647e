"""The user who acted: every kind of actor gives a user to search for, and only users are humans."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_audit.ocsf import to_ocsf

Json = Any


def actor_of(actor: Json, **parts: Json) -> Json:
    """Return the actor of an event whose document has this actor and these parts."""
    document = {"anthropic": {"audit": {"actor": actor}}, "event": {"action": "org_sso_toggled"}, **parts}
    return to_ocsf(document).get("actor")


@pytest.mark.parametrize(
    ("actor", "parts", "told"),
    [
        (
            {"type": "user_actor", "name": "user a"},
            {"user": {"id": "user_a", "email": "a@b.example", "name": "a"}},
            {"user": {"uid": "user_a", "name": "a", "email_addr": "a@b.example", "type_id": 1, "type": "User"}},
        ),
        (
            {"type": "unauthenticated_user_actor", "name": "somebody"},
            {"user": {"email": "a@b.example", "name": "a"}},
            {
                "user": {
                    "name": "a",
                    "email_addr": "a@b.example",
                    "display_name": "somebody",
                    "type_id": 0,
                    "type": "Unknown",
                }
            },
        ),
        (
            {"type": "api_actor", "name": "API key k", "api_key_id": "k"},
            {},
            {
                "user": {"uid": "k", "name": "API key k", "type_id": 4, "type": "Service"},
                "session": {"credential_uid": "k"},
            },
        ),
        (
            {"type": "system_actor", "name": "system", "service": "billing"},
            {},
            {"user": {"name": "system", "type_id": 3, "type": "System"}, "app_name": "billing"},
        ),
        (
            {"type": "anthropic_actor", "name": "Anthropic"},
            {},
            {"user": {"name": "Anthropic", "type_id": 99, "type": "Anthropic"}},
        ),
        (
            {"type": "scim_directory_sync_actor", "directory_id": "d", "idp_connection_type": "okta"},
            {},
            {"user": {"uid": "d", "type_id": 4, "type": "Service"}, "idp": {"uid": "d", "name": "okta"}},
        ),
        (
            {"type": "federated_identity_actor", "issuer": "https://i.example", "name": "s at i"},
            {"user": {"id": "s", "domain": "https://i.example"}},
            {
                "user": {"uid": "s", "domain": "https://i.example", "name": "s at i", "type_id": 4, "type": "Service"},
                "session": {"issuer": "https://i.example"},
                "idp": {"uid": "https://i.example", "name": "https://i.example"},
            },
        ),
        (
            {"type": "federated_actor", "name": "s"},
            {"user": {"id": "s"}, "cloud": {"origin": {"provider": "aws", "account": {"id": "123"}}}},
            {
                "user": {
                    "uid": "s",
                    "name": "s",
                    "type_id": 4,
                    "type": "Service",
                    "account": {"uid": "123", "type_id": 10, "type": "AWS Account"},
                }
            },
        ),
        (
            {"type": "unheard_of", "name": "unheard of"},
            {},
            {"user": {"name": "unheard of", "type_id": 0, "type": "Unknown"}},
        ),
        ({"type": "unheard_of"}, {}, {"user": {"name": "Unknown", "type_id": 0, "type": "Unknown"}}),
        (None, {}, None),
        (7, {}, None),
    ],
    ids=lambda value: str(value.get("type", ""))[:30] if isinstance(value, dict) else None,
)
def test_each_kind_of_actor_is_somebody(actor: Json, parts: Json, told: Json) -> None:
    assert actor_of(actor, **parts) == told


def test_a_device_that_proved_itself_is_the_device() -> None:
    document = {
        "anthropic": {"audit": {"actor": {"type": "attested_device_actor", "external_client_id": "c"}}},
        "device": {"id": "hash"},
        "event": {"action": "platform_app_attest_authentication"},
    }

    event = to_ocsf(document)

    assert event["device"] == {"uid": "hash", "type_id": 0, "type": "Unknown"}
    assert event["metadata"]["profiles"] == ["cloud", "host"]
    assert event["user"]["uid"] == "c"


@pytest.mark.parametrize("origin", [{"provider": "ice", "account": {"id": "123"}}, {"provider": "aws"}])
def test_an_account_of_an_unknown_cloud_stays_where_it_was(origin: Json) -> None:
    audit = {"actor": {"type": "federated_actor", "name": "somebody"}}

    event = to_ocsf({"anthropic": {"audit": audit}, "cloud": {"origin": origin}, "event": {"action": "x"}})

    assert "account" not in event["actor"]["user"]
    assert event["unmapped"]["cloud"] == {"origin": origin}


def test_what_is_no_e_mail_address_by_ocsf_stays_where_it_was() -> None:
    event = to_ocsf({"event": {"action": "x"}, "user": {"email": "root@localhost", "id": "u"}})

    assert "email_addr" not in event["actor"]["user"]
    assert event["unmapped"]["user"] == {"email": "root@localhost"}
