"""Writing documents."""

from __future__ import annotations

import json

import orjson

from .values import Json


def to_json(document: Json) -> bytes:
    """Write a document, or a part of one, as one line of JSON; numbers beyond 64 bits keep their digits."""
    try:
        return orjson.dumps(document)
    except TypeError:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "backslashreplace")
