"""Writing documents."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

from .values import Json


def to_json(document: Mapping[str, Json]) -> bytes:
    """Write a document as one line of JSON; numbers beyond 64 bits keep their digits."""
    try:
        return orjson.dumps(document)
    except TypeError:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "backslashreplace")
