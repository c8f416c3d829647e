"""Enrichment of addresses and user agents: location, network, program, system."""

from .databases import Databases
from .layouts import as_of, geo_of
from .local import LocalEnrichment, free_database, open_enrichment
from .user_agents import describe_user_agent

__all__ = [
    "Databases",
    "LocalEnrichment",
    "as_of",
    "describe_user_agent",
    "free_database",
    "geo_of",
    "open_enrichment",
]
