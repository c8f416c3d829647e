"""Convert values to the rows of the archive's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anthropic_audit.model import Coverage, Received, RequestMade
from anthropic_audit.times import EPOCH

from .columns import columns_of
from .maintenance import Removed
from .schema import ACTIVITIES, COVERAGE, DAY, EVENTS, REMOVALS, REQUESTS


@dataclass(frozen=True, slots=True)
class Events:
    """The events made from a batch of stored activities, one for each activity."""

    activities: pa.Table
    """Rows of `activities`, with `seq`, `feed`, `id`, `created_at` and `received_at` at least."""
    texts: Sequence[bytes]
    """The ECS documents as JSON."""
    is_known: Sequence[bool]
    """Whether the catalogue knew the activity's type and all of its fields."""
    catalogue_version: str


def activity_rows(received: Sequence[Received], first_seq: int) -> pa.Table:
    """Make rows of `activities`, numbered from `first_seq` on."""
    activities = [one.activity for one in received]
    columns = {
        "seq": pa.array(range(first_seq, first_seq + len(received)), pa.int64()),
        "feed": [one.feed for one in received],
        "id": [activity.id for activity in activities],
        "type": [activity.type for activity in activities],
        "created_at": [activity.created_at for activity in activities],
        "organization_id": [activity.organization_id for activity in activities],
        "raw": _binary([activity.raw for activity in activities]),
        "sha256": [activity.sha256 for activity in activities],
        "received_at": [one.received_at for one in received],
        "request_id": [one.request_id for one in received],
        "walk_id": [one.walk_id for one in received],
        "day": [activity.created_at.date() for activity in activities],
    }
    return pa.table(columns, schema=ACTIVITIES.schema)


def event_rows(events: Events) -> pa.Table:
    """Make rows of `events`; a value that does not fit its column stays in the document alone."""
    activities = events.activities
    created_at, received_at = activities.column("created_at"), activities.column("received_at")
    timestamp = pc.if_else(pc.equal(created_at, pa.scalar(EPOCH, created_at.type)), received_at, created_at)
    columns: dict[str, Any] = {
        **{name: activities.column(name) for name in ("seq", "feed", "id")},
        "timestamp": timestamp,
        "is_known": pa.array(events.is_known, pa.bool_()),
        "document": _texts(events.texts),
        "catalogue_version": pa.repeat(events.catalogue_version, activities.num_rows),
        DAY: pc.cast(timestamp, pa.date32()),
    }
    return pa.table(columns | columns_of(events.texts), schema=EVENTS.schema)


def coverage_rows(coverage: Coverage) -> pa.Table:
    """Make the row of `coverage` that records a walk."""
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
    """Make rows of `requests`."""
    columns = {
        "feed": [one.feed for one in requests],
        "request_id": [one.request_id for one in requests],
        "asked_at": [one.asked_at for one in requests],
        "status": [one.status for one in requests],
    }
    return pa.table(columns, schema=REQUESTS.schema)


def removal_rows(removed: Sequence[Removed], now: datetime) -> pa.Table:
    """Make rows of `removals`."""
    columns = {
        "of_day": [one.day for one in removed],
        "activities": [one.activities for one in removed],
        "lowest_seq": [one.lowest_seq for one in removed],
        "highest_seq": [one.highest_seq for one in removed],
        "removed_at": [now] * len(removed),
    }
    return pa.table(columns, schema=REMOVALS.schema)


def _binary(values: Sequence[bytes]) -> pa.Array:
    """Return a column of byte strings, with at most two copies of them in memory."""
    ends = pa.array([0, *accumulate(map(len, values))], pa.int32())
    return pa.Array.from_buffers(pa.binary(), len(values), [None, ends.buffers()[1], pa.py_buffer(b"".join(values))])


def _texts(texts: Sequence[bytes]) -> pa.Array:
    """Return a column of texts that are known to be UTF-8, without checking each."""
    ends = pa.array([0, *accumulate(map(len, texts))], pa.int64())
    column = pa.LargeStringArray.from_buffers(len(texts), ends.buffers()[1], pa.py_buffer(b"".join(texts)))
    return column.cast(pa.string())
