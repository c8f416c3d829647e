"""`anthropic-audit report`: write a report on a period as a single file."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.clock import SystemClock
from anthropic_audit.console.url_query import Period
from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.privacy.masking import Masked, Masking, Unmasked
from anthropic_audit.query import document_fields, known_fields
from anthropic_audit.reporting import Gathered, Report, Scope, compose, gather, to_html, to_pdf
from anthropic_audit.reporting.text import last_day
from anthropic_audit.settings import Settings

from .configuration import load_settings
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .output_file import opened
from .search import Kql, read_query


class ReportFormat(StrEnum):
    """File format of a report."""

    HTML = "html"
    PDF = "pdf"


_WRITERS: Mapping[ReportFormat, Callable[[Report], bytes]] = MappingProxyType(
    {ReportFormat.HTML: to_html, ReportFormat.PDF: to_pdf}
)
_STDOUT = Path("-")


def report(
    since: Since = "30d",
    until: Until = "now",
    query: Kql = "",
    format: Annotated[  # noqa: A002 - the flag's name
        ReportFormat | None,
        typer.Option(
            "--format", help="File format; by default from the file name's extension, else PDF.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write, atomically; - for stdout; by default named after the period.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Title of the report.")] = "Audit report",
    no_personal: Annotated[
        bool, typer.Option("--no-personal", help="Mask personal data: names, addresses, e-mail addresses.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Write a report on a period as a single HTML or PDF file.

    The report shows how complete the period is, its activity compared with the previous period, users and locations,
    failures, what occurred for the first time, and critical events as sentences. All times are UTC. The command reads
    only the archive, also while a collector is running. The file is self-contained: no scripts, no external resources.
    """
    settings = load_settings(config, {"archive": archive}).settings
    now = SystemClock().now()
    start, end = read_span(since or "30d", until or "now", now)
    if start is None or end is None:
        raise TypeError
    catalogue = load_catalogue()
    wanted = read_query(query, known_fields(document_fields(catalogue)), now)
    scope = Scope(Period(start, end), now, title, wanted, query)
    written = format or _format_of(output)
    path = _writable(output or Path(_name(scope.period, written)), force=force)
    found = _gathered(settings, scope, _masking(catalogue, no_personal=no_personal), catalogue)
    content = _WRITERS[written](compose(found))
    with opened(path) as file:
        file.write(content)
    where = f" to {path}" if path else ""
    notes().print(f"reported {found.now.events:,} events, {found.now.critical:,} of them critical{where}", markup=False)
    _print_incomplete(found)


def _gathered(settings: Settings, scope: Scope, masking: Masking, catalogue: Catalogue) -> Gathered:
    try:
        return gather(open_reader(settings.archive), scope, masking, catalogue, feeds=settings.feeds)
    except QueryError as error:
        message = f"{error}, which --no-personal masks"
        raise SetupError(message, hint="use fields that are not personal, or omit --no-personal") from error


def _print_incomplete(found: Gathered) -> None:
    """Print on stderr which feeds are incomplete, so that no user passes on a report without knowing."""
    for one in found.feeds:
        if not one.is_complete:
            notes().print(f"incomplete: feed {one.feed} covers {one.share:.1%} of the period", markup=False)


def _masking(catalogue: Catalogue, *, no_personal: bool) -> Masking:
    return Masked(catalogue, secrets.token_bytes(32)) if no_personal else Unmasked()


def _format_of(output: Path | None) -> ReportFormat:
    """Return the format of a file name's extension.

    Raises:
        SetupError: The extension is of an unknown format.
    """
    if output is None or output == _STDOUT:
        return ReportFormat.PDF
    ending = output.suffix.lower().removeprefix(".")
    known = {"htm": ReportFormat.HTML, **{one.value: one for one in ReportFormat}}
    if ending not in known:
        message = f"the file name's extension is not a report format: {output}"
        raise SetupError(message, hint="use .html or .pdf, or --format")
    return known[ending]


def _name(period: Period, written: ReportFormat) -> str:
    return f"audit-report-{period.since:%Y-%m-%d}-{last_day(period.since, period.until):%Y-%m-%d}.{written}"


def _writable(path: Path, *, force: bool) -> Path | None:
    """Return the file to write, or None for stdout.

    Raises:
        SetupError: The file exists, and --force is not given.
    """
    if path == _STDOUT:
        return None
    if path.exists() and not force:
        message = f"the file exists already: {path}"
        raise SetupError(message, hint="choose another file with --output, or overwrite it with --force")
    return path
