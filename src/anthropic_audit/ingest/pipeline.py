"""Build an ingest pipeline for raw activities that another agent ships: the normalizer's rules, run in the cluster."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.ecs import Options
from anthropic_audit.ecs.options import DATASET, ECS, MODULE, ORIGINAL_TAG

from .inference import functions
from .tables import parameters

Pipeline = dict[str, Any]

NAME: Final = "logs-anthropic.audit-raw"
"""The pipeline's name in a cluster."""

_ERROR_MESSAGE = "the activity can't be read: {{{_ingest.on_failure_message}}}"

_ARRIVED: Final = (
    {"set": {"field": "event.created", "value": "{{{_ingest.timestamp}}}", "if": "ctx['@timestamp'] == null"}},
    {"set": {"field": "@timestamp", "value": "{{{_ingest.timestamp}}}", "override": False}},
)
"""An activity without a time gets the time of its arrival, since a data stream refuses an event without one."""


def ingest_pipeline(catalogue: Catalogue, options: Options | None = None, *, sets_id: bool = True) -> Pipeline:
    """Return the pipeline that converts the text of an activity in `message` to the event.

    Args:
        catalogue: The catalogue; its tables become parameters of the script.
        options: Tags and namespace of events.
        sets_id: Whether to use the activity's id as `_id`, so that an activity that is sent twice is stored once.
    """
    chosen = options or Options()
    script = {"lang": "painless", "source": _source(), "params": {**parameters(catalogue, chosen), "sets_id": sets_id}}
    return {
        "description": f"Raw Anthropic activities to ECS, catalogue {catalogue.version}",
        "processors": [{"json": {"field": "message", "target_field": "json"}}, {"script": script}, *_ARRIVED],
        "on_failure": _on_failure(chosen),
    }


def _on_failure(options: Options) -> list[Pipeline]:
    """Return the steps for a text that is not an activity: it is kept whole, with the reason."""
    event = {"event.dataset": DATASET, "event.kind": "pipeline_error", "event.module": MODULE}
    constants = {**event, "ecs.version": ECS["version"], "error.message": _ERROR_MESSAGE}
    constants |= {f"data_stream.{name}": value for name, value in options.data_stream.items()}
    return [
        {"rename": {"field": "message", "target_field": "event.original", "ignore_missing": True}},
        {"remove": {"field": "json", "ignore_missing": True}},
        *({"set": {"field": field, "value": value}} for field, value in constants.items()),
        {"set": {"field": "tags", "value": list(dict.fromkeys([*options.tag_list, ORIGINAL_TAG]))}},
        {"set": {"field": "@timestamp", "value": "{{{_ingest.timestamp}}}", "override": False}},
    ]


@cache
def _source() -> str:
    """Return the script without its comments and indentation, which count against a cluster's limit of 64 KB."""
    text = files(__package__).joinpath("normalize.painless").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join([functions(), *(line for line in lines if line and not line.startswith("//"))])
