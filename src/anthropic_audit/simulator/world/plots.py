"""The five incidents: their steps, and the search that finds each."""

from __future__ import annotations

from collections.abc import Iterator

from .activities import UNAUTHENTICATED
from .stories import Cast, Plot, StoryStep

_Steps = Iterator[tuple[str, StoryStep]]
_ORG_SCOPES = ["read:compliance_user_data", "read:compliance_org_data"]


def _stolen_session(cast: Cast) -> _Steps:
    for number in range(6):
        yield "self", StoryStep(number * 2.5, "claude_chat_viewed")
    for number in range(18):
        yield "attacker", StoryStep(16 + number * 0.7, "claude_chat_viewed")
    for number in range(7):
        yield (
            "attacker",
            StoryStep(30 + number, cast.random.choice(("claude_file_viewed", "claude_project_document_viewed"))),
        )
    key = {"api_key_id": cast.new_id("apikey"), "scopes": _ORG_SCOPES}
    yield "attacker", StoryStep(41, "api_key_created", fields=key)
    revoked = {**key, "api_key_name": "backup"}
    yield "responder", StoryStep(0, "scoped_api_key_deleted", fields=revoked)
    yield "responder", StoryStep(4, "org_user_trusted_devices_revoked", fields=_devices(cast, 1))


def _devices(cast: Cast, sessions: int) -> dict[str, object]:
    counts = {"devices_revoked_count": 0, "sessions_revoked_count": sessions}
    return {"user_id": cast.person.id, "completed": True, **counts}


def _insider(cast: Cast) -> _Steps:
    for number in range(24):
        seen = cast.random.choice(("claude_project_viewed", "claude_project_document_viewed"))
        yield "self", StoryStep(number * 1.3, seen)
    for number in range(16):
        yield "self", StoryStep(34 + number * 1.1, "claude_file_viewed")
    for number in range(14):
        yield (
            "self",
            StoryStep(58 + number * 0.9, "claude_file_exported", fields={"export_destination": "google_drive"}),
        )
    if cast.is_leaving:
        yield "self", StoryStep(140, "org_user_left", fields={"previous_role": cast.person.role})
        removed = {"user_id": cast.person.id}
        yield "self", StoryStep(152, "scim_user_deleted", "scim_directory_sync_actor", fields=removed)


def _logging_off(_: Cast) -> _Steps:
    off = {"compliance_api_enabled": True, "compliance_api_logging_enabled": False}
    on = {"compliance_api_enabled": True, "compliance_api_logging_enabled": True}
    yield "self", StoryStep(0, "step_up_authentication_succeeded", fields={"method": "webauthn"})
    yield "self", StoryStep(3, "org_ip_restriction_deleted")
    yield "self", StoryStep(9, "org_compliance_api_settings_updated", fields=off)
    yield "self", StoryStep(54, "org_compliance_api_settings_updated", fields=on)
    yield "responder", StoryStep(0, "org_ip_restriction_created")


def _night_key(cast: Cast) -> _Steps:
    key = {"admin_api_key_id": cast.new_id("admin_api_key")}
    yield "attacker", StoryStep(0, "sso_login_initiated", UNAUTHENTICATED)
    yield "attacker", StoryStep(0.4, "sso_login_succeeded")
    yield "attacker", StoryStep(4, "admin_api_key_created", fields={**key, "scopes": ["read:compliance_activities"]})
    for number in range(12):
        kind = cast.random.choice(("platform_workspace_members_listed", "platform_usage_report_messages_viewed"))
        yield "attacker", StoryStep(9 + number * 1.7, kind, "admin_api_key_actor", fields=key)
    yield "attacker", StoryStep(33, "user_logged_out")
    yield "responder", StoryStep(0, "admin_api_key_deleted", fields=key)
    yield "responder", StoryStep(3, "org_user_trusted_devices_revoked", fields=_devices(cast, 1))


def _password_spray(cast: Cast) -> _Steps:
    for number in range(60):
        kind = cast.random.choice(("sso_login_failed", "sso_login_failed", "magic_link_login_failed"))
        yield "any", StoryStep(number * 0.45, kind, UNAUTHENTICATED)
    yield "attacker", StoryStep(29, "magic_link_login_succeeded", fields={"mfa_method": "not_used"})
    for number in range(4):
        yield "attacker", StoryStep(31 + number, "claude_chat_viewed")
    yield "responder", StoryStep(0, "org_user_trusted_devices_revoked", fields=_devices(cast, 2))


PLOTS = (
    Plot(
        "stolen_session",
        "A stolen session",
        "{email} works from {own_ip}; minutes later the same session reads chats and files from {ip}, on another "
        "device and in another country, and makes an API key.",
        "-f source.ip={ip} --from {start} --to {end}",
        14.5,
        _stolen_session,
    ),
    Plot(
        "insider_export",
        "An insider takes data along",
        "{email} opens dozens of projects and files in an evening, exports them to a Google Drive, and leaves the "
        "organization.",
        "-f user.email={email} -f event.category=file --from {start} --to {end}",
        None,
        _insider,
        is_by_leaver=True,
    ),
    Plot(
        "logging_off",
        "Logging switched off for three quarters of an hour",
        "{email} lifts an IP restriction, switches the logging of the Compliance API off, and on again three quarters "
        "of an hour later; no activity between the two changes is recorded.",
        "-f event.action=org_compliance_api_settings_updated --from {start} --to {end}",
        15.5,
        _logging_off,
    ),
    Plot(
        "night_key",
        "An admin key made at night",
        "An attacker signs in as {email} from {ip} at night, makes an admin key, and lists members with it.",
        "-f event.action=admin_api_key_created --from {start} --to {end}",
        2.5,
        _night_key,
    ),
    Plot(
        "password_spray",
        "One password tried at many doors",
        "An attacker at {ip} fails to sign in as dozens of people within half an hour, and then succeeds as {email}.",
        "-f event.outcome=failure -f source.ip={ip} --from {start} --to {end}",
        4.0,
        _password_spray,
    ),
)
