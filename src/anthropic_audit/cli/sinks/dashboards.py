"""`anthropic-audit sinks dashboards`: write the dashboard for Kibana or OpenSearch Dashboards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.cli.files import write_whole
from anthropic_audit.cli.output import notes, write_out
from anthropic_audit.dashboards import kibana_objects, opensearch_objects, to_ndjson
from anthropic_audit.schemas import Engine

_OBJECTS = {Engine.ELASTICSEARCH: kibana_objects, Engine.OPENSEARCH: opensearch_objects}


def dashboards(
    engine: Annotated[Engine, typer.Option("--for", help="Product to write the dashboard for.")] = Engine.ELASTICSEARCH,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; else stdout.", show_default=False),
    ] = None,
) -> None:
    """Write the dashboard for Kibana or OpenSearch Dashboards.

    Import the file in Management, Saved objects, Import. Importing it again replaces the previous version.
    """
    content = to_ndjson(_OBJECTS[engine]())
    if output is None:
        write_out(content)
    else:
        write_whole(output, content)
        notes().print(f"wrote {output}", markup=False)
