"""The table of infrequent activities: lifecycles of objects and changes of settings, with rates, order and actors.

A line is `name period slots pool`, followed by sittings. A sitting is a share of the period (0 to 1) and the types
that follow one another in it: `type+minutes` after the start of the sitting, `type@pool` by an actor of another pool.
Each slot holds one object at a time, one generation after the other. The period is the life of an object in days, or
the time between two changes. With `=` before the name of a family, all generations are the same object, and only its
settings change. The pool `self` makes one slot for each person. Types that no line names occur rarely, see
`cycles.py`. A line that begins with a blank continues the previous line.
"""

from __future__ import annotations

FAMILIES = """
=person_role 420 1 self .5 claude_user_role_updated@admin
=person_seat 800 1 self .5 claude_user_seat_tier_updated@admin
=person_settings 45 1 self .5 claude_user_settings_updated
person_connector 160 1 self .1 integration_user_connected .9 integration_user_disconnected
device 500 1 self .1 trusted_device_enrolled step_up_credential_enrolled+2 .5 trusted_device_credential_rotated
    .9 trusted_device_revoked
step_up 90 1 admin .3 step_up_authentication_succeeded .7 step_up_authentication_failed
    step_up_authentication_succeeded+1
consent 300 1 self .2 user_consent_recorded .95 user_consent_revoked
=directory_person 9 1 scim .5 scim_user_updated
invite 30 2 admin .3 org_user_invite_sent .6 org_user_invite_re_sent
invite_withdrawn 90 1 admin .2 org_user_invite_sent .8 org_user_invite_deleted
end_user_invite 40 1 user .5 end_user_invite_requested
member_list 3 2 admin .5 org_users_listed org_user_viewed+1
invite_list 9 1 admin .5 org_invites_listed org_invite_viewed+1
join_request 45 1 user .4 org_join_request_created .6 org_join_request_approved@admin
join_request_no 150 1 user .4 org_join_request_created .6 org_join_request_dismissed@admin
group 120 5 admin .02 group_created group_member_added+3 group_visibility_updated+5 .4 group_updated .55
    group_member_added .7 group_member_removed .93 group_project_shares_revoked group_deleted+1
group_view 4 1 admin .3 group_list_viewed group_viewed+1 group_member_list_viewed+2
group_trouble 120 1 scim .3 group_member_addition_failed .7 group_member_removal_failed
rbac_role 260 4 owner .02 rbac_role_created rbac_role_permission_added+2 .2 rbac_role_assigned .4
    rbac_role_updated .55 rbac_role_permission_added .75 rbac_role_permission_removed .9 rbac_role_unassigned
    .95 rbac_role_deleted
role_assignment 100 3 admin .1 role_assignment_granted .85 role_assignment_revoked
api_key 150 6 owner .02 api_key_created .45 scoped_api_key_updated .95 scoped_api_key_deleted
admin_api_key 240 2 owner .02 admin_api_key_created .5 admin_api_key_updated .95 admin_api_key_deleted
platform_api_key 90 8 dev .02 platform_api_key_created .9 platform_api_key_updated
service 300 2 dev .02 service_created service_key_created+2 .8 service_key_revoked .9 service_deleted
service_account 200 3 dev .02 platform_service_account_created platform_service_account_workspace_member_added+2
    .4 platform_service_account_workspace_member_updated .5 platform_service_account_updated .85
    platform_service_account_workspace_member_removed .93 platform_service_account_archived
workspace 220 5 admin .02 platform_workspace_created platform_workspace_member_added+4
    platform_workspace_rate_limit_updated+9 .3 platform_workspace_updated .5 platform_workspace_member_updated
    .8 platform_workspace_member_removed .93 platform_workspace_rate_limit_deleted platform_workspace_archived+1
workspace_retention 500 1 owner .2 platform_workspace_inference_data_retention_enabled .8
    platform_workspace_inference_data_retention_disabled
workspace_limits 160 2 admin .1 workspace_spend_limit_created .5 workspace_spend_limit_alert_emails_updated .9
    workspace_spend_limit_deleted
member_limits 120 2 admin .1 workspace_member_spend_limit_created .5 workspace_member_spend_limit_updated .9
    workspace_member_spend_limit_deleted
signing_key 300 1 owner .02 platform_signing_key_created .5 platform_signing_key_rotated .95
    platform_signing_key_deleted
federation 320 2 dev .02 platform_federation_issuer_created platform_federation_rule_created+3
    platform_federation_rule_workspace_added+4 .4 platform_federation_rule_updated .6
    platform_federation_issuer_updated .9 platform_federation_rule_workspace_removed .93
    platform_federation_rule_archived platform_federation_issuer_archived+1
oauth_app 280 1 dev .02 platform_oauth_app_created .5 platform_oauth_app_updated .95 platform_oauth_app_revoked
external_key 700 1 owner .02 org_external_key_created org_external_key_validated+2 .5 org_external_key_updated
    .97 org_external_key_deleted
project 190 96 user .01 claude_project_created claude_project_document_uploaded+3
    claude_project_document_uploaded+4 claude_project_document_uploaded+6 .06 claude_project_sharing_updated .5
    claude_project_document_updated .95 claude_project_archived
project_short 110 6 user .1 claude_project_created .12 claude_project_document_uploaded
    claude_project_document_deleted+9 .9 claude_project_deleted
project_sync 150 4 user .05 claude_project_sync_source_created .5 claude_project_sync_source_updated .9
    claude_project_sync_source_deleted
chat_sync 120 3 user .05 claude_chat_sync_source_created .5 claude_chat_sync_source_updated .9
    claude_chat_sync_source_deleted
chat_snapshot 20 8 user .1 claude_chat_snapshot_created claude_chat_snapshot_viewed+3 .5
    claude_chat_snapshot_viewed@user .9 claude_chat_snapshot_deleted
artifact 60 40 user .02 claude_artifact_created claude_artifact_sharing_updated+6 .3
    claude_artifact_commented@user claude_artifact_comments_viewed+2 .6 claude_artifact_duplicated@user
artifact_public 45 6 user .05 claude_artifact_created claude_artifact_published+8 .9
    claude_published_artifact_deleted
artifact_invite 50 3 user .1 claude_artifact_invite_created .2 claude_artifact_invite_accepted@user .5
    claude_artifact_invite_role_updated .9 claude_artifact_invite_revoked
pending_share 60 3 user .1 pending_share_created .8 pending_share_revoked
design_project 80 10 user .02 design_project_created .1 design_project_sharing_updated
    design_project_member_added+2 .5 design_project_member_role_updated .6 design_project_published .7
    design_project_version_restored .75 design_project_unpublished .85 design_project_member_removed .95
    design_project_deleted
skill 110 10 dev .02 claude_skill_created claude_skill_security_scan_completed+4 claude_skill_enabled+9 .5
    claude_skill_replaced claude_skill_security_scan_completed+3 .9 claude_skill_disabled .95
    claude_skill_deleted
skill_version 80 3 dev .1 platform_skill_version_created .3 platform_skill_version_content_downloaded .9
    platform_skill_version_deleted
plugin 140 7 dev .02 claude_plugin_created claude_plugin_security_scan_completed+5 claude_plugin_enabled+7 .3
    claude_plugin_archive_accessed .5 claude_plugin_updated .7 claude_plugin_replaced .9 claude_plugin_disabled
    .95 claude_plugin_deleted
marketplace 300 2 admin .02 marketplace_created marketplace_webhook_provisioned+2 .3
    plugin_installation_preference_updated .5 marketplace_updated .9 marketplace_webhook_deleted .95
    marketplace_deleted
command 130 3 user .05 claude_command_created .5 claude_command_replaced .9 claude_command_deleted
mcp_server 240 12 admin .02 mcp_server_created mcp_server_managed_auth_updated+4 .3 mcp_tool_policy_updated .6
    mcp_server_updated .95 mcp_server_deleted
connector_request 60 2 user .2 admin_request_created .4 admin_connector_request_resolved@admin
extension 180 4 admin .05 desktop_extension_uploaded desktop_extension_allowlisted+3 .5
    desktop_extension_version_uploaded .9 desktop_extension_removed_from_allowlist .95 desktop_extension_deleted
extension_block 200 1 admin .1 desktop_extension_blocklisted .8 desktop_extension_unblocked
gdrive 90 4 user .1 claude_gdrive_integration_created .5 claude_gdrive_integration_updated .9
    claude_gdrive_integration_deleted
github 90 5 dev .1 claude_github_integration_created .5 claude_github_integration_updated .9
    claude_github_integration_deleted
ghe 600 1 owner .02 ghe_configuration_created .2 ghe_user_connected@dev .5 ghe_configuration_updated .8
    ghe_user_disconnected@dev .97 ghe_configuration_deleted
gitlab 600 1 owner .02 gitlab_configuration_created .5 gitlab_configuration_updated .97
    gitlab_configuration_deleted
github_app 300 1 dev .1 github_app_installation_linked .3 github_token_import .9
    github_app_installation_unlinked
runner_pool 200 2 dev .02 claude_code_runner_pool_created claude_code_runner_pool_secret_minted+3 .4
    claude_code_runner_pool_updated .6 claude_code_runner_pool_session_queue_updated .7
    claude_code_credential_revoked .9 claude_code_runner_deleted .95 claude_code_runner_pool_deleted
code_review 140 3 dev .05 claude_code_review_repository_added .5 claude_code_review_repository_updated .9
    claude_code_review_repository_removed
=code_review_config 160 1 admin .5 claude_code_review_config_updated
scan_project 60 4 security .02 claude_code_security_scan_project_updated
    claude_code_security_scan_schedule_updated+3 .1 claude_code_security_scan_created .15
    claude_code_security_vulnerability_updated .3 claude_code_security_vulnerability_fix_session_created .8
    claude_code_security_scan_schedule_deleted
scan 12 3 security .3 claude_code_security_scan_created .6 claude_code_security_vulnerability_updated
scan_webhook 220 1 security .1 claude_code_security_webhook_created .4
    claude_code_security_webhook_secret_updated .6 claude_code_security_webhook_updated .95
    claude_code_security_webhook_deleted
team_memory 20 4 dev .5 claude_code_team_memory_updated
user_memory 9 6 dev .5 claude_code_user_memory_updated
code_settings 25 5 dev .4 claude_code_user_settings_updated .7 claude_code_user_plugins_updated .9
    claude_code_user_marketplaces_updated
onboarding_guide 160 2 dev .2 claude_code_team_onboarding_guide_updated
session_share 30 8 dev .2 session_share_created .4 session_share_accessed@dev .9 session_share_revoked
agent 160 4 dev .02 ccr_agent_created ccr_agent_slack_binding_created+5 ccr_agent_slack_access_scope_created+6
    .4 ccr_agent_updated .8 ccr_agent_slack_access_scope_deleted ccr_agent_slack_binding_deleted+1 .95
    ccr_agent_deleted
agent_channel 150 2 dev .1 ccr_slack_channel_joined ccr_channel_manager_added+3 .8 ccr_channel_manager_removed
agent_proxy 240 2 dev .02 ccr_agent_proxy_profile_created ccr_agent_proxy_credential_created+3
    ccr_agent_proxy_rule_created+5 ccr_agent_proxy_profile_bound+7 .4 ccr_agent_proxy_credential_rotated .5
    ccr_agent_proxy_rule_updated ccr_agent_proxy_profile_updated+2 .9 ccr_agent_proxy_profile_unbound
    ccr_agent_proxy_profile_deleted+2
proxy_events 9 1 security .5 ccr_agent_proxy_network_events_listed
proxy_link 200 1 dev .1 ccr_agent_proxy_provisioning_link_generated
    ccr_agent_proxy_provisioning_link_submitted+30 ccr_agent_proxy_provisioning_link_enabled+45 .9
    ccr_agent_proxy_provisioning_link_revoked
tunnel 300 2 dev .02 tunnel_created tunnel_certificate_added+3 tunnel_token_minted+5 tunnel_token_revealed+6 .5
    tunnel_token_rotated .93 tunnel_token_revoked tunnel_certificate_revoked+2 tunnel_archived+3
platform_agent 120 4 dev .02 platform_agent_created platform_agent_deployment_created+20 .1
    platform_agent_deployment_run_triggered .3 platform_agent_updated platform_agent_deployment_updated+4 .5
    platform_agent_deployment_paused .55 platform_agent_deployment_unpaused .9
    platform_agent_deployment_archived platform_agent_archived+2
memory_store 90 3 dev .05 platform_memory_store_created platform_memory_created+9 .3 platform_memory_updated .5
    platform_memory_store_updated .7 platform_memory_version_redacted .85 platform_memory_deleted .95
    platform_memory_store_archived
dream 40 2 dev .3 platform_dream_created .6 platform_dream_archived
usage_report 2 3 dev .5 platform_usage_report_messages_viewed platform_usage_report_claude_code_viewed+2
cost_report 3 2 billing .5 platform_cost_report_viewed
workspace_view 5 2 admin .5 platform_workspace_members_listed platform_workspace_member_viewed+1
export 120 1 owner .2 audit_log_export_started audit_log_export_accessed+35
data_export 400 1 owner .4 org_data_export_started org_data_export_completed+95 org_data_export_accessed+130
members_export 150 1 admin .5 org_members_exported
=org_settings 200 16 owner .5 claude_organization_settings_updated
=ip_restriction 500 1 owner .5 org_ip_restriction_updated
=residency 900 1 owner .5 org_data_residency_updated
=model_default 120 1 admin .5 org_model_default_updated
=domain_guard 900 1 admin .5 org_connector_domain_guard_updated
=discoverability 700 1 admin .5 org_discoverability_settings_updated
=analytics 700 1 owner .5 org_analytics_api_capability_updated
=inference_hooks 160 1 security .5 inference_hooks_config_updated
hooks_denied 6 2 system .5 inference_hooks_request_denied
hooks_open 90 1 system .4 inference_hooks_request_failed_open .8 inference_hooks_circuit_breaker_tripped
hooks_secret 500 1 owner .5 inference_hooks_signing_secret_generated
=otlp 500 1 security .5 org_cowork_otlp_settings_updated
cowork_browser 420 1 admin .2 org_cowork_browser_pane_enabled .7 org_cowork_browser_pane_disabled
cowork_auto 500 1 admin .2 org_cowork_auto_mode_enabled .7 org_cowork_auto_mode_disabled
cowork_remote 600 1 admin .2 org_cowork_remote_enabled .7 org_cowork_remote_disabled
cowork_agent 700 1 admin .2 org_cowork_agent_enabled .7 org_cowork_agent_disabled
work_across_apps 700 1 admin .2 org_work_across_apps_enabled .7 org_work_across_apps_disabled
code_desktop 800 1 admin .2 org_claude_code_desktop_enabled .7 org_claude_code_desktop_disabled
member_invites 800 1 admin .2 org_member_invites_disabled .7 org_member_invites_enabled
=seat_mappings 500 1 owner .5 org_sso_seat_tier_mappings_updated
=seat_assignment 900 1 owner .5 org_sso_seat_tier_assignment_toggled
=group_mappings 300 1 owner .5 org_sso_group_role_mappings_updated
resync 150 1 owner .5 org_directory_resync_started org_directory_resync_completed+14
attestation 120 2 owner .5 org_security_control_attestation_updated
=seats 120 1 owner .5 subscription_quantity_updated
renewal 365 1 billing .5 subscription_renewed
=auto_recharge 250 1 owner .5 prepaid_auto_recharge_updated
spend_limit 150 2 owner .1 extra_usage_spend_limit_created .5 extra_usage_spend_limit_updated .9
    extra_usage_spend_limit_deleted
spend_request 90 1 exporter .3 extra_usage_spend_limit_increase_request_approved .8
    extra_usage_spend_limit_increase_request_denied
platform_limit 250 1 owner .1 platform_spend_limit_created .4 platform_spend_limit_alert_emails_updated .6
    platform_spend_limit_updated .9 platform_spend_limit_deleted
billing_mails 300 1 owner .5 billing_emails_updated
payment 365 1 owner .5 payment_method_updated
guests 12 3 guest .5 magic_link_login_initiated magic_link_login_succeeded+1@same
guest_failed 30 1 guest .5 magic_link_login_initiated magic_link_login_failed+2 magic_link_login_initiated+3
    magic_link_login_succeeded+4@same
anthropic_support 240 1 anthropic .5 anthropic_access
cmek 400 1 anthropic .5 cmek_preserve
project_trouble 60 2 user .5 claude_project_file_access_failed
access_failed 15 3 user .3 claude_chat_access_failed .6 claude_artifact_access_failed .9
    claude_file_access_failed
file_export 20 4 user .5 claude_file_exported
file_delete 15 4 user .5 claude_file_uploaded claude_file_deleted+20
=owner_transfer 900 1 primary .5 primary_owner_transferred
account_gone 2500 1 system .5 account_deleted
abuse 2500 1 anthropic .5 abuse_decision_received
migration 2500 1 anthropic .5 account_migration_completed
age 2500 1 user .5 age_verified
mobile 1500 1 guest .5 anonymous_mobile_login_attempted
phone 1500 1 user .5 phone_code_sent phone_code_verified+1
social 1500 1 user .5 social_login_succeeded
sessions_revoked 300 1 user .5 session_revoked
lti 900 1 user .4 lti_launch_initiated lti_launch_success+1
contractor_gone 200 1 admin .5 org_user_deleted
owned_projects 700 1 owner .5 owned_projects_access_restored
project_report 1500 1 user .5 claude_project_reported
design_artifact 120 2 user .2 design_project_created design_project_artifact_published+30
skill_shares 500 1 admin .5 group_skill_shares_revoked
deletion_failed 900 1 user .5 claude_chat_deletion_failed
app_attest 400 1 device .5 platform_app_attest_authentication
"""
