"""`anthropic-audit catalogue templates`: write index templates for Elasticsearch or OpenSearch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from anthropic_audit.catalogue import load
from anthropic_audit.cli.files import write_whole
from anthropic_audit.cli.output import notes
from anthropic_audit.errors import SetupError
from anthropic_audit.ingest import NAME, ingest_pipeline
from anthropic_audit.schemas import Engine, index_template, package_template
from anthropic_audit.schemas.templates import PACKAGE, STREAM


def templates(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the templates to.")],
    engine: Annotated[Engine, typer.Option("--for", help="Product that stores the events.")] = Engine.ELASTICSEARCH,
) -> None:
    """Write index templates of the data stream to files.

    The component template maps every field of events: send it to `PUT _component_template/NAME` first, then the index
    template to `PUT _index_template/NAME`. The pipeline, for `PUT _ingest/pipeline/NAME`, is needed only to ship raw
    activities with another agent. `sinks setup` does all of this automatically.
    """
    catalogue = load()
    made = {
        f"component_template-{PACKAGE}.json": package_template(catalogue, engine),
        f"index_template-{STREAM}.json": index_template(catalogue, engine),
        f"ingest_pipeline-{NAME}.json": ingest_pipeline(catalogue),
    }
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder can't be created: {output}: {error.strerror or error}"
        raise SetupError(message, hint="name a folder that this user may write") from error
    for name, template in made.items():
        write_whole(output / name, orjson.dumps(template, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        notes().print(f"wrote {output / name}", markup=False)
