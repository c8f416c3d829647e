"""`anthropic-audit export`: write activities as received, or events, as NDJSON in the order of storing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from anthropic_audit.application.normalizing import Schema, configured_processors, document_writer
from anthropic_audit.archive import open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import SetupError
from anthropic_audit.processors import Processors
from anthropic_audit.query import RecordKind, RecordSelection, lines

from .configuration import open_application
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .output_file import opened


def export(
    what: Annotated[RecordKind, typer.Option("--what", help="Activities as received, or events (ECS documents).")],
    since: Since = None,
    until: Until = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="NAME", help="Export this feed only.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write, atomically; else stdout."),
    ] = None,
    schema: Annotated[Schema, typer.Option("--schema", help="Write events in ECS, or converted to OCSF.")] = Schema.ECS,
    unprocessed: Annotated[
        bool,
        typer.Option("--unprocessed", help="Don't apply the processors of the settings, for example for evidence."),
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Export records of the archive as NDJSON, in stored order.

    Activities are exported as received, except that line breaks between their members are written as spaces, because
    each record must fit on one line; their values are unchanged. The SHA-256 in the archive is that of the original
    bytes.

    Events pass through the processors of the settings. Activities can't, because they are exported as received: if
    processors are configured, activities are exported only with --unprocessed.
    """
    application = open_application(config, {"archive": archive})
    settings = application.settings
    processors = Processors() if unprocessed else configured_processors(application)
    if schema is not Schema.ECS and what is RecordKind.ACTIVITIES:
        message = "activities are exported as received, not converted to a schema"
        raise SetupError(message, hint="use --what events")
    if processors and what is RecordKind.ACTIVITIES:
        message = "activities are exported as received, which would bypass the processors of the settings"
        raise SetupError(message, hint="export events instead, or use --unprocessed to export unprocessed activities")
    is_as_stored, write = not processors and schema is Schema.ECS, document_writer(schema)
    start, end = read_span(since, until, SystemClock().now())
    connection = open_reader(settings.archive).connect()
    records = 0
    with connection, opened(output) as file:
        for number, content in lines(connection, RecordSelection(what, start, end, feed)):
            file.write(content if is_as_stored else b"".join(_rewritten(content, processors, write)))
            records += number
    dropped = f", {processors.dropped:,} more dropped by processors" if processors.dropped else ""
    notes().print(f"exported {records - processors.dropped:,} {what}" + (f" to {output}" if output else "") + dropped)


def _rewritten(
    content: bytes, processors: Processors, write: Callable[[dict[str, Any], bytes | None], bytes]
) -> Iterator[bytes]:
    """Yield the processed events as lines in the chosen schema; dropped events are left out."""
    for line in content.splitlines():
        document = processors.process(orjson.loads(line))
        if document is not None:
            yield write(document, None) + b"\n"
