"""`anthropic-audit export`: activities as received, or events, as NDJSON in the order they were stored."""

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
from anthropic_audit.search import RecordKind, RecordSelection, lines

from .configuration import open_application
from .options import Archive, Config, Since, Until, read_span
from .output import notes
from .output_file import opened


def export(
    what: Annotated[RecordKind, typer.Option("--what", help="Activities as received, or events (ECS documents).")],
    since: Since = None,
    until: Until = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="NAME", help="One feed only.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write, whole or not at all; else stdout."),
    ] = None,
    schema: Annotated[
        Schema, typer.Option("--schema", help="Write events in ECS, or in OCSF, made from the same documents.")
    ] = Schema.ECS,
    unprocessed: Annotated[
        bool, typer.Option("--unprocessed", help="Leave out the processors of the settings, as for evidence.")
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Export records of the archive as NDJSON, in stored order.

    Activities are the bytes as received. Where an activity came with line breaks between its parts, those are written
    as spaces, because each record must stay on its line; nothing inside of its texts changes. The SHA-256 that the
    archive keeps is that of the bytes before this.

    Events go through the processors of the settings. Activities can't, as they are the bytes as received: where
    processors are set, they are exported with --unprocessed only.
    """
    application = open_application(config, {"archive": archive})
    settings = application.settings
    processors = Processors() if unprocessed else configured_processors(application)
    if schema is not Schema.ECS and what is RecordKind.ACTIVITIES:
        message = "activities are exported as received, not in a schema"
        raise SetupError(message, hint="say --what events")
    if processors and what is RecordKind.ACTIVITIES:
        message = "activities are exported as received, which would pass by the processors of the settings"
        raise SetupError(message, hint="export events instead, or say --unprocessed if they may leave whole")
    is_as_stored, write = not processors and schema is Schema.ECS, document_writer(schema)
    start, end = read_span(since, until, SystemClock().now())
    connection = open_reader(settings.archive).connect()
    records = 0
    with connection, opened(output) as file:
        for number, content in lines(connection, RecordSelection(what, start, end, feed)):
            file.write(content if is_as_stored else b"".join(_rewritten(content, processors, write)))
            records += number
    dropped = f", {processors.dropped:,} more were dropped by processors" if processors.dropped else ""
    notes().print(f"exported {records - processors.dropped:,} {what}" + (f" to {output}" if output else "") + dropped)


def _rewritten(
    content: bytes, processors: Processors, write: Callable[[dict[str, Any], bytes | None], bytes]
) -> Iterator[bytes]:
    """Yield the lines of the events that are left, in another form."""
    for line in content.splitlines():
        document = processors.process(orjson.loads(line))
        if document is not None:
            yield write(document, None) + b"\n"
