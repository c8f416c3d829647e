"""Bound the depth of documents, without recursion into deeper values: a processor may have made any document."""

from __future__ import annotations

from collections.abc import Iterable

from anthropic_audit.ecs.limits import MAX_DOCUMENT_DEPTH
from anthropic_audit.ecs.serialize import to_json

from .model import Json

MAX_PART_DEPTH = MAX_DOCUMENT_DEPTH - 1
"""Upper bound on the levels of objects and lists in a member of a document."""


_CONTAINERS = (dict, list)


class _Token(str):
    """A piece of JSON text that is already written."""

    __slots__ = ()


def bounded(value: Json, levels: int = MAX_PART_DEPTH) -> Json:
    """Return a value in which objects and lists nested deeper than `levels` are replaced by their JSON text.

    A value with at most `levels` is returned itself, not copied.
    """
    return value if _is_within(value, levels) else _cut(value, levels)


def json_text(value: Json) -> str:
    """Return a value of any depth as JSON, without recursion."""
    parts: list[str] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, _Token):
            parts.append(item)
        elif isinstance(item, dict):
            pending.extend(reversed(_object_pieces(item)))
        elif isinstance(item, list):
            pending.extend(reversed(_list_pieces(item)))
        else:
            parts.append(to_json(item).decode())
    return "".join(parts)


def _is_within(value: Json, levels: int) -> bool:
    """Return whether a value has at most `levels`; deeper levels are not visited."""
    containers: Iterable[Json] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(levels):
        containers = [
            member
            for container in containers
            for member in (container.values() if isinstance(container, dict) else container)
            if isinstance(member, _CONTAINERS)
        ]
        if not containers:
            return True
    return not containers


def _cut(value: Json, levels: int) -> Json:
    if not isinstance(value, _CONTAINERS):
        return value
    if levels <= 0:
        return json_text(value)
    if isinstance(value, dict):
        return {name: _cut(member, levels - 1) for name, member in value.items()}
    return [_cut(element, levels - 1) for element in value]


def _object_pieces(members: dict[str, Json]) -> list[Json]:
    pieces: list[Json] = [_Token("{")]
    for number, (name, member) in enumerate(members.items()):
        comma = "," if number else ""
        pieces += [_Token(f"{comma}{to_json(str(name)).decode()}:"), member]
    return [*pieces, _Token("}")]


def _list_pieces(elements: list[Json]) -> list[Json]:
    pieces: list[Json] = [_Token("[")]
    for number, element in enumerate(elements):
        pieces += [_Token(","), element] if number else [element]
    return [*pieces, _Token("]")]
