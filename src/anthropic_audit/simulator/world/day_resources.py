"""The resources that people use on a day: the projects, artifacts, servers and workspaces that exist all day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .cycles import Cycles
from .days import MINUTES_A_DAY, Chat
from .details import Details, Document

_REMEMBERED_DAYS = 16
_KINDS = {
    "artifact": "claude_artifact_id",
    "mcp_server": "mcp_server_id",
    "design_project": "design_project_id",
    "workspace": "workspace_id",
    "session_share": "share_id",
}
"""Families of objects that ordinary work uses, with the field of the object's id."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project in which a team works."""

    id: str
    documents: Sequence[Document]


class DayResources:
    """The resources that exist on a day."""

    def __init__(self, cycles: Cycles, details: Details) -> None:
        self._cycles = cycles
        self._details = details
        self._by_team = lru_cache(_REMEMBERED_DAYS)(self._projects_of)
        self.things = lru_cache(_REMEMBERED_DAYS * len(_KINDS))(self._things)

    def projects(self, team: str, day: int) -> Sequence[Project]:
        """Return the projects of a team on a UTC day, counted from the epoch."""
        return self._by_team(day).get(team, ())

    def project_of(self, chat: Chat, team: str) -> str | None:
        """Return the id of the project that a chat belongs to, or None."""
        projects = self.projects(team, chat.created_minute // MINUTES_A_DAY)
        return projects[int(chat.rank * len(projects))].id if chat.rank is not None and projects else None

    def _things(self, family: str, day: int) -> Sequence[Mapping[str, Any]]:
        """Return the identifying fields of each object of a family that exists on a day."""
        found = [one for one in self._cycles.things(family, day) if self._cycles.is_there(one, day)]
        return [self._details.of(one) for one in found]

    def _projects_of(self, day: int) -> Mapping[str, Sequence[Project]]:
        projects: dict[str, list[Project]] = {}
        for thing in self._cycles.things("project", day):
            if self._cycles.is_there(thing, day):
                known = Project(self._details.of(thing)["claude_project_id"], self._details.documents(thing))
                projects.setdefault(self._details.owner(thing).team, []).append(known)
        return projects
