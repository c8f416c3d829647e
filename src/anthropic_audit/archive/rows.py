"""From values to the rows of the archive's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from anthropic_audit.model import Coverage, Purpose, Received, Window

from .schema import ACTIVITIES, COVERAGE, EVENT_COLUMNS, EVENTS


@dataclass(frozen=True, slots=True)
class Event:
    """A normalized activity: its ECS document, and the same as JSON."""

    seq: int
    feed: str
    id: str
    timestamp: datetime
    is_known: bool
    document: Mapping[str, Any]
    text: bytes


def activity_rows(received: Sequence[Received], first_seq: int) -> pa.Table:
    """Return rows of `activities`, numbered from `first_seq` on."""
    activities = [one.activity for one in received]
    columns = {
        "seq": pa.array(range(first_seq, first_seq + len(received)), pa.int64()),
        "feed": [one.feed for one in received],
        "id": [activity.id for activity in activities],
        "type": [activity.type for activity in activities],
        "created_at": [activity.created_at for activity in activities],
        "organization_id": [activity.organization_id for activity in activities],
        "raw": [activity.raw for activity in activities],
        "sha256": [activity.sha256 for activity in activities],
        "received_at": [one.received_at for one in received],
        "request_id": [one.request_id for one in received],
        "walk_id": [one.walk_id for one in received],
        "day": [activity.created_at.date() for activity in activities],
    }
    return pa.table(columns, schema=ACTIVITIES.schema)


def event_rows(events: Sequence[Event], catalogue_version: str) -> pa.Table:
    """Return rows of `events`; a value that does not fit its column stays in the document alone."""
    columns: dict[str, Any] = {
        "seq": [event.seq for event in events],
        "feed": [event.feed for event in events],
        "id": [event.id for event in events],
        "timestamp": [event.timestamp for event in events],
        "is_known": [event.is_known for event in events],
        "document": [event.text for event in events],
        "catalogue_version": [catalogue_version] * len(events),
        "day": [event.timestamp.date() for event in events],
    }
    return pa.table(columns | _columns([event.document for event in events]), schema=EVENTS.schema)


def coverage_rows(coverage: Coverage) -> pa.Table:
    """Return the one row of `coverage` that records a walk."""
    row = {
        "feed": coverage.feed,
        "filters": coverage.filters,
        "from_time": coverage.window.start,
        "to_time": coverage.window.end,
        "purpose": coverage.purpose.value,
        "walk_id": coverage.walk_id,
        "walked_at": coverage.walked_at,
        "pages": coverage.pages,
        "activities": coverage.activities,
        "new": coverage.new,
        "first_id": coverage.first_id,
        "last_id": coverage.last_id,
        "request_id": coverage.request_id,
    }
    return pa.Table.from_pylist([row], schema=COVERAGE.schema)


def coverage_of(row: Mapping[str, Any]) -> Coverage:
    """Read a row of `coverage` back."""
    return Coverage(
        feed=row["feed"],
        filters=row["filters"],
        window=Window(row["from_time"].astimezone(UTC), row["to_time"].astimezone(UTC)),
        purpose=Purpose(row["purpose"]),
        walk_id=row["walk_id"],
        walked_at=row["walked_at"].astimezone(UTC),
        pages=row["pages"],
        activities=row["activities"],
        new=row["new"],
        first_id=row["first_id"],
        last_id=row["last_id"],
        request_id=row["request_id"],
    )


def _columns(documents: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array]:
    """Return the columns that documents fill: each object is opened once, for all of its columns."""
    columns: dict[str, list[Any]] = {name: [] for name, _ in EVENT_COLUMNS.values()}
    for path, members in _OBJECTS.items():
        places = [_object(document, path) for document in documents]
        for member, name, fitting in members:
            columns[name] = [fitting(place.get(member)) for place in places]
    return {name: _array(columns[name], kind) for name, kind in EVENT_COLUMNS.values()}


def _object(document: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    place: Any = document
    for name in path:
        place = place.get(name)
        if place.__class__ is not dict:
            return _NOTHING
    found: Mapping[str, Any] = place
    return found


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([_storable(value) for value in values], kind)


def _storable(value: Any) -> Any:  # noqa: ANN401 - a text, a list of them, or None
    """Replace lone surrogates, which JSON can carry and Parquet can't."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _text(value: object) -> str | None:
    return value if value.__class__ is str else None


def _texts(value: object) -> list[str] | None:
    if value is None:
        return None
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)] or None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LONG else None


_LONG = 2**63
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_FITTING: Mapping[pa.DataType, Callable[[object], object]] = {
    pa.string(): _text,
    pa.list_(pa.string()): _texts,
    pa.int64(): _number,
}


def _objects() -> dict[tuple[str, ...], list[tuple[str, str, Callable[[object], object]]]]:
    """Return, for each object of a document, its members that have a column."""
    objects: dict[tuple[str, ...], list[tuple[str, str, Callable[[object], object]]]] = {}
    for field, (name, kind) in EVENT_COLUMNS.items():
        *path, member = field.split(".")
        objects.setdefault(tuple(path), []).append((member, name, _FITTING[kind]))
    return objects


_OBJECTS = _objects()
