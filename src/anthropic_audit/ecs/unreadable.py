"""The document for bytes that are not an activity."""

from __future__ import annotations

from .options import DATASET, ECS, MODULE, ORIGINAL_TAG, Options
from .values import Json


def error_document(raw: bytes, reason: str, options: Options) -> dict[str, Json]:
    """Return a document with the reason in `error.message`, and the received text in `event.original`."""
    event = {"dataset": DATASET, "kind": "pipeline_error", "module": MODULE}
    original = raw.decode("utf-8", "backslashreplace")
    document: dict[str, Json] = {
        "data_stream": options.data_stream,
        "ecs": ECS,
        "error": {"message": f"the activity can't be read: {reason}"},
        "event": {**event, "original": original} if original else event,
        "tags": list(dict.fromkeys([*options.tag_list, ORIGINAL_TAG])),
    }
    if options.received:
        document["@timestamp"] = document["event"]["created"] = options.received
    return document
