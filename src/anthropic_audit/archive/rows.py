"""From values to the rows of the archive's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from keyword import iskeyword
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from anthropic_audit.model import Coverage, Purpose, Received, RequestMade, Window
from anthropic_audit.times import EPOCH

from .schema import ACTIVITIES, COVERAGE, DAY, EVENT_COLUMNS, EVENTS, REQUESTS


@dataclass(frozen=True, slots=True)
class Events:
    """What was made of a batch of stored activities, one for one."""

    activities: pa.Table
    """Rows of `activities`, with `seq`, `feed`, `id`, `created_at` and `received_at` at least."""
    texts: Sequence[bytes]
    """The ECS documents as JSON."""
    is_known: Sequence[bool]
    """Whether the catalogue knew all of the activity."""
    catalogue_version: str


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


def event_rows(events: Events) -> pa.Table:
    """Return rows of `events`; a value that does not fit its column stays in the document alone."""
    activities = events.activities
    created_at, received_at = activities.column("created_at"), activities.column("received_at")
    timestamp = pc.if_else(pc.equal(created_at, pa.scalar(EPOCH, created_at.type)), received_at, created_at)
    columns: dict[str, Any] = {
        **{name: activities.column(name) for name in ("seq", "feed", "id")},
        "timestamp": timestamp,
        "is_known": pa.array(events.is_known, pa.bool_()),
        "document": pa.array(events.texts, pa.string()),
        "catalogue_version": pa.repeat(events.catalogue_version, activities.num_rows),
        DAY: pc.cast(timestamp, pa.date32()),
    }
    return pa.table(columns | _columns(events.texts), schema=EVENTS.schema)


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
        "requests_limit": coverage.requests_limit,
        "requests_remaining": coverage.requests_remaining,
    }
    return pa.Table.from_pylist([row], schema=COVERAGE.schema)


def request_rows(requests: Sequence[RequestMade]) -> pa.Table:
    """Return rows of `requests`."""
    columns = {
        "feed": [one.feed for one in requests],
        "request_id": [one.request_id for one in requests],
        "asked_at": [one.asked_at for one in requests],
        "status": [one.status for one in requests],
    }
    return pa.table(columns, schema=REQUESTS.schema)


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
        requests_limit=row["requests_limit"],
        requests_remaining=row["requests_remaining"],
    )


def _columns(texts: Sequence[bytes]) -> dict[str, list[Any]]:
    """Return the columns that documents fill."""
    heads = [_head(text) for text in texts]
    return {name: list(map(attrgetter(_attribute(field)), heads)) for field, (name, _) in EVENT_COLUMNS.items()}


def _head(text: bytes) -> msgspec.Struct:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        return msgspec.convert(_fitting(msgspec.json.decode(text), _COLUMN_TREE), _Head)


def _fitting(document: object, tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a document what its columns can hold."""
    found: dict[str, Any] = {}
    members = document.items() if isinstance(document, dict) else ()
    for name, value in members:
        kind = tree.get(name)
        if isinstance(kind, dict):
            found[name] = _fitting(value, kind)
        elif kind is not None:
            with suppress(msgspec.ValidationError):
                found[name] = msgspec.convert(value, kind)
    return found


def _attribute(field: str) -> str:
    """Return a dotted name as attributes are named; `as` is a word of Python's own."""
    return ".".join(f"{name}_" if iskeyword(name) else name for name in field.split("."))


def _tree() -> dict[str, Any]:
    """Return the columns' fields as nested members, each with its type."""
    tree: dict[str, Any] = {}
    for field, (_, kind) in EVENT_COLUMNS.items():
        *path, member = field.split(".")
        place = tree
        for name in path:
            place = place.setdefault(name, {})
        place[member] = _KINDS[kind]
    return tree


def _struct(name: str, tree: Mapping[str, Any]) -> type[msgspec.Struct]:
    """Return a type that decodes these members of a document, and skips all others."""
    fields: list[tuple[str, Any, Any]] = []
    for member, kind in tree.items():
        inner = _struct(member, kind) if isinstance(kind, dict) else kind
        fields.append((_attribute(member), inner, inner() if isinstance(kind, dict) else None))
    names = {_attribute(member): member for member in tree}
    return msgspec.defstruct(name, fields, frozen=True, rename=names, gc=False)


_KINDS: Mapping[pa.DataType, Any] = {
    pa.string(): str | None,
    pa.list_(pa.string()): list[str] | None,
    pa.int64(): Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None,
}
_COLUMN_TREE = _tree()
_Head = _struct("Head", _COLUMN_TREE)
_decoder = msgspec.json.Decoder(_Head)
