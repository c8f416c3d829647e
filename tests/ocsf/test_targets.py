"""The resource of an event, and the class that follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_audit.ocsf import to_ocsf

Json = Any

BOB = {"id": "user_b", "email": "bob@acme.example"}
TOLD_BOB = {"uid": "user_b", "email_addr": "bob@acme.example", "type_id": 1, "type": "User"}


def event_of(kind: str, target: Json = None, **audit: Json) -> dict[str, Json]:
    """Return the event of an activity by Alice."""
    actor = {"type": "user_actor", "name": "alice@acme.example"}
    user = {"id": "user_a", "name": "alice", **({"target": target} if target else {})}
    return to_ocsf({"anthropic": {"audit": {"actor": actor, **audit}}, "event": {"action": kind}, "user": user})


@pytest.mark.parametrize(
    ("kind", "audit", "type_name", "privileges"),
    [
        ("claude_user_role_updated", {"current_role": "owner"}, "Assign Privileges", ["owner"]),
        ("rbac_role_assigned", {"role_id": "role_1", "principal_type": "user"}, "Assign Privileges", ["role_1"]),
        ("rbac_role_unassigned", {"role_id": "role_1"}, "Revoke Privileges", ["role_1"]),
        ("role_assignment_granted", {"role": "admin"}, "Assign Privileges", ["admin"]),
        ("pending_share_revoked", {}, "Revoke Privileges", ["access"]),
    ],
)
def test_rights_of_a_user_are_user_access(kind: str, audit: Json, type_name: str, privileges: list[str]) -> None:
    event = event_of(kind, BOB, **audit)

    assert event["type_name"] == f"User Access Management: {type_name}"
    assert (event["user"], event["privileges"]) == (TOLD_BOB, privileges)


def test_roles_of_the_target_are_its_privileges() -> None:
    event = event_of("role_assignment_granted", {**BOB, "roles": ["admin", "billing"]})

    assert event["privileges"] == ["admin", "billing"]


def test_a_right_of_a_group_is_group_management() -> None:
    event = event_of("rbac_role_assigned", principal_id="group_1", principal_type="group", role_id="role_1")

    assert event["type_name"] == "Group Management: Assign Privileges"
    assert (event["group"]["uid"], event["privileges"]) == ("group_1", ["role_1"])


def test_a_right_of_somebody_else_changes_the_role() -> None:
    event = event_of("rbac_role_assigned", principal_id="x_1", principal_type="workspace", role_id="role_1")

    assert event["type_name"] == "Entity Management: Update"
    assert event["entity"] == {"uid": "role_1", "type": "role", "type_id": 99}


def test_a_new_owner_is_who_gets_the_right() -> None:
    event = event_of("primary_owner_transferred", new_owner_id="user_c", previous_owner_id="user_a")

    assert (event["user"]["uid"], event["privileges"]) == ("user_c", ["primary owner"])


@pytest.mark.parametrize(
    ("kind", "fields", "type_name", "user"),
    [
        ("org_user_deleted", {"target": BOB}, "Account Change: Delete", "user_b"),
        ("org_user_left", {}, "Account Change: Delete", "user_a"),
        ("scim_user_created", {"target": {"id": "user_b"}}, "Account Change: Create", "user_b"),
        ("step_up_credential_enrolled", {}, "Account Change: MFA Factor Enable", "user_a"),
        ("platform_service_account_archived", {"service_account_id": "a_1"}, "Account Change: Disable", "a_1"),
        ("sso_login_succeeded", {}, "Authentication: Logon", "user_a"),
        ("user_logged_out", {}, "Authentication: Logoff", "user_a"),
    ],
)
def test_accounts_are_those_of_whom_it_happened_to(kind: str, fields: Json, type_name: str, user: str) -> None:
    event = event_of(kind, **fields)

    assert (event["type_name"], event["user"]["uid"]) == (type_name, user)


def test_who_deletes_an_account_for_somebody_is_not_who_loses_it() -> None:
    document = {"anthropic": {"audit": {"actor": {"type": "anthropic_actor", "name": "Anthropic"}}}}

    event = to_ocsf(document | {"event": {"action": "account_deleted"}})

    assert event["type_name"] == "Entity Management: Delete"
    assert event["entity"] == {"name": "account", "type": "account", "type_id": 99}


def test_without_a_user_an_account_is_an_entity() -> None:
    event = event_of("org_user_deleted")

    assert event["type_name"] == "Entity Management: Delete"
    assert event["entity"] == {"name": "org user", "type": "org user", "type_id": 99}


@pytest.mark.parametrize(
    ("audit", "factors", "is_mfa"),
    [
        ({"method": "webauthn"}, [{"factor_type_id": 10, "factor_type": "WebAuthn"}], None),
        ({"method": "unheard_of", "mfa_method": "totp"}, None, True),
        ({"mfa_method": "not_used"}, None, False),
    ],
)
def test_ways_to_sign_in_are_told(audit: Json, factors: Json, is_mfa: bool | None) -> None:
    event = event_of("step_up_authentication_succeeded", **audit)

    assert (event.get("auth_factors"), event.get("is_mfa")) == (factors, is_mfa)


@pytest.mark.parametrize(("members", "user"), [(["user_b"], {"uid": "user_b"}), (["user_b", "user_c"], None)])
def test_a_group_gains_a_user(members: list[str], user: Json) -> None:
    event = event_of("group_member_added", group_id="group_1", member_ids=members)

    assert event["type_name"] == "Group Management: Add User"
    assert (event["group"], event.get("user")) == ({"uid": "group_1", "type": "group"}, user)


def test_a_workspace_is_a_group_of_its_members() -> None:
    person = event_of("platform_workspace_member_added", BOB, workspace_id="wrkspc_1")
    program = event_of(
        "platform_service_account_workspace_member_added", workspace_id="wrkspc_1", service_account_id="svac_1"
    )

    assert (person["group"]["uid"], person["user"]) == ("wrkspc_1", TOLD_BOB)
    assert (program["group"]["uid"], program["user"]["uid"]) == ("wrkspc_1", "svac_1")


@pytest.mark.parametrize(
    ("kind", "audit", "attribute", "told"),
    [
        (
            "claude_artifact_published",
            {"claude_published_artifact_id": "art_1", "title": "Plan"},
            "file",
            {"name": "Plan", "uid": "art_1", "type_id": 99, "type": "published artifact"},
        ),
        ("claude_chat_viewed", {"claude_chat_id": "chat_1"}, "web_resources", [{"uid": "chat_1", "type": "chat"}]),
        (
            "anthropic_access",
            {"resource_details": {"id": "chat_1", "type": "chat"}},
            "web_resources",
            [{"uid": "chat_1", "type": "chat"}],
        ),
        ("org_members_exported", {}, "web_resources", [{"name": "org members", "type": "org members"}]),
        (
            "desktop_extension_uploaded",
            {"extension_id": "ext_1", "version": "2.0"},
            "app",
            {"uid": "ext_1", "feature": {"name": "desktop extension"}, "version": "2.0"},
        ),
        (
            "platform_memory_deleted",
            {"memory_id": "mem_1", "memory_store_id": "store_1"},
            "databucket",
            {"uid": "store_1", "type": "memory store", "type_id": 99},
        ),
        (
            "claude_code_security_scan_created",
            {"scan_id": "scan_1"},
            "scan",
            {"uid": "scan_1", "type": "security scan", "type_id": 99},
        ),
        (
            "group_updated",
            {"group_id": "group_1", "group_name": "Everyone"},
            "entity",
            {
                "uid": "group_1",
                "name": "Everyone",
                "type": "Group",
                "type_id": 3,
                "group": {"uid": "group_1", "name": "Everyone", "type": "group"},
            },
        ),
        (
            "org_domain_removed",
            {"domain": "acme.example"},
            "entity",
            {"name": "acme.example", "type": "domain", "type_id": 99},
        ),
        (
            "orbit_created",
            {"metadata": {"orbit_id": "orbit_1"}},
            "entity",
            {"uid": "orbit_1", "type": "orbit", "type_id": 99},
        ),
        ("orbit_created", {"orbit_id": 7}, "entity", {"uid": "7", "type": "orbit", "type_id": 99}),
        ("orbit_created", {}, "entity", {"name": "orbit", "type": "orbit", "type_id": 99}),
    ],
)
def test_things_are_told_by_what_identifies_them(kind: str, audit: Json, attribute: str, told: Json) -> None:
    assert event_of(kind, **audit)[attribute] == told


def test_a_user_can_be_what_is_managed() -> None:
    event = event_of("org_user_viewed", BOB)

    assert event["type_name"] == "Entity Management: Read"
    assert event["entity"] == {"uid": "user_b", "type_id": 2, "type": "User", "user": TOLD_BOB}


def test_an_application_error_tells_of_nothing_more() -> None:
    event = event_of("inference_hooks_circuit_breaker_tripped")

    assert event["type_name"] == "Application Error: General Error"
    assert event["metadata"]["profiles"] == ["cloud", "host"]


@pytest.mark.parametrize(
    ("kind", "audit"),
    [
        ("platform_workspace_rate_limit_deleted", {"workspace_id": "wrkspc_1"}),
        ("org_taint_added", {"workspace_id": "wrkspc_1"}),
        ("ccr_agent_slack_binding_deleted", {"agent_id": "agent_1", "slack_team_id": "team_1"}),
        ("platform_workspace_inference_data_retention_disabled", {"workspace_id": "wrkspc_1"}),
    ],
)
def test_what_is_done_to_a_part_is_not_done_to_the_whole(kind: str, audit: Json) -> None:
    event = event_of(kind, **audit)

    assert "uid" not in event["entity"]
    assert event["entity"]["name"] == event["entity"]["type"]
    assert {one["value"] for one in event["observables"]} >= set(audit.values())


def test_a_change_of_a_part_is_a_change_of_the_whole() -> None:
    event = event_of("mcp_tool_policy_updated", mcp_server_id="mcp_1", mcp_server_name="Tickets", tool_name="search")

    assert event["entity"] == {"uid": "mcp_1", "name": "Tickets", "type": "MCP server", "type_id": 99}


def test_an_invited_person_is_no_user_yet() -> None:
    event = event_of("org_user_invite_sent", {"email": "bob@acme.example"})

    assert event["type_name"] == "Entity Management: Create"
    assert event["entity"]["type"] == "org user invite"
    assert event["entity"]["user"]["email_addr"] == "bob@acme.example"
