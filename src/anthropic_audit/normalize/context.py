"""What the surroundings of an actor tell: where an address is and whose network, which program a user agent is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from anthropic_audit.ports import Enrichment

from .limits import MAX_PARSED_CHARS
from .values import Json

_MAX_CACHED = 16_384


class NoEnrichment:
    """Knows nothing of any address or user agent."""

    def of_address(self, address: str) -> Mapping[str, Json]:
        """Return nothing."""
        del address
        return {}

    def of_user_agent(self, text: str) -> Mapping[str, Json]:
        """Return nothing."""
        del text
        return {}

    def refresh(self) -> bool:
        """Say that nothing has changed."""
        return False


class EnrichmentContext:
    """An enrichment whose latest answers are remembered."""

    def __init__(self, enrichment: Enrichment) -> None:
        self._enrichment = enrichment
        self._of_address = lru_cache(_MAX_CACHED)(enrichment.of_address)
        self._of_user_agent = lru_cache(_MAX_CACHED)(enrichment.of_user_agent)

    def added_to(self, parts: dict[str, Json]) -> dict[str, Json]:
        """Return an actor's parts of a document with what is known of its address and user agent."""
        address = parts.get("source", {}).get("ip")
        if address is not None:
            parts["source"] = {**parts["source"], **self._of_address(address)}
        agent = parts.get("user_agent")
        if agent is not None and len(agent["original"]) <= MAX_PARSED_CHARS:
            parts["user_agent"] = {**agent, **self._of_user_agent(agent["original"])}
        return parts

    def refresh(self) -> bool:
        """Read again what has changed outside, and say whether anything has."""
        if not self._enrichment.refresh():
            return False
        self._of_address.cache_clear()
        self._of_user_agent.cache_clear()
        return True
