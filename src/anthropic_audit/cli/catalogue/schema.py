"""`anthropic-audit catalogue schema`: write the JSON Schema of events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from anthropic_audit.catalogue import load
from anthropic_audit.cli.files import write_whole
from anthropic_audit.cli.output import notes, write_out
from anthropic_audit.schemas import event_schema


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write; else stdout.")
    ] = None,
) -> None:
    """Write the JSON Schema (draft 2020-12) of events."""
    text = orjson.dumps(event_schema(load()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        write_out(text)
        return
    write_whole(output, text)
    notes().print(f"wrote {output}", markup=False)
