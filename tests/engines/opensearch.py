"""OpenSearch, with the modules of a default distribution that are published as jars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.engines.launch import Engine, free_address, java
from tests.engines.node import furnish, is_ready
from tests.engines.resolve import classes, jars

VERSION = "3.8.0"
MODULES = (
    "transport-netty4-client",
    "analysis-common",
    "geo",
    "ingest-common",
    "ingest-user-agent",
    "lang-painless",
    "lang-mustache-client",
    "mapper-extras-client",
    "reindex-client",
)
COORDINATES = (
    f"org.opensearch:opensearch:{VERSION}",
    *(f"org.opensearch.plugin:{module}:{VERSION}" for module in MODULES),
    "org.apache.logging.log4j:log4j-api:2.25.4",
    "org.apache.logging.log4j:log4j-core:2.25.4",
    "org.locationtech.jts:jts-core:1.15.0",
    "org.locationtech.spatial4j:spatial4j:0.7",
)
HEAP_MEGABYTES = 384


def opensearch(folder: Path, settings: Mapping[str, str]) -> Engine:
    """Return an OpenSearch that is not yet started, with settings in addition to the default ones."""
    server = jars(*COORDINATES)
    launcher = classes("Leash.java", "OpenSearchNode.java", against=server)
    address = free_address()
    logging = furnish(folder, "opensearch", address, settings)
    command = java([launcher, *server], HEAP_MEGABYTES, "OpenSearchNode", str(folder), flags=[logging])
    return Engine(address, command, folder, is_ready)
