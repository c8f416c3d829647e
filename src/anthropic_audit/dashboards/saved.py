"""Build saved objects in the format that both programs import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

SavedObject = dict[str, Any]
Json = dict[str, Any]

DASHBOARD: Final = "dashboard"
"""The type of a dashboard's saved object."""
PREFIX: Final = "anthropic-audit"
SOURCE: Final = "kibanaSavedObjectMeta"
INDEX: Final = f"{SOURCE}.searchSourceJSON.index"


def text(value: object) -> str:
    """Return a value as JSON text, for attributes that hold such text."""
    return orjson.dumps(value).decode()


def identity(name: str) -> str:
    """Return the id of an object; it is the same in every version, so that an import replaces the object."""
    return f"{PREFIX}-{name}"


def reference(name: str, kind: str, to: str) -> Json:
    """Return a reference from one object to another."""
    return {"id": to, "name": name, "type": kind}


def search_source(query: str = "", **more: object) -> Json:
    """Return the attributes that select the events of an object."""
    source = {"query": {"language": "kuery", "query": query}, "filter": [], **more}
    return {SOURCE: {"searchSourceJSON": text(source)}}


def stamped(objects: Sequence[SavedObject]) -> tuple[list[SavedObject], str]:
    """Add a digest of all objects to the dashboard's description; return the objects, and that description."""
    digest = sha256(to_ndjson(objects)).hexdigest()[:12]
    marked = []
    description = ""
    for one in objects:
        if one["type"] == DASHBOARD:
            description = f"{one['attributes']['description']} [{digest}]"
            marked.append({**one, "attributes": {**one["attributes"], "description": description}})
        else:
            marked.append(one)
    return marked, description


def to_ndjson(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """Return objects as JSON, one per line."""
    return b"".join(orjson.dumps(one) + b"\n" for one in objects)
