"""Writing documents."""

from __future__ import annotations

import json
import re

import orjson

from .values import Json

_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(document: Json) -> bytes:
    """Write a document, or a part of one, as one line of JSON.

    Numbers beyond 64 bits keep their digits. A lone surrogate becomes a visible escape, as `careful` writes it: JSON's
    own escape of one is refused by the archive's reader, and by Elasticsearch.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
        return _SURROGATE.sub(_visible, text).encode()


def _visible(surrogate: re.Match[str]) -> str:
    return f"\\\\u{ord(surrogate.group()):04x}"
