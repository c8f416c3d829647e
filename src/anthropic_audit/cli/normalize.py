"""`anthropic-audit normalize`: convert activities on stdin to events in ECS or OCSF on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Final

import typer

from anthropic_audit.application.normalizing import Schema, document_writer, open_normalizer
from anthropic_audit.ecs import Options
from anthropic_audit.ecs.fallbacks import error_document

from .configuration import open_application
from .options import Config
from .output import binary_out, notes

MAX_LINE_BYTES: Final = 100_000_000
"""Longest line that is read, in bytes; the memory of the command grows with the longest line."""

_MAX_STORED_BYTES = 10_000
_BATCH_BYTES = 256 * 1024

Json = Any
"""Any JSON value."""


def normalize(
    preserve_original_event: Annotated[
        bool, typer.Option("--preserve-original-event", help="Store the received text in event.original.")
    ] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Tag of every event, instead of the default tags; repeatable."),
    ] = None,
    namespace: Annotated[str, typer.Option("--namespace", help="data_stream.namespace of every event.")] = "default",
    schema: Annotated[
        Schema, typer.Option("--schema", help="Write Elastic Common Schema, or Open Cybersecurity Schema Framework.")
    ] = Schema.ECS,
    config: Config = None,
) -> None:
    """Convert activities (stdin) to ECS or OCSF events (stdout).

    Every line gives exactly one event. A line that is not an activity gives an event with the reason in error.message
    and the line in event.original (in OCSF: a Base Event with message and raw_data); the number of such lines is
    printed at the end, and the exit code stays 0. Blank lines are skipped. Addresses and user agents are enriched
    according to the settings.
    """
    normalizer, write_document = open_normalizer(open_application(config, {})), document_writer(schema)
    options = Options(preserve_original_event=preserve_original_event, namespace=namespace)
    if tag:
        options = Options(tuple(tag), preserve_original_event=preserve_original_event, namespace=namespace)
    failed = 0
    pending = bytearray()
    out = binary_out()
    for line in _lines(sys.stdin.buffer):
        raw = line.strip()
        if not raw:
            continue
        if _is_too_long(line):
            document = error_document(
                raw[:_MAX_STORED_BYTES], f"the line is longer than {MAX_LINE_BYTES:,} bytes", options
            )
        else:
            document = normalizer.document(raw, options)
        failed += "error" in document
        pending += write_document(document, raw)
        pending += b"\n"
        if len(pending) >= _BATCH_BYTES:
            out.write(pending)
            pending.clear()
    out.write(pending)
    out.flush()
    if failed:
        notes().print(f"{failed:,} lines are not activities: their events have `error.message`")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of a line that is too long, yield its first MAX_LINE_BYTES + 1 bytes and skip the rest."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        yield line
        rest = line
        while _is_too_long(rest):
            rest = stream.readline(MAX_LINE_BYTES + 1)


def _is_too_long(line: bytes) -> bool:
    return len(line) > MAX_LINE_BYTES and not line.endswith(b"\n")
