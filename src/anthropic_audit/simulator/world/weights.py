"""How often what happens: a table for what dominates a real feed, the verb for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from anthropic_audit.catalogue import ActivityType

_COMMON: Mapping[str, float] = MappingProxyType(
    {
        "claude_chat_created": 900,
        "claude_chat_viewed": 1800,
        "claude_chat_updated": 700,
        "claude_chat_deleted": 40,
        "claude_file_uploaded": 260,
        "claude_file_viewed": 300,
        "claude_project_viewed": 320,
        "claude_project_created": 14,
        "claude_project_document_uploaded": 50,
        "claude_project_document_viewed": 90,
        "claude_artifact_created": 120,
        "claude_artifact_viewed": 260,
        "claude_artifact_published": 8,
        "claude_skill_created": 3,
        "claude_user_settings_updated": 20,
        "compliance_api_accessed": 130,
        "platform_file_uploaded": 40,
        "platform_file_content_downloaded": 30,
        "platform_agent_session_created": 60,
        "ccr_session_created": 45,
        "ccr_session_updated": 60,
        "platform_federated_authentication": 40,
        "platform_usage_report_messages_viewed": 12,
        "platform_cost_report_viewed": 8,
        "org_users_listed": 10,
        "magic_link_login_initiated": 6,
        "magic_link_login_succeeded": 5,
        "sso_login_failed": 4,
        "mcp_server_managed_auth_token_exchanged": 30,
        "integration_user_connected": 6,
        "session_share_accessed": 6,
    }
)
_VERBS = (("viewed", 6.0), ("listed", 4.0), ("accessed", 4.0), ("created", 1.2), ("updated", 1.5), ("failed", 0.6))
_RARE = 0.4

DAILY = frozenset({"sso_login_initiated", "sso_login_succeeded", "user_logged_out"})
"""What the people's days bring about by themselves."""

ACTORS: Mapping[str, float] = MappingProxyType(
    {
        "user_actor": 60.0,
        "api_actor": 2.0,
        "admin_api_key_actor": 1.5,
        "service_account_actor": 1.5,
        "federated_actor": 0.8,
        "federated_identity_actor": 0.5,
        "attested_device_actor": 0.3,
        "scim_directory_sync_actor": 0.8,
        "anthropic_actor": 0.3,
        "system_actor": 0.6,
        "unauthenticated_user_actor": 0.3,
    }
)
"""How often each kind acts where several may."""


def weight(kind: ActivityType) -> float:
    """Return how often a type happens, in relation to the others."""
    if kind.name in DAILY:
        return _RARE
    if kind.name in _COMMON:
        return _COMMON[kind.name]
    return next((found for verb, found in _VERBS if kind.name.endswith(verb)), _RARE)
