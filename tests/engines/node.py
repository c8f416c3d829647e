"""The common parts of OpenSearch and Elasticsearch: home folder, settings, and readiness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import httpx2

LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1.} %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def furnish(home: Path, name: str, address: str, settings: Mapping[str, str]) -> str:
    """Write the settings of a node into its home folder; return the JVM flag of its logging configuration."""
    host, port = address.split(":")
    defaults = {
        "discovery.type": "single-node",
        "network.host": host,
        "http.port": port,
        "transport.port": "0",
        "path.data": str(home / "data"),
        "path.logs": str(home / "logs"),
        "path.repo": str(home / "repo"),
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    config = home / "config"
    config.mkdir(parents=True)
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in {**defaults, **settings}.items()]
    (config / f"{name}.yml").write_text("".join(lines))
    (config / "log4j2.properties").write_text(LOGGING)
    return f"-Dlog4j2.configurationFile={config / 'log4j2.properties'}"


def is_ready(address: str) -> bool:
    """Return whether a node answers and has opened all of its indices."""
    wanted = {"wait_for_status": "yellow", "timeout": "1s"}
    try:
        return httpx2.get(f"http://{address}/_cluster/health", params=wanted, timeout=5).is_success
    except httpx2.TransportError:
        return False
