"""The five stories: their steps, and the search that finds each."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .stories import Plot, Step

_Steps = Iterator[tuple[str, Step]]
_STRANGER = "unauthenticated_user_actor"


def _stolen_session(random: Random) -> _Steps:
    yield "self", Step(0, "sso_login_succeeded")
    for number in range(6):
        yield "self", Step(2 + number * 2.5, "claude_chat_viewed")
    for number in range(18):
        yield "thief", Step(16 + number * 0.7, "claude_chat_viewed")
    for number in range(7):
        yield "thief", Step(30 + number, random.choice(("claude_file_viewed", "claude_project_document_viewed")))
    yield (
        "thief",
        Step(41, "api_key_created", told={"scopes": ["read:compliance_user_data", "read:compliance_org_data"]}),
    )


def _insider(random: Random) -> _Steps:
    for number in range(24):
        yield "self", Step(number * 1.3, random.choice(("claude_project_viewed", "claude_project_document_viewed")))
    for number in range(16):
        yield "self", Step(34 + number * 1.1, "claude_file_viewed")
    yield "self", Step(58, "org_data_export_started", told={"export_type": "conversations"})
    yield "self", Step(83, "org_data_export_completed", told={"export_type": "conversations"})
    yield "self", Step(86, "org_data_export_accessed", told={"export_type": "conversations"})
    yield "self", Step(140, "org_user_left")


def _logging_off(_: Random) -> _Steps:
    off = {"compliance_api_enabled": True, "compliance_api_logging_enabled": False}
    on = {"compliance_api_enabled": True, "compliance_api_logging_enabled": True}
    yield "self", Step(0, "sso_login_succeeded")
    yield "self", Step(3, "org_compliance_api_settings_updated", told=off)
    yield "self", Step(21, "org_ip_restriction_deleted")
    yield "self", Step(26, "primary_owner_transferred")
    yield "self", Step(48, "org_compliance_api_settings_updated", told=on)


def _night_key(random: Random) -> _Steps:
    yield "thief", Step(0, "sso_login_succeeded")
    yield "thief", Step(4, "admin_api_key_created", told={"scopes": ["read:compliance_activities"]})
    for number in range(12):
        kind = random.choice(("platform_workspace_members_listed", "platform_usage_report_messages_viewed"))
        yield "thief", Step(9 + number * 1.7, kind, "admin_api_key_actor")
    yield "thief", Step(33, "user_logged_out")


def _password_spray(random: Random) -> _Steps:
    for number in range(60):
        kind = random.choice(("sso_login_failed", "sso_login_failed", "magic_link_login_failed"))
        yield "any", Step(number * 0.45, kind, _STRANGER)
    yield "thief", Step(29, "magic_link_login_succeeded")
    for number in range(4):
        yield "thief", Step(31 + number, "claude_chat_viewed")


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
        "{email} opens dozens of projects and files in an evening, exports all conversations, and leaves the "
        "organization.",
        "-f user.email={email} -f event.category=file --from {start} --to {end}",
        19.0,
        _insider,
    ),
    Plot(
        "logging_off",
        "Logging switched off for three quarters of an hour",
        "{email} switches the logging of the Compliance API off, lifts an IP restriction, hands over the ownership, "
        "and switches it on again.",
        "-f event.action=org_compliance_api_settings_updated --from {start} --to {end}",
        17.5,
        _logging_off,
    ),
    Plot(
        "night_key",
        "An admin key made at night",
        "Somebody signs in as {email} from {ip} in the dead of night, makes an admin key, and lists members with it.",
        "-f event.action=admin_api_key_created --from {start} --to {end}",
        2.5,
        _night_key,
    ),
    Plot(
        "password_spray",
        "One password tried at many doors",
        "From {ip} somebody fails to sign in as dozens of people within half an hour, and then succeeds as {email}.",
        "-f event.outcome=failure -f source.ip={ip} --from {start} --to {end}",
        4.0,
        _password_spray,
    ),
)
