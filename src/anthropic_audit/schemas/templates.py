"""Generate templates of the data stream that events are delivered to, for Elasticsearch and for OpenSearch.

Every known field is mapped. Other fields are kept in `_source` and not indexed, so that the first value of a new field
can't determine the type of later ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from anthropic_audit.catalogue import Catalogue, StoredField

from .fields import LONG, WITH_TEXT, Leaf, Tree, all_fields, nested

Template = dict[str, Any]
"""A template as a JSON object."""

STREAM: Final = "logs-anthropic.audit"
PACKAGE: Final = f"{STREAM}@package"
CUSTOM: Final = f"{STREAM}@custom"
"""The component template in which administrators can override settings; it need not exist."""

_MAX_KEYWORD_CHARS: Final = 1024
"""Longer texts are not indexed, as in ECS: Lucene refuses a document for a term of more than 32,766 bytes."""
_MAX_WILDCARD_CHARS: Final = 8_191
"""Characters have up to four bytes: Lucene's limit also applies to `wildcard` in OpenSearch."""
_PRIORITY: Final = 250
"""Above the templates for `logs-*-*` that come with Elasticsearch (100), and those of its packages (200)."""
_ADDED_FIELDS: Final = {"event.ingested": StoredField("date", "When the event was stored")}
"""Fields that are added while an event is stored."""
_CONSTANTS: Final = {"data_stream.dataset": "anthropic.audit", "data_stream.type": "logs"}
_NOT_SEARCHED: Final = frozenset({"event.original"})


class Engine(StrEnum):
    """The program that stores the events."""

    ELASTICSEARCH = "elasticsearch"
    OPENSEARCH = "opensearch"


_OTHER_TYPES: Final[Mapping[Engine, Mapping[str, str]]] = {
    Engine.ELASTICSEARCH: {},
    Engine.OPENSEARCH: {"flattened": "flat_object"},
}
"""The engine's own name of a type, where it differs."""


def package_template(catalogue: Catalogue, engine: Engine) -> Template:
    """Return the component template that maps every field of events."""
    tree = nested({**all_fields(catalogue), **_ADDED_FIELDS})
    return {
        "template": {
            "settings": {"index": {"mapping": {"total_fields": {"limit": 2000}}}},
            "mappings": {
                "dynamic": False,
                "date_detection": False,
                "numeric_detection": False,
                "dynamic_templates": [
                    {
                        "labels": {
                            "path_match": "labels.*",
                            "mapping": {"type": "keyword", "ignore_above": _MAX_KEYWORD_CHARS},
                        }
                    }
                ],
                "properties": _properties(tree, engine),
            },
        },
        "version": _version(catalogue),
        "_meta": {"managed_by": "anthropic-audit", "catalogue": catalogue.version},
    }


def index_template(
    catalogue: Catalogue, engine: Engine, namespace: str | None = None, own: Template | None = None
) -> Template:
    """Return the index template that creates the data stream.

    Args:
        catalogue: The catalogue.
        engine: The program that stores the events.
        namespace: The namespace of the only data stream that the template applies to; None for all.
        own: Settings and mappings of the template in addition to its component templates.
    """
    template: Template = {
        "index_patterns": [f"{STREAM}-{namespace or '*'}"],
        "data_stream": {},
        "priority": _PRIORITY + (namespace is not None),
        "composed_of": [PACKAGE],
        **({"template": own} if own else {}),
        "version": _version(catalogue),
        "_meta": {"managed_by": "anthropic-audit", "catalogue": catalogue.version},
    }
    if engine is Engine.ELASTICSEARCH:
        template |= {"composed_of": [PACKAGE, CUSTOM], "ignore_missing_component_templates": [CUSTOM]}
    return template


def _properties(tree: Tree, engine: Engine) -> Template:
    return {
        name: _mapping(inner, engine) if isinstance(inner, Leaf) else {"properties": _properties(inner, engine)}
        for name, inner in tree.items()
    }


def _mapping(leaf: Leaf, engine: Engine) -> Template:
    kind = leaf.field.type
    if kind == "object":
        return {"type": "object", "dynamic": True}
    mapping: Template = {"type": _OTHER_TYPES[engine].get(kind, kind)}
    if leaf.name in _NOT_SEARCHED:
        return {**mapping, "index": False, "doc_values": False}
    if kind == "constant_keyword":
        return _constant(leaf.name, engine)
    if kind in ("keyword", "flattened") and mapping["type"] != "flat_object":
        mapping["ignore_above"] = LONG.get(leaf.name, _MAX_KEYWORD_CHARS)
    elif mapping["type"] == "wildcard":
        mapping["ignore_above"] = _MAX_WILDCARD_CHARS
    if leaf.name in WITH_TEXT:
        mapping["fields"] = {"text": {"type": "match_only_text"}}
    return mapping


def _constant(name: str, engine: Engine) -> Template:
    """Map a field with one value in each index; OpenSearch requires that value in the mapping."""
    if name in _CONSTANTS:
        return {"type": "constant_keyword", "value": _CONSTANTS[name]}
    if engine is Engine.OPENSEARCH:
        return {"type": "keyword", "ignore_above": _MAX_KEYWORD_CHARS}
    return {"type": "constant_keyword"}


def _version(catalogue: Catalogue) -> int:
    """Return a catalogue's version as a number that grows with it: 2026.11.1 is 20261101."""
    year, month, number = ([int(part) for part in catalogue.version.split(".")] + [0, 0, 0])[:3]
    return (year * 100 + month) * 100 + number
