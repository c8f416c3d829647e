"""Serialize documents as JSON."""

from __future__ import annotations

import json
import re

import orjson

from .values import Json

_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(document: Json) -> bytes:
    """Return a document, or a part of it, as one line of JSON.

    Numbers beyond 64 bits keep their digits. A lone surrogate becomes a visible escape, as in `lenient_json`: the
    archive's reader and Elasticsearch refuse JSON's own escape of a lone surrogate.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
        return _SURROGATE.sub(_visible, text).encode()


def _visible(surrogate: re.Match[str]) -> str:
    return f"\\\\u{ord(surrogate.group()):04x}"
