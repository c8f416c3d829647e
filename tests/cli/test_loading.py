"""What each command loads: a command starts at once when it imports only what it needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from anthropic_audit.cli.commands import COMMANDS, GroupSource

ARCHIVE = {"deltalake", "duckdb", "pyarrow"}
NETWORK = {"h11", "httpcore2", "httpx2"}
WEB = {"argon2", "jinja2", "starlette", "uvicorn"}
OPENID = {"cryptography", "joserfc"}
SETTINGS = {"pydantic"}
LOCATION = {"maxminddb", "ua_parser"}
WATCHED = {
    *(ARCHIVE | NETWORK | WEB | OPENID | SETTINGS | LOCATION),
    *("botocore", "confluent_kafka", "elasticsearch", "opensearchpy"),  # imported when a sink is opened
    *("pymupdf_fonts", "typst", "vl_convert"),  # imported when a report is written
    *("lark", "prometheus_client", "rich", "structlog"),
}
"""Libraries that take long to import."""
LOG = {"structlog"}
TABLES = {"rich"}
QUERIES = {"lark"}
READS = {*ARCHIVE, *SETTINGS, *TABLES}
NORMALIZES = {*READS, *LOCATION, *QUERIES}
DELIVERS = {*NORMALIZES, *NETWORK}
SERVES = {*DELIVERS, *LOG, "prometheus_client"}
CONSOLE = {*READS, *NETWORK, *WEB, *OPENID, *QUERIES}
MAY_LOAD = {
    "demo": {*SERVES, *CONSOLE},
    "collect": SERVES,
    "run": {*SERVES, *CONSOLE},
    "backfill": SERVES,
    "reconcile": SERVES,
    "check": {*DELIVERS, "prometheus_client"},
    "status": {*READS, *QUERIES},
    "console": CONSOLE,
    "search": {*READS, *QUERIES},
    "export": NORMALIZES,
    "report": CONSOLE,
    "normalize": NORMALIZES,
    "renormalize": {*NORMALIZES, *LOG},
    "simulate": {*SETTINGS, *TABLES},
    "settings": {*SETTINGS, *TABLES},
    "archive verify": {*READS, *QUERIES, *LOG},
    "archive repair": SERVES,
    "archive backup": READS,
    "archive restore": READS,
    "archive compact": {*READS, *QUERIES, *LOG},
    "archive retain": {*READS, *QUERIES, *LOG},
    "archive vacuum": {*READS, *QUERIES, *LOG},
    "catalogue list": TABLES,
    "catalogue show": TABLES,
    "catalogue lint": {*SETTINGS, *TABLES},
    "catalogue drift": {*READS, *QUERIES},
    "catalogue schema": TABLES,
    "catalogue templates": TABLES,
    "gaps list": READS,
    "gaps declare": READS,
    "sinks setup": DELIVERS,
    "sinks deliver": SERVES,
    "sinks status": {*READS, *QUERIES},
    "sinks rejected": {*READS, *QUERIES},
    "sinks retry": {*DELIVERS, *LOG},
    "sinks replay": {*DELIVERS, *LOG},
    "sinks verify": {*DELIVERS, *LOG},
    "sinks dashboards": TABLES,
}
"""The watched libraries that a command may import before it runs."""

LOADER = """
import json, os, sys
import anthropic_audit.cli.app
from anthropic_audit.cli.commands import COMMANDS, GroupSource
from anthropic_audit.cli.lazy import load
def loaded(name, source):
    reading, writing = os.pipe()
    if not os.fork():
        if source is not None:
            load(name, source)
        os.write(writing, json.dumps([one for one in sys.argv[1:] if one in sys.modules]).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(reading, 1 << 16))
found = {"": loaded("", None)}
for name, source in COMMANDS.items():
    if isinstance(source, GroupSource):
        found |= {f"{name} {inner}": loaded(inner, one) for inner, one in source.commands.items()}
    else:
        found[name] = loaded(name, source)
print(json.dumps(found))
"""
"""Prints the watched libraries that each command imports, each loaded in a process of its own."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", LOADER, *sorted(WATCHED)], capture_output=True, check=True, timeout=100
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(120)
def test_help_and_version_and_completion_load_none_of_them(loaded: dict[str, list[str]]) -> None:
    assert loaded[""] == []


def test_every_command_has_its_line() -> None:
    names = [
        f"{name} {inner}".rstrip()
        for name, source in COMMANDS.items()
        for inner in (source.commands if isinstance(source, GroupSource) else [""])
    ]

    assert names == list(MAY_LOAD)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", MAY_LOAD)
def test_a_command_loads_what_it_needs(loaded: dict[str, list[str]], command: str) -> None:
    assert set(loaded[command]) - MAY_LOAD[command] == set()
