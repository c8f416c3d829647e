"""`anthropic-audit normalize`: activities on stdin, ECS documents on stdout."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.normalize import Normalizer, Options, to_json

from .output import binary_out, notes

_BATCH_BYTES = 256 * 1024


def normalize(
    preserve_original_event: Annotated[
        bool, typer.Option("--preserve-original-event", help="Keep the text as received in event.original.")
    ] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Tag of every event, repeat it; else the default tags."),
    ] = None,
    namespace: Annotated[str, typer.Option("--namespace", help="data_stream.namespace of every event.")] = "default",
) -> None:
    """Turn activities (NDJSON on stdin) into ECS documents (NDJSON on stdout), in order, one for one.

    Every line gives exactly one document. A line that is no activity gives a document that says so in error.message and
    keeps the line in event.original; how many those were is told at the end, and the exit code stays 0. Lines of
    nothing but white space hold no activity and give no document.
    """
    normalizer = Normalizer(load_catalogue())
    options = Options(preserve_original_event=preserve_original_event, namespace=namespace)
    if tag:
        options = Options(tuple(tag), preserve_original_event=preserve_original_event, namespace=namespace)
    failed = 0
    pending = bytearray()
    out = binary_out()
    for line in sys.stdin.buffer:
        raw = line.strip()
        if not raw:
            continue
        document = normalizer.document(raw, options)
        failed += "error" in document
        pending += to_json(document)
        pending += b"\n"
        if len(pending) >= _BATCH_BYTES:
            out.write(pending)
            pending.clear()
    out.write(pending)
    out.flush()
    if failed:
        notes().print(f"{failed:,} lines are no activities: their documents carry error.message")
