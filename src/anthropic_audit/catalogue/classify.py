"""Meaning of activity types that the catalogue lacks, from the subject and the verb in their names.

The API adds some fifty types a month; an unknown type is normal traffic and must be searchable the same day. Only
combinations of category and type that ECS allows are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """Values of `event.category`, `event.type` and `event.outcome`."""

    category: tuple[str, ...]
    type: tuple[str, ...]
    outcome: str


SUBJECTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), category)
    for pattern, category in (
        (r"login|logged_(in|out)|authenticat|second_factor|step_up_|phone_code|passkey", ("authentication",)),
        (r"^compliance_api_", ("api",)),
        (
            r"api_key|service_key|signing_key|oauth_app|service_account|federation|credential|oidc_token|tunnel_token"
            r"|rbac_|(^|_)role_|^group_|scim_|_member_|_members_|_manager_|user_(deleted|left|invite)|trusted_device"
            r"|_invite_|^account_|capability_grant",
            ("iam",),
        ),
        (r"^org_sso_|directory_sync|directory_resync", ("iam", "configuration")),
        (r"claude_artifact_sharing|_settings_|_config(uration)?_", ("configuration",)),
        (r"session_share", ("session",)),
        (
            r"artifact|_project_|^claude_project|^design_project|_document_|_file_|^platform_file|memory|dream",
            ("file",),
        ),
        (r"claude_chat_", ("web",)),
        (r"_export_|_archive_accessed", ("file",)),
    )
)

VERBS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"_({pattern})$"), verb)
    for pattern, verb in (
        (r"deleted|removed|revoked|archived|deactivated|unlinked|left|dismissed|unbound", "deletion"),
        (r"created|added|uploaded|generated|minted|granted|enrolled|duplicated|started|registered|joined", "creation"),
        (r"viewed|listed|accessed|exported|downloaded|loaded|searched|revealed", "access"),
        (r"failed|denied|rejected|invalid|blocked|initiated|attempted|requested|received|validated|tripped", "info"),
        (r"\w+", "change"),
    )
)

ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "authentication": {"*": ("info",)},
    "api": {
        "deletion": ("deletion",),
        "creation": ("creation",),
        "access": ("access",),
        "change": ("change",),
        "*": ("info",),
    },
    "iam": {"deletion": ("deletion",), "creation": ("creation",), "change": ("change",), "*": ("info",)},
    "configuration": {
        "deletion": ("deletion",),
        "creation": ("creation",),
        "access": ("access",),
        "change": ("change",),
        "*": ("info",),
    },
    "session": {"*": ("info",)},
    "file": {
        "deletion": ("deletion",),
        "creation": ("creation",),
        "access": ("access",),
        "change": ("change",),
        "*": ("info",),
    },
    "web": {"access": ("access",), "*": ("info",)},
}

FAILURES = re.compile(r"_(failed|denied|rejected|invalid|blocked|access_failed)(_|$)|_tripped$")
OPEN_ENDS = re.compile(r"_(initiated|attempted|requested)$")
DEFAULT = ("configuration",)


def classify(name: str) -> Meaning:
    """Return the meaning of a type by its name; never fails, whatever the name."""
    category = next((found for pattern, found in SUBJECTS if pattern.search(name)), DEFAULT)
    verb = next((found for pattern, found in VERBS if pattern.search(name)), "change")
    allowed = ALLOWED[category[0]]
    outcome = "failure" if FAILURES.search(name) else "unknown" if OPEN_ENDS.search(name) else "success"
    return Meaning(category, allowed.get(verb, allowed["*"]), outcome)
