"""`anthropic-audit catalogue drift`: list types, fields and values of the archive that the catalogue lacks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.drift import Sighting
from anthropic_audit.catalogue.proposal import propose, write_proposals
from anthropic_audit.cli.configuration import load_settings
from anthropic_audit.cli.options import Archive, Config, Since, Until, read_span
from anthropic_audit.cli.output import Heading, notes, print_json, print_table, write_out
from anthropic_audit.clock import SystemClock
from anthropic_audit.status.catalogue_drift import Compared, compare
from anthropic_audit.times import format_time

_FOUND = 3
_HEADINGS = (
    Heading("missing", may_be_cut=False),
    Heading("of"),
    Heading("name"),
    Heading("times", is_number=True, may_be_cut=False),
    Heading("first seen", may_be_cut=False),
    Heading("last seen", may_be_cut=False),
    Heading("example"),
)


class DriftFormat(StrEnum):
    """Output format: for people, as entries for the catalogue's files, or for programs."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


def drift(
    since: Since = None,
    until: Until = None,
    format: Annotated[DriftFormat, typer.Option("--format", help="How to print it.")] = DriftFormat.TABLE,  # noqa: A002 - the flag's name
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Find types, fields and values that the catalogue lacks.

    With `--format yaml` it prints entries in the catalogue's notation, each with the file and position to add it to.
    Exit codes: 0 nothing is missing, 3 something is missing.
    """
    settings = load_settings(config, {"archive": archive}).settings
    start, end = read_span(since, until, SystemClock().now())
    catalogue = load()
    with open_reader(settings.archive).connect() as connection:
        compared = compare(connection, catalogue, start, end)
    found = compared.drift.sightings
    if format is DriftFormat.JSON:
        proposals = [{"file": one.file, "how": one.how, "text": one.text} for one in propose(found, catalogue)]
        print_json({**_counts(compared), "missing": [_as_json(one) for one in found], "proposals": proposals})
    elif format is DriftFormat.YAML:
        write_out(write_proposals(propose(found, catalogue)).encode())
    elif found:
        print_table(_HEADINGS, [_row(one) for one in found])
    _print_counts(compared, len(found))
    if found:
        raise typer.Exit(_FOUND)


def _row(one: Sighting) -> tuple[object, ...]:
    name = f"{one.key.name} = {one.key.value}" if one.key.value else one.key.name
    first, last = f"{one.first_seen:%Y-%m-%dT%H:%MZ}", f"{one.last_seen:%Y-%m-%dT%H:%MZ}"
    return one.key.lack.value, one.key.owner, name, one.times, first, last, one.example_id


def _as_json(one: Sighting) -> Mapping[str, object]:
    return {
        "missing": one.key.lack,
        "of": one.key.owner or None,
        "name": one.key.name,
        "value": one.key.value or None,
        "times": one.times,
        "first_seen": format_time(one.first_seen),
        "last_seen": format_time(one.last_seen),
        "example_id": one.example_id,
    }


def _counts(compared: Compared) -> Mapping[str, object]:
    return {
        "activities": compared.activities,
        "read": compared.drift.activities,
        "unreadable": compared.drift.unreadable,
        "untold": compared.drift.untold,
    }


def _print_counts(compared: Compared, found: int) -> None:
    said = f"{found:,} missing" if found else "nothing is missing in the catalogue"
    notes().print(f"{said}: {compared.activities:,} activities, {compared.drift.activities:,} of them read")
    if compared.drift.unreadable:
        notes().print(f"{compared.drift.unreadable:,} are not JSON objects with a type")
    if compared.drift.untold:
        notes().print(f"{compared.drift.untold:,} more sightings are not listed: the list is full")
