"""The rooms of the package: their levels, which the import test holds, and the map of them in the documentation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
PACKAGE = "anthropic_audit"


@dataclass(frozen=True, slots=True)
class Room:
    """A package or module that imports from its own level or below."""

    level: int
    holds: str
    """What it holds, as the map says it; empty for modules that are listed with another room."""


LEVEL_NAMES = {
    0: "values and words",
    1: "decide: pure, without socket, clock, environment or files but their own data",
    2: "touch one outside thing each",
    3: "put things together",
    4: "the command line",
}
ROOMS = {
    "": Room(0, ""),
    "documents": Room(0, "values in documents, by dotted field names"),
    "errors": Room(0, "every error, grouped by what the caller does next"),
    "times": Room(0, "times and durations as people write them"),
    "timestamps": Room(0, "timestamps as other systems write them"),
    "model": Room(0, "the frozen values that all rooms share: activity, window, coverage, delivery"),
    "settings": Room(0, "the settings tree: every option with type, default and help"),
    "redact": Room(0, "secrets that do not print, and URLs without passwords"),
    "retry_after": Room(0, "`Retry-After` headers"),
    "visible": Room(0, "invisible and direction-changing characters, made visible"),
    "clock_difference": Room(0, "the difference between our clock and a server's"),
    "ports": Room(0, "the interfaces that deciding rooms ask for: clock, feed, ledger, enrichment, sink"),
    "progress": Room(0, "progress events of collecting and delivering"),
    "plan": Room(1, "what is covered, what is due, what is missing: the algebra of time"),
    "catalogue": Room(1, "activity types, fields and actors, as data"),
    "ecs": Room(1, "from an activity to an ECS document"),
    "ocsf": Room(1, "from an ECS document to an OCSF event"),
    "schemas": Room(1, "JSON Schema of events, index templates"),
    "dashboards": Room(1, "dashboards for Kibana and OpenSearch Dashboards"),
    "ingest": Room(1, "the ingest pipeline for raw activities"),
    "feed": Room(1, "pages and walks of the Activity Feed: what to ask next, and what a page proves"),
    "feed.client": Room(2, "requests to the Activity Feed (with `feed.connection`, `feed.proxy`, `feed.trace`)"),
    "feed.connection": Room(2, ""),
    "feed.proxy": Room(2, ""),
    "feed.trace": Room(2, ""),
    "archive": Room(2, "Delta tables with one writer: store, claim, verify, repair, back up"),
    "network": Room(2, "HTTP requests with a deadline, which the operator can stop"),
    "atomic": Room(2, "files that are written whole or not at all"),
    "clock": Room(2, "the machine's clock"),
    "memory": Room(2, "how much memory the process may use"),
    "enrich": Room(2, "location, network and user agent from local databases"),
    "simulator": Room(2, "a simulated Compliance API over a seeded world; it stands apart"),
    "sinks": Room(2, "targets of delivery, one file each"),
    "processors": Room(3, "change or drop events before they leave the archive"),
    "delivery": Room(3, "deliver events to sinks: followers, batches, positions"),
    "query": Room(3, "queries in KQL, compiled to SQL, with results in bounded memory"),
    "status": Room(3, "the status of feeds and sinks: one verdict that every view renders"),
    "diagnosis": Room(3, "the probes of `check`"),
    "follow": Room(3, "derive events from stored activities"),
    "service": Room(3, "collect many feeds side by side; health, metrics, periodic tasks"),
    "settings_loader": Room(3, "merge defaults, file, environment and flags; find keys"),
    "reporting": Room(3, "reports on a period, as HTML or PDF"),
    "charts": Room(3, "Vega-Lite specifications, and their rendering as SVG"),
    "privacy": Room(3, "mask personal data, and rewrite fields"),
    "testing": Room(3, "fakes for tests"),
    "console": Room(3, "the web console"),
    "application": Room(3, "assemble all parts from settings: for commands, service, demo and API"),
    "api": Room(3, "the Python API"),
    "cli": Room(4, "commands: arguments to settings to one call"),
    "__main__": Room(4, ""),
}
"""Every room; one with a dot is a module that stands on another level than the rest of its package."""
LEVELS = {name: room.level for name, room in ROOMS.items()}


@cache
def modules() -> dict[str, Path]:
    """Return the file of each module of the package."""
    found = {}
    for path in sorted((SRC / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(modules()[module].read_text())


def room(module: str) -> str:
    """Return the room that a module belongs to."""
    inside = module.removeprefix(PACKAGE).removeprefix(".")
    parts = inside.split(".")
    return next((name for end in (2, 1) if (name := ".".join(parts[:end])) in ROOMS), inside)


def imported(module: str) -> Iterator[str]:
    """Yield the modules of this package that a module imports; those of the package's public face are lazy."""
    if module == PACKAGE:
        return
    is_package = modules()[module].name == "__init__.py"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            start = base[: len(base) - node.level + is_package] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            names = [
                f"{source}.{alias.name}" if f"{source}.{alias.name}" in modules() else source for alias in node.names
            ]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == PACKAGE)


def uses() -> dict[str, set[str]]:
    """Return which rooms each room imports from."""
    found: dict[str, set[str]] = {name: set() for name in ROOMS}
    for module in modules():
        found[room(module)] |= {room(name) for name in imported(module)} - {room(module), ""}
    return found


def architecture_table() -> str:
    """Draw the map: rooms by level, and for each room what it holds and which rooms it uses."""
    used = uses()
    lines = ["## All rooms", ""]
    for level, name in sorted(LEVEL_NAMES.items(), reverse=True):
        lines += [f"### Level {level}: {name}", "", "| room | holds | uses |", "|---|---|---|"]
        for room_name, one in ROOMS.items():
            if one.level == level and one.holds:
                above = sorted(other for other in used[room_name] if LEVELS[other] > 0 and ROOMS[other].holds)
                lines.append(f"| `{room_name}` | {one.holds} | {', '.join(f'`{other}`' for other in above) or '-'} |")
        lines.append("")
    lines += ["Rooms of level 0 are used everywhere, and are left out of the last column.", ""]
    return "\n".join(lines)
