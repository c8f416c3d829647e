"""Saved objects, as the import pages of both programs take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

SavedObject = dict[str, Any]
Json = dict[str, Any]

DASHBOARD: Final = "dashboard"
"""The type of what people open."""
PREFIX: Final = "anthropic-audit"
SOURCE: Final = "kibanaSavedObjectMeta"
INDEX: Final = f"{SOURCE}.searchSourceJSON.index"


def text(value: object) -> str:
    """Return a value as the JSON text that attributes hold."""
    return orjson.dumps(value).decode()


def identity(name: str) -> str:
    """Return the id of an object: the same in every version, so that an import replaces what is there."""
    return f"{PREFIX}-{name}"


def reference(name: str, kind: str, to: str) -> Json:
    """Return how one object names another."""
    return {"id": to, "name": name, "type": kind}


def search_source(query: str = "", **more: object) -> Json:
    """Return what says which events are asked for."""
    source = {"query": {"language": "kuery", "query": query}, "filter": [], **more}
    return {SOURCE: {"searchSourceJSON": text(source)}}


def stamped(objects: Sequence[SavedObject]) -> tuple[list[SavedObject], str]:
    """Return objects whose dashboard tells a digest of all of them in its description, and that description."""
    digest = sha256(to_ndjson(objects)).hexdigest()[:12]
    marked = []
    told = ""
    for one in objects:
        if one["type"] == DASHBOARD:
            told = f"{one['attributes']['description']} [{digest}]"
            one = {**one, "attributes": {**one["attributes"], "description": told}}  # noqa: PLW2901 - a changed copy
        marked.append(one)
    return marked, told


def to_ndjson(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """Return objects one a line."""
    return b"".join(orjson.dumps(one) + b"\n" for one in objects)
