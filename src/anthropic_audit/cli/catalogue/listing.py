"""`anthropic-audit catalogue list`: list activity types and their meaning."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from anthropic_audit.catalogue import ActivityType, Catalogue, load
from anthropic_audit.catalogue.groups import expand, load_groups
from anthropic_audit.cli.output import Heading, console, notes, print_json, print_table, table, write_out
from anthropic_audit.errors import SetupError


class ListFormat(StrEnum):
    """Output format of the list."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Sensitivity(StrEnum):
    """How much a type matters to security."""

    ROUTINE = "routine"
    NOTABLE = "notable"
    CRITICAL = "critical"


_COLUMNS = ("name", "family", "category", "type", "outcome", "sensitivity", "description")
_SHOWN = ("name", "category", "type", "outcome", "sensitivity", "description")
_UNCUT = frozenset({"name"})


def list_types(
    pattern: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERN",
            help="Types, `*_viewed`, families and groups (`auth/*`, `keys/*_deleted`); by default all.",
            show_default=False,
        ),
    ] = None,
    family: Annotated[
        str | None,
        typer.Option("--family", metavar="FAMILY", help="List this family or group only.", show_default=False),
    ] = None,
    sensitivity: Annotated[
        Sensitivity | None,
        typer.Option("--sensitivity", help="List types of this sensitivity only.", show_default=False),
    ] = None,
    format: Annotated[ListFormat, typer.Option("--format", help="How to print it.")] = ListFormat.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """List activity types: category, outcome, meaning."""
    catalogue = load()
    kinds = [
        kind
        for kind in _chosen(catalogue, pattern or [], family)
        if sensitivity is None or kind.sensitivity == sensitivity
    ]
    rows = [row_of(kind) for kind in kinds]
    if format is ListFormat.JSON:
        print_json(rows)
    elif format is ListFormat.CSV:
        write_out(_as_csv(rows))
    else:
        _print(rows)
        notes().print(f"{len(rows):,} of {len(catalogue.types):,} types")


def row_of(kind: ActivityType) -> dict[str, object]:
    """Return the columns of a type, by name."""
    rule = kind.outcome_rule
    return {
        "name": kind.name,
        "family": kind.family,
        "category": list(kind.category),
        "type": list(kind.type),
        "outcome": kind.outcome if rule is None else f"by {'.'.join(rule.path)}",
        "sensitivity": kind.sensitivity,
        "description": kind.description,
    }


def _chosen(catalogue: Catalogue, patterns: Sequence[str], family: str | None) -> list[ActivityType]:
    groups = load_groups()
    names = set(expand(patterns, catalogue, groups) if patterns else catalogue.types)
    if family is not None:
        names.intersection_update(expand([f"{family}/*"], catalogue, groups))
    unknown = sorted(names - catalogue.types.keys())
    if unknown:
        near = catalogue.suggest(unknown[0])
        message = f"unknown activity type: `{unknown[0]}`"
        raise SetupError(message, hint=f"did you mean `{near}`?" if near else "`*` matches any part of a name")
    return [catalogue.types[name] for name in sorted(names)]


def _print(rows: Sequence[dict[str, object]]) -> None:
    """Print a line per type; on a terminal, which is too narrow, with the description on a second line."""
    headings = [Heading(name, may_be_cut=name not in _UNCUT) for name in _SHOWN]
    cells = [[row[name] for name in _SHOWN] for row in rows]
    if not sys.stdout.isatty():
        print_table(headings, cells)
        return
    out = console()
    head, *lines = table(headings[:-1], [row[:-1] for row in cells], out.width).split("\n")
    out.print(head)
    for line, row in zip(lines, rows, strict=True):
        out.print(line)
        if row["description"]:
            out.print(Text(f"  {row['description']}", style="dim"))


def _as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([" ".join(value) if isinstance(value, list) else value for value in row.values()])
    return text.getvalue().encode()
