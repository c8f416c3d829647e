"""Every command: its name, the module and function that run it, and its summary in the help of its group.

`--help`, `--version` and shell completion load only this table; a command's module is imported when the command
is called. `tests/cli/test_loading.py` limits the libraries that each command may load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class CommandSource:
    """The location of a command's function, and its summary."""

    module: str
    """Name of the module, below `anthropic_audit.cli`; its constant `EXAMPLES`, if any, ends the command's help."""
    function: str
    summary: str
    """The first line of the function's docstring."""
    extra: str | None = None
    """The extra of the package that the command needs."""


@dataclass(frozen=True, slots=True)
class GroupSource:
    """A command that only has subcommands."""

    summary: str
    commands: Mapping[str, CommandSource]


_ARCHIVE = {
    "verify": CommandSource("archive", "verify_archive", "Check every file, hash, record and coverage claim."),
    "repair": CommandSource("repair", "repair_archive", "Repair a damaged archive, and report permanent losses."),
    "backup": CommandSource("backup", "backup_archive", "Back up the archive incrementally, also during `run`."),
    "restore": CommandSource("backup", "restore_archive", "Restore an archive from a backup, checking every digest."),
    "compact": CommandSource("archive", "compact", "Merge small files into large ones."),
    "retain": CommandSource("archive", "retain", "Remove days older than `retention.keep`, except legal holds."),
    "vacuum": CommandSource("archive", "vacuum", "Delete replaced files that no reader needs."),
}
_CATALOGUE = {
    "list": CommandSource("catalogue.listing", "list_types", "List activity types: category, outcome, meaning."),
    "show": CommandSource("catalogue.show", "show", "Show a type, field or actor kind, and its mapping to ECS."),
    "lint": CommandSource("catalogue.lint", "lint", "Check the catalogue, or the filters of settings files."),
    "drift": CommandSource("catalogue.drift", "drift", "Find types, fields and values that the catalogue lacks."),
    "schema": CommandSource("catalogue.schema", "schema", "Write the JSON Schema (draft 2020-12) of events."),
    "templates": CommandSource(
        "catalogue.templates", "templates", "Write index templates of the data stream to files."
    ),
}
_GAPS = {
    "list": CommandSource("gaps", "list_gaps", "List gaps: open, closed in the last 30 days, and permanent."),
    "declare": CommandSource("gaps", "declare", "Declare a gap permanent: its time is not read again."),
}
_SINKS = {
    "setup": CommandSource("sinks.setup", "setup", "Install index templates and rules on a cluster."),
    "deliver": CommandSource("sinks.deliver", "deliver", "Deliver pending events to sinks, also while `run` writes."),
    "status": CommandSource("sinks.status", "status", "Show each sink's position, backlog, rate and rejections."),
    "rejected": CommandSource("sinks.status", "rejected", "List the events that a sink has rejected, with reasons."),
    "retry": CommandSource("sinks.redeliver", "retry", "Send rejected events again."),
    "replay": CommandSource("sinks.redeliver", "replay", "Deliver the events of a period again, without duplicates."),
    "verify": CommandSource("sinks.verify", "verify", "Compare a cluster with the archive; --repair sends the rest."),
    "dashboards": CommandSource(
        "sinks.dashboards", "dashboards", "Write the dashboard for Kibana or OpenSearch Dashboards."
    ),
}
COMMANDS: Final[Mapping[str, CommandSource | GroupSource]] = MappingProxyType(
    {
        "demo": CommandSource("demo", "demo", "Show the product in a minute, without a key.", "console"),
        "collect": CommandSource("collect", "collect", "Collect activities, each exactly once, and normalize them."),
        "run": CommandSource("run", "run", "Run the service: collect, normalize, deliver and maintain."),
        "backfill": CommandSource("backfill", "backfill", "Collect a past period of up to six years, newest first."),
        "reconcile": CommandSource("backfill", "reconcile", "Read a period again, and count late activities."),
        "check": CommandSource("check", "check", "Check settings, keys, clocks, archive and databases."),
        "status": CommandSource("status", "status", "Show each feed's coverage, lag, counts, holes and requests."),
        "console": CommandSource("console", "console", "Serve the web console.", "console"),
        "search": CommandSource("search", "search", "Search events; all given conditions must match."),
        "export": CommandSource("export", "export", "Export records of the archive as NDJSON, in stored order."),
        "report": CommandSource(
            "report", "report", "Write a report on a period as a single HTML or PDF file.", "report"
        ),
        "normalize": CommandSource(
            "normalize", "normalize", "Convert activities (stdin) to ECS or OCSF events (stdout)."
        ),
        "renormalize": CommandSource(
            "renormalize", "renormalize", "Derive the events of a period again from stored activities."
        ),
        "simulate": CommandSource("simulate", "simulate", "Serve a simulated Compliance API on this machine."),
        "settings": CommandSource("settings", "settings", "Print the effective settings, each with its origin."),
        "archive": GroupSource("Verify, repair, back up and maintain the archive.", MappingProxyType(_ARCHIVE)),
        "catalogue": GroupSource(
            "Look up types and fields, find drift, write schemas.",
            MappingProxyType(_CATALOGUE),
        ),
        "gaps": GroupSource(
            "Show missing time, and declare what can't be collected.",
            MappingProxyType(_GAPS),
        ),
        "sinks": GroupSource(
            "Deliver events to Elasticsearch, Kafka and others.",
            MappingProxyType(_SINKS),
        ),
    }
)
"""Every command, in the order of the help."""
