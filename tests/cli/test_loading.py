"""The libraries that each command imports: a command starts fast if it imports only what it needs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from anthropic_audit.cli.commands import COMMANDS, GroupSource

PACKAGE = "anthropic_audit"
SRC = Path(__file__).parent.parent.parent / "src"
SOURCES = {
    f"{name} {inner}".rstrip(): one
    for name, source in COMMANDS.items()
    for inner, one in (source.commands.items() if isinstance(source, GroupSource) else [("", source)])
}
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
    "run": SERVES,
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


@cache
def module_path(module: str) -> Path | None:
    parts = module.split(".")
    for path in (SRC.joinpath(*parts) / "__init__.py", SRC.joinpath(*parts).with_suffix(".py")):
        if path.is_file():
            return path
    return None


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that importing a module runs: those outside of functions and of `if TYPE_CHECKING`."""
    for one in body:
        if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.dump(one.test):
            continue
        if isinstance(one, ast.Import | ast.ImportFrom):
            yield one
        elif isinstance(one, ast.If | ast.Try | ast.With | ast.ClassDef):
            yield from statements(one.body)


@cache
def lazy_names(package: str) -> dict[str, str]:
    """Return the modules that a package imports when a name of it is used, by that name."""
    path = module_path(package)
    assert path is not None, package
    body = ast.parse(path.read_text()).body if path.name == "__init__.py" else []
    blocks = [one.body for one in body if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.dump(one.test)]
    return {
        alias.name: f"{package}.{one.module}"
        for block in blocks
        for one in block
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }


@cache
def imported(module: str) -> frozenset[str]:
    """Return the modules that a module of this package imports, with the packages around them."""
    path = module_path(module)
    assert path is not None, module
    names: set[str] = set()
    for one in statements(ast.parse(path.read_text()).body):
        if isinstance(one, ast.Import):
            names |= {alias.name for alias in one.names}
        elif isinstance(one, ast.ImportFrom):
            base = module.split(".")[: len(module.split(".")) - one.level + (path.name == "__init__.py")]
            source = ".".join([*(base if one.level else []), *([one.module] if one.module else [])])
            names.add(source)
            if source.startswith(PACKAGE):
                lazy = lazy_names(source)
                names |= {lazy.get(alias.name, f"{source}.{alias.name}") for alias in one.names}
    own = {name for name in names if name.startswith(PACKAGE) and module_path(name)}
    around = {name.rsplit(".", count)[0] for name in own for count in range(name.count(".") + 1)}
    return frozenset({name for name in names if not name.startswith(PACKAGE)} | own | around)


def libraries(module: str) -> set[str]:
    """Return the watched libraries that importing a module imports, in the end."""
    seen, left = {module}, [module]
    while left:
        new = {name for name in imported(left.pop()) if name.startswith(PACKAGE)} - seen
        seen |= new
        left += new
    return {name.split(".")[0] for one in seen for name in imported(one)} & WATCHED


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_none_of_them(argument: str) -> None:
    code = "import sys; from anthropic_audit.cli.app import app; app(sys.argv[1:2], standalone_mode=False)"
    code += "; print([one for one in sys.argv[2:] if one in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code, argument, *sorted(WATCHED)], capture_output=True, check=True, timeout=50
    )

    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_every_command_has_its_line() -> None:
    assert list(SOURCES) == list(MAY_LOAD)


@pytest.mark.parametrize("command", MAY_LOAD)
def test_a_command_loads_what_it_needs(command: str) -> None:
    assert libraries(f"{PACKAGE}.cli.{SOURCES[command].module}") - MAY_LOAD[command] == set()
