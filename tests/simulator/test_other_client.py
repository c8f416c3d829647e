"""An independent client of the Compliance API reads every endpoint that the simulator serves."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.serving import key, serving

PROGRAM = """
import json, sys
from claude_compliance_sdk import ComplianceClient, NotFoundError

client = ComplianceClient(api_key=sys.argv[1], base_url=sys.argv[2], max_retries=0)
read = {}
organizations = list(client.organizations.iter(limit=2))
unit = organizations[0].uuid
read["organizations"] = len(organizations)
read["users"] = len(list(client.organizations.iter_users(unit, limit=3)))
settings = client.organizations.get_settings(unit)
read["settings"] = len(settings.settings)
read["api_keys"] = len(settings.api_keys)
roles = list(client.roles.iter(unit, limit=2))
read["roles"] = len(roles)
read["one role"] = client.roles.get(unit, roles[0].id) == roles[0]
read["permissions"] = len(list(client.roles.iter_permissions(unit, roles[0].id, limit=1)))
groups = list(client.groups.iter(limit=4))
read["groups"] = len(groups)
read["one group"] = client.groups.get(groups[0].id) == groups[0]
read["members"] = sum(len(list(client.groups.iter_members(group.id, limit=2))) for group in groups)
read["activities"] = len(client.activities.list(limit=50).data)
not_served = {
    "chats": lambda: client.chats.list(),
    "messages of a chat": lambda: client.chats.get("claude_chat_x"),
    "file": lambda: client.files.get("claude_file_x"),
    "content of a file": lambda: client.files.download("claude_file_x"),
    "generated file": lambda: client.generated_files.get("claude_gen_file_x"),
    "artifact": lambda: client.artifacts.download("claude_artifact_version_x"),
    "projects": lambda: client.projects.list(),
    "project": lambda: client.projects.get("claude_proj_x"),
    "attachments": lambda: client.projects.list_attachments("claude_proj_x"),
    "collaborators": lambda: client.projects.list_collaborators("claude_proj_x"),
    "document": lambda: client.project_documents.get("claude_proj_doc_x"),
    "document metadata": lambda: client.project_documents.get_metadata("claude_proj_doc_x"),
    "local sessions": lambda: client.local_sessions.list(),
    "local session": lambda: client.local_sessions.get("session_x"),
    "local messages": lambda: client.local_sessions.list_messages("session_x"),
    "remote sessions": lambda: client.remote_sessions.list(),
    "remote messages": lambda: client.remote_sessions.list_messages("session_x"),
}
for name, ask in not_served.items():
    try:
        ask()
        read[name] = "served"
    except NotFoundError:
        read[name] = "not found"
    except Exception as error:
        read[name] = repr(error)
print(json.dumps(read))
"""
SERVED = ("organizations", "users", "settings", "api_keys", "roles", "permissions", "groups", "members", "activities")


@pytest.fixture(scope="module")
def read() -> dict[str, object]:
    """Return the results of the other client, by name."""
    with serving(per_day=2600.0) as server:
        command = [sys.executable, "-c", PROGRAM, key(server), server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    results: dict[str, object] = json.loads(done.stdout)
    return results


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", SERVED)
def test_what_is_served_is_read(read: dict[str, object], name: str) -> None:
    count = read[name]

    assert isinstance(count, int)
    assert count > 0


def test_one_of_a_list_is_what_the_list_says(read: dict[str, object]) -> None:
    assert (read["one role"], read["one group"]) == (True, True)


def test_what_is_not_served_is_not_found(read: dict[str, object]) -> None:
    others = {name: result for name, result in read.items() if name not in {*SERVED, "one role", "one group"}}

    assert len(others) == 17
    assert set(others.values()) <= {"not found"}, others
