"""`anthropic-audit normalize`: activities on stdin, events in ECS or OCSF on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Final

import typer

from anthropic_audit.application.normalizing import Schema, document_writer, open_normalizer
from anthropic_audit.normalize import Options
from anthropic_audit.normalize.unreadable import error_document

from .configuration import open_application
from .options import Config
from .output import binary_out, notes

MAX_LINE_BYTES: Final = 100_000_000
"""Longest line that is read; the memory of the command grows with the longest line."""

_KEPT_BYTES = 10_000
_BATCH_BYTES = 256 * 1024

Json = Any
"""A value as JSON has them."""


def normalize(
    preserve_original_event: Annotated[
        bool, typer.Option("--preserve-original-event", help="Keep the text as received in event.original.")
    ] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Tag of every event, repeat it; else the default tags."),
    ] = None,
    namespace: Annotated[str, typer.Option("--namespace", help="data_stream.namespace of every event.")] = "default",
    schema: Annotated[
        Schema, typer.Option("--schema", help="Write Elastic Common Schema, or Open Cybersecurity Schema Framework.")
    ] = Schema.ECS,
    config: Config = None,
) -> None:
    """Convert activities (stdin) to ECS or OCSF events (stdout).

    Every line gives exactly one event. A line that is no activity gives an event that says so in error.message and
    keeps the line in event.original (in OCSF: a Base Event with message and raw_data); how many those were is told at
    the end, and the exit code stays 0. Lines of nothing but white space hold no activity and give no event. Addresses
    and user agents are enriched as the settings say.
    """
    normalizer, written = open_normalizer(open_application(config, {})), document_writer(schema)
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
            document = error_document(raw[:_KEPT_BYTES], f"the line has more than {MAX_LINE_BYTES:,} bytes", options)
        else:
            document = normalizer.document(raw, options)
        failed += "error" in document
        pending += written(document, raw)
        pending += b"\n"
        if len(pending) >= _BATCH_BYTES:
            out.write(pending)
            pending.clear()
    out.write(pending)
    out.flush()
    if failed:
        notes().print(f"{failed:,} lines are no activities: their events say so")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long, one byte more than is allowed."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        yield line
        rest = line
        while _is_too_long(rest):
            rest = stream.readline(MAX_LINE_BYTES + 1)


def _is_too_long(line: bytes) -> bool:
    return len(line) > MAX_LINE_BYTES and not line.endswith(b"\n")
