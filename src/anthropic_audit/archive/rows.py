"""From values to the rows of the archive's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
    for field, (name, kind) in EVENT_COLUMNS.items():
        fitting, path = _FITTING[kind], field.split(".")
        columns[name] = [fitting(_at(event.document, path)) for event in events]
    return pa.table(columns, schema=EVENTS.schema)


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


def _at(document: Mapping[str, Any], path: Sequence[str]) -> object:
    found: Any = document
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _text(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _texts(value: object) -> list[str] | None:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(_text, values) if text is not None] or None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


_FITTING: Mapping[pa.DataType, Callable[[object], object]] = {
    pa.string(): _text,
    pa.list_(pa.string()): _texts,
    pa.int64(): _number,
}
