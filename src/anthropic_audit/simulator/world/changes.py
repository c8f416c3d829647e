"""Changes of settings: the values of each setting in turn, so that each old value is the previous new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .names import MODELS, SEAT_TIERS

_TOGGLE = (True, False)

ORGANIZATION_SETTINGS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("public_projects_enabled", _TOGGLE),
    ("web_search_enabled", _TOGGLE),
    ("geolocation_enabled", (False, True)),
    (
        "data_retention_periods",
        (
            [{"data_type": "all", "duration": 90, "timescale": "day"}],
            [{"data_type": "all", "duration": 12, "timescale": "month"}],
        ),
    ),
    ("members_limit", (150, 175, 200, 160)),
    ("claude_api_in_artifacts_enabled", (False, True)),
    ("support_contact_mode", ("ai_support_only", "human_support_restricted")),
    ("claude_code_web_enabled", _TOGGLE),
    ("claude_code_desktop_bypass_permissions_enabled", (False, True)),
    ("skills_enabled", _TOGGLE),
    ("workbench_completion_feedback_enabled", (False, True)),
    ("claude_ai_completion_feedback_enabled", (False, True)),
    ("claude_ai_chat_sharing_enabled", _TOGGLE),
    ("claude_ai_ccr_sharing_enabled", (False, True)),
    ("batches_download_ui_visibility", ("selected", "all", "none")),
    ("allowed_invite_domains", (["acme.example"], ["acme.example", "acme-labs.example"])),
)
"""Settings of the organization, by slot of their family, each with its values in turn."""

USER_SETTINGS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("artifacts_enabled", (True, False)),
    ("thinking_mode_enabled", ("off", "extended", "adaptive")),
    ("web_search_enabled", (True, False)),
    ("google_drive_search_enabled", (False, True)),
    ("research_mode_enabled", (False, True)),
    ("latex_enabled", (False, True)),
    ("gmail_integration_enabled", (False, True)),
    ("chat_suggestions_enabled", (True, False)),
    ("google_calendar_integration_enabled", (False, True)),
    ("computer_use_enabled", (False, True)),
)

UPDATES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "admin_api_key_updated": (("name", ("Terraform", "Terraform (production)")), ("status", ("active", "inactive"))),
    "platform_api_key_updated": (
        ("status", ("active", "inactive")),
        ("name", ("checkout-web", "checkout-web (production)")),
        ("status", ("active", "archived")),
    ),
    "scoped_api_key_updated": (("activation_state", ("active", "inactive")),),
    "org_data_residency_updated": (("default_inference_geo", ("global", "us", "eu")),),
    "org_external_key_updated": (("display_name", ("Production key", "Production key (rotated)")),),
    "platform_federation_issuer_updated": (("check_jti", ("false", "true")),),
    "platform_federation_rule_updated": (
        ("description", ("Deployments of main", "Deployments of main and release branches")),
        ("applies_to_all_workspaces", ("true", "false")),
    ),
    "platform_oauth_app_updated": (("name", ("Field app", "Field app (iOS)")), ("status", ("active", "inactive"))),
    "platform_service_account_updated": (
        ("description", ("Nightly jobs", "Nightly jobs and evaluations")),
        ("organization_role", ("user", "developer")),
    ),
    "platform_service_account_workspace_member_updated": (
        ("workspace_role", ("workspace_user", "workspace_developer")),
    ),
    "platform_workspace_member_updated": (
        ("workspace_role", ("workspace_user", "workspace_developer")),
        ("workspace_role", ("workspace_developer", "workspace_admin")),
    ),
    "platform_workspace_updated": (
        ("display_color", ("#6C5BB9", "#2F7D59")),
        ("default_inference_geo", ("global", "us")),
        ("allowed_inference_geos", ("global", "global,us")),
    ),
}
"""The entries of `updates`; an object's n-th generation takes the n-th entry."""

PAIRS: Mapping[str, tuple[tuple[str, str, tuple[Any, ...]], ...]] = {
    "claude_user_seat_tier_updated": (("previous_seat_tier", "current_seat_tier", SEAT_TIERS),),
    "claude_code_review_config_updated": (
        ("previous_enabled", "enabled", (True, True, True, False)),
        ("previous_model", "model", (MODELS[1], MODELS[0], MODELS[0], MODELS[1])),
        ("previous_per_review_limit_usd", "per_review_limit_usd", ("5.00", "5.00", "10.00", "10.00")),
        ("previous_show_tips", "show_tips", (True, True, True, True)),
    ),
    "subscription_quantity_updated": (("previous_quantity", "new_quantity", (150, 160, 175, 190, 175, 160)),),
    "org_analytics_api_capability_updated": (("previous_value", "current_value", (False, True)),),
    "org_sso_seat_tier_assignment_toggled": (("previous_enabled", "enabled", (False, True)),),
    "org_sso_provisioning_mode_changed": (("previous_mode", "new_mode", ("jit", "scim")),),
    "org_sso_seat_tier_mappings_updated": (
        (
            "previous_mappings",
            "current_mappings",
            (
                [{"idp_group_name": "claude-users", "seat_tier": "standard"}],
                [
                    {"idp_group_name": "claude-users", "seat_tier": "standard"},
                    {"idp_group_name": "claude-developers", "seat_tier": "premium"},
                ],
            ),
        ),
    ),
    "org_cowork_otlp_settings_updated": (
        ("previous_otlp_endpoint", "new_otlp_endpoint", (None, "https://otel.acme.example:4318", None)),
        ("previous_otlp_protocol", "new_otlp_protocol", (None, "http/protobuf", None)),
        ("previous_otlp_resource_attributes", "new_otlp_resource_attributes", (None, "service=cowork", None)),
        ("previous_otlp_content_capture", "new_otlp_content_capture", (None, ["tool_details"], None)),
    ),
    "claude_code_user_marketplaces_updated": (
        ("previous_value", "new_value", ('["acme/internal"]', '["acme/internal", "acme/data"]')),
    ),
    "claude_code_user_plugins_updated": (("previous_value", "new_value", ('["unit-tests"]', '["unit-tests", "sql"]')),),
    "claude_artifact_sharing_updated": (
        ("previous_mode", "new_mode", ("private", "organization")),
        ("previous_write_mode", "new_write_mode", ("private", "private")),
        ("previous_user_count", "new_user_count", (0, 0)),
        ("previous_write_user_count", "new_write_user_count", (0, 0)),
    ),
    "design_project_sharing_updated": (
        ("previous_scope", "new_scope", ("private", "organization")),
        ("previous_link_permission", "new_link_permission", ("none", "view")),
    ),
    "design_project_member_role_updated": (("previous_role", "role", ("viewer", "editor")),),
    "group_visibility_updated": (
        (
            "previous_policies",
            "policies",
            (
                [{"audience": "none", "visibility_type": "discover"}],
                [{"audience": "members", "visibility_type": "discover"}],
            ),
        ),
    ),
    "claude_code_team_memory_acl_updated": (("previous_access_level", "access_level", ("read", "write")),),
    "cli_plugin_exec_policy_updated": (("previous_max_permission", "max_permission", ("ask", "allow")),),
    "subscription_upgraded": (("old_plan", "new_plan", ("team", "enterprise")),),
    "claude_code_runner_pool_updated": (
        ("previous_display_name", "display_name", ("Build runners", "Build runners (arm64)")),
    ),
    "ghe_configuration_updated": (
        ("previous_display_name", "display_name", ("GitHub Enterprise", "GitHub Enterprise")),
        ("previous_is_active", "is_active", (True, True)),
        ("previous_port", "port", (443, 443)),
        ("previous_github_app_id", "github_app_id", (40213, 40213)),
        ("previous_github_app_client_id", "github_app_client_id", ("Iv23li6f0c2a", "Iv23li6f0c2a")),
    ),
}
"""Fields with the old and the new value, and the values in turn."""


def in_turn(values: Sequence[Any], times: int) -> tuple[Any, Any]:
    """Return the old and the new value of a change that follows `times` earlier ones."""
    return values[times % len(values)], values[(times + 1) % len(values)]


def role_values(role: str) -> tuple[str, str]:
    """Return the two roles that a member has in turn; owners and administrators keep their role."""
    return {"developer": ("developer", "user"), "user": ("user", "developer")}.get(role, (role, role))


def changed(name: str, generation: int, slot: int, *, stays: bool) -> dict[str, Any]:
    """Return the fields with the old and new values of a change.

    Args:
        name: The activity's type.
        generation: The number of earlier changes, or objects, in this slot.
        slot: The slot of the object in its family.
        stays: Whether all generations are the same object, and each change begins with the value of the last one.
    """
    if name == "claude_organization_settings_updated":
        return _update(*ORGANIZATION_SETTINGS[slot % len(ORGANIZATION_SETTINGS)], generation)
    if name == "claude_user_settings_updated":
        turn, which = divmod(generation + slot, len(USER_SETTINGS))
        return _update(*USER_SETTINGS[which], turn)
    if name in UPDATES:
        turn, which = divmod(generation, len(UPDATES[name]))
        return _update(*UPDATES[name][which], turn if stays else 0)
    members: dict[str, Any] = {}
    for old, new, choices in PAIRS.get(name, ()):
        members[old], members[new] = in_turn(choices, generation if stays else 0)
    if name == "subscription_quantity_updated":
        members["added_seats"] = members["new_quantity"] - members["previous_quantity"]
    return members


def _update(setting: str, values: Sequence[Any], times: int) -> dict[str, Any]:
    before, after = in_turn(values, times)
    return {"updates": [{"previous_value": before, "current_value": after, "type": setting}]}
