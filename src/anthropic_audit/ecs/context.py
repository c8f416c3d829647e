"""Enrichment of an actor's parts: location and network of the address, program and system of the user agent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from anthropic_audit.ports import Enrichment

from .limits import MAX_PARSED_CHARS
from .values import Json

_MAX_CACHED = 16_384


class NoEnrichment:
    """An enrichment that adds nothing."""

    def of_address(self, address: str) -> Mapping[str, Json]:
        """Return an empty mapping."""
        del address
        return {}

    def of_user_agent(self, text: str) -> Mapping[str, Json]:
        """Return an empty mapping."""
        del text
        return {}

    def refresh(self) -> bool:
        """Return False: nothing changes."""
        return False


class EnrichmentContext:
    """An enrichment with a cache."""

    def __init__(self, enrichment: Enrichment) -> None:
        self._enrichment = enrichment
        self._of_address = lru_cache(_MAX_CACHED)(enrichment.of_address)
        self._of_user_agent = lru_cache(_MAX_CACHED)(enrichment.of_user_agent)

    def added_to(self, parts: dict[str, Json]) -> dict[str, Json]:
        """Return an actor's parts of a document with the facts about its address and user agent added."""
        address = parts.get("source", {}).get("ip")
        if address is not None:
            parts["source"] = {**parts["source"], **self._of_address(address)}
        agent = parts.get("user_agent")
        if agent is not None and len(agent["original"]) <= MAX_PARSED_CHARS:
            parts["user_agent"] = {**agent, **self._of_user_agent(agent["original"])}
        return parts

    def refresh(self) -> bool:
        """Refresh the enrichment, and return whether it has changed; if so, the cache is cleared."""
        if not self._enrichment.refresh():
            return False
        self._of_address.cache_clear()
        self._of_user_agent.cache_clear()
        return True
