"""The ordinary tasks of people and programs; a task is a few related activities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from .day_resources import DayResources, Project
from .days import MINUTES_A_DAY, Chat, Days, WorkSession
from .machines import Machines
from .names import FILES, words
from .random_values import token

TaskStep = tuple[str, Mapping[str, Any]]
"""An activity type, with the fields that the task sets."""
_BACK_DAYS = (0, 0, 0, 1, 1, 2, 3, 4)
"""The ages in days of the chats that people continue, each as likely as it occurs here."""


@dataclass(slots=True)
class TaskContext:
    """The context of a task: its session, its time, and the resources in use."""

    random: Random
    session: WorkSession
    minute: int
    resources: DayResources
    days: Days

    @property
    def day(self) -> int:
        """The UTC day of the task."""
        return self.minute // MINUTES_A_DAY

    def chance(self, share: float) -> bool:
        """Return True with a probability of `share` (0 to 1)."""
        return self.random.random() < share

    def times(self, maximum: int) -> range:
        """Return a range of random length, from 1 to `maximum`."""
        return range(1 + int(self.random.random() * maximum))

    def filename(self) -> str:
        """Return a random file name of the team."""
        names = FILES[self.session.person.team]
        return names[int(self.random.random() * len(names))]

    def project(self) -> Project | None:
        """Return a random project of the team, or None if there is none."""
        projects = self.resources.projects(self.session.person.team, self.day)
        return projects[int(self.random.random() ** 1.5 * len(projects))] if projects else None

    def thing(self, family: str) -> Mapping[str, Any] | None:
        """Return the fields of a random existing object of a family, or None if there is none."""
        things = self.resources.things(family, self.day)
        return things[int(self.random.random() ** 1.5 * len(things))] if things else None

    def known_chat(self) -> Chat | None:
        """Return an earlier chat that the person can continue now, or None if there is none."""
        back = _BACK_DAYS[int(self.random.random() * len(_BACK_DAYS))]
        day = self.session.first_minute // MINUTES_A_DAY - back
        session = self.days.of_person(self.session.person, day)
        chats = [one for one in session.chats if one.is_there(self.minute)] if session else ()
        return chats[int(self.random.random() * len(chats))] if chats else None


Task = Callable[[TaskContext], Iterator[TaskStep]]


def _new_chat(context: TaskContext) -> Iterator[TaskStep]:
    project = context.project() if context.chance(0.35) else None
    chat = {
        "claude_chat_id": f"claude_chat_{token(context.random)}",
        "claude_project_id": project.id if project else None,
    }
    yield "claude_chat_created", chat
    if context.chance(0.22):
        yield "claude_file_uploaded", _file(context, chat)
    for _ in context.times(2):
        yield "claude_chat_updated", chat
        if context.chance(0.6):
            yield "claude_chat_viewed", chat


def _file(context: TaskContext, chat: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"claude_file_id": f"claude_file_{token(context.random)}", "filename": context.filename(), **chat}


def _back_to_chat(context: TaskContext) -> Iterator[TaskStep]:
    chat = context.known_chat()
    if chat is None:
        yield from _new_chat(context)
        return
    known = {
        "claude_chat_id": chat.id,
        "claude_project_id": context.resources.project_of(chat, context.session.person.team),
    }
    for _ in context.times(3):
        yield "claude_chat_viewed", known
        if chat.file_id and context.chance(0.5) and context.minute > chat.created_minute + 2:
            yield "claude_file_viewed", {"claude_file_id": chat.file_id, "filename": chat.filename}
        if context.chance(0.35):
            yield "claude_chat_updated", known


def _in_project(context: TaskContext) -> Iterator[TaskStep]:
    project = context.project()
    if project is None:
        yield from _new_chat(context)
        return
    known = {"claude_project_id": project.id}
    yield "claude_project_viewed", {**known, "preview_only": False}
    if context.chance(0.6):
        document = project.documents[int(context.random.random() * len(project.documents))]
        yield (
            "claude_project_document_viewed",
            {"claude_project_document_id": document.id, "filename": document.filename, **known},
        )
    if context.chance(0.1):
        document_id = f"claude_proj_doc_{token(context.random)}"
        uploaded = {"claude_project_document_id": document_id, "filename": context.filename(), **known}
        yield "claude_project_document_uploaded", uploaded
        yield "claude_project_document_viewed", uploaded
    if context.chance(0.5):
        chat = {"claude_chat_id": f"claude_chat_{token(context.random)}", **known}
        yield "claude_chat_created", chat
        yield "claude_chat_updated", chat


def _new_artifact(context: TaskContext) -> Iterator[TaskStep]:
    yield from _new_chat(context)
    artifact = {"claude_artifact_id": f"claude_artifact_{token(context.random)}"}
    yield "claude_artifact_created", artifact
    for _ in context.times(2):
        version = f"claude_artifact_version_{token(context.random)}"
        yield "claude_artifact_viewed", {**artifact, "claude_artifact_version_id": version}


def _shared_artifact(context: TaskContext) -> Iterator[TaskStep]:
    artifact = context.thing("artifact")
    if artifact is None:
        yield from _new_artifact(context)
        return
    version = artifact["claude_artifact_version_id"]
    for _ in context.times(2):
        yield (
            "claude_artifact_viewed",
            {"claude_artifact_id": artifact["claude_artifact_id"], "claude_artifact_version_id": version},
        )


def _code(context: TaskContext) -> Iterator[TaskStep]:
    session = {"session_id": f"session_{token(context.random)}"}
    yield "ccr_session_created", session
    for _ in context.times(4):
        yield "ccr_session_updated", session


def _cowork(context: TaskContext) -> Iterator[TaskStep]:
    session = {"cowork_session_id": f"cowork_{token(context.random)}", "claude_project_id": None}
    for _ in context.times(3):
        yield "cowork_session_updated", session


def _design(context: TaskContext) -> Iterator[TaskStep]:
    project = context.thing("design_project")
    if project is None:
        yield from _new_artifact(context)
        return
    known = {"design_project_id": project["design_project_id"], "project_type": project["project_type"]}
    yield "design_project_viewed", {**known, "surface": "web", "access_via": "organization"}
    if context.chance(0.4):
        yield "design_project_updated", {**known, "updated_fields": ["content"]}


def _connector(context: TaskContext) -> Iterator[TaskStep]:
    server = context.thing("mcp_server")
    if server is None:
        yield from _back_to_chat(context)
        return
    failed = context.chance(0.02)
    for _ in context.times(2):
        yield (
            "mcp_server_managed_auth_token_exchanged",
            {
                "managed_auth_mode": server["managed_auth_mode"],
                "mcp_server_id": server["mcp_server_id"],
                "mcp_server_name": server["mcp_server_name"],
                "outcome": "failure" if failed else "success",
                "error_type": "invalid_grant" if failed else None,
            },
        )


def _shared_session(context: TaskContext) -> Iterator[TaskStep]:
    share = context.thing("session_share")
    if share is None:
        yield from _code(context)
        return
    yield "session_share_accessed", {"share_id": share["share_id"]}


def _console_files(context: TaskContext) -> Iterator[TaskStep]:
    uploaded = {"file_id": f"file_{token(context.random)}"}
    yield "platform_file_uploaded", uploaded
    if context.chance(0.4):
        yield "platform_file_content_downloaded", uploaded


def _agent_run(context: TaskContext) -> Iterator[TaskStep]:
    workspace = context.thing("workspace")
    run = {
        "session_id": f"sesn_{token(context.random)}",
        "workspace_id": workspace["workspace_id"] if workspace else None,
    }
    yield "platform_agent_session_created", run
    if context.chance(0.3):
        yield "platform_agent_session_updated", run
    if context.chance(0.15):
        yield "platform_agent_session_archived", run


PEOPLE: Sequence[tuple[Task, int, str]] = (
    (_new_chat, 20, "web"),
    (_back_to_chat, 44, "web"),
    (_in_project, 10, "web"),
    (_new_artifact, 4, "web"),
    (_shared_artifact, 6, "web"),
    (_cowork, 4, "desktop"),
    (_design, 3, "web"),
    (_connector, 2, "web"),
)
"""Tasks of people who write no code, each with its weight and its surface."""
TECHNICAL_PEOPLE: Sequence[tuple[Task, int, str]] = (
    (_new_chat, 15, "web"),
    (_back_to_chat, 33, "web"),
    (_in_project, 7, "web"),
    (_new_artifact, 3, "web"),
    (_shared_artifact, 4, "web"),
    (_code, 16, "terminal"),
    (_cowork, 2, "desktop"),
    (_connector, 3, "web"),
    (_shared_session, 1, "web"),
    (_console_files, 2, "web"),
    (_agent_run, 3, "web"),
)
PROGRAMS: Sequence[tuple[Task, int, str]] = ((_console_files, 4, "service"), (_agent_run, 5, "service"))

TYPES = frozenset(
    words(
        """
    ccr_session_created ccr_session_updated claude_artifact_created claude_artifact_viewed claude_chat_created
    claude_chat_updated claude_chat_viewed claude_file_uploaded claude_file_viewed claude_project_document_uploaded
    claude_project_document_viewed claude_project_viewed cowork_session_updated design_project_updated
    design_project_viewed mcp_server_managed_auth_token_exchanged platform_agent_session_archived
    platform_agent_session_created platform_agent_session_updated platform_federated_authentication
    platform_file_content_downloaded platform_file_uploaded session_share_accessed
    """
    )
)
"""The activity types of all tasks."""


def federated_sign_in(machines: Machines, random: Random) -> TaskStep:
    """Return the sign-in of a deployment workload."""
    fails = random.random() < 0.01  # noqa: PLR2004 - the share of expired tokens
    account = machines.service_accounts[int(random.random() * len(machines.service_accounts))]
    return (
        "platform_federated_authentication",
        {
            "event_data": {
                "federation_rule_id": machines.federation_rule_id,
                "issuer_id": machines.federation_issuer_id,
                "oidc_token": {"jti": token(random)},
                "requested_service_account_id": account.id,
            },
            "request_id": f"req_{token(random)}",
            "resources": [{"id": account.id, "type": "service_account"}],
            "status": {"outcome": "failure", "reason": "token_expired"} if fails else {"outcome": "success"},
        },
    )
