"""The activities of an archive that are compared with the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest

from anthropic_audit.archive.duck import connect
from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.drift import watched_types
from anthropic_audit.errors import ArchiveError
from anthropic_audit.status.catalogue_drift import compare

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = "claude_chat_created"
API = {"type": "api_actor", "api_key_id": "k", "ip_address": "192.0.2.1", "user_agent": "curl/8"}

STORED: list[tuple[dict[str, Any], bool | None]] = [
    ({"type": PLAIN, "claude_chat_id": "c"}, True),
    ({"type": PLAIN, "claude_chat_id": "c", "mood": 1}, False),
    ({"type": "compliance_api_accessed", "request_method": "BREW"}, True),
    ({"type": "claude_orbit_created"}, True),
    ({"type": PLAIN, "actor": {"type": "federated_actor", "provider": {"type": "moon"}}}, True),
    ({"type": PLAIN, "claude_chat_id": "c", "colour": "red"}, None),
]
"""Activities, each with the flag of its event: known, not known, or no event yet."""


@pytest.fixture
def archive() -> Iterator[duckdb.DuckDBPyConnection]:
    rows, events = [], []
    for seq, (fields, is_known) in enumerate(STORED, start=1):
        activity = {"id": f"activity_{seq}", "created_at": NOW.isoformat(), "actor": API, **fields}
        when = NOW - timedelta(days=len(STORED) - seq)
        row = {"seq": seq, "id": activity["id"], "type": fields["type"], "created_at": when, "day": when.date()}
        rows.append({**row, "raw": orjson.dumps(activity)})
        if is_known is not None:
            events.append({"seq": seq, "is_known": is_known, "actor_type": activity["actor"]["type"]})
    with connect() as connection:
        for name, table in (("activities", rows), ("events", events)):
            connection.register(f"{name}_rows", pa.Table.from_pylist(table))
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")  # noqa: S608 - our own names
        yield connection


def found(connection: duckdb.DuckDBPyConnection, since: datetime | None = None) -> list[tuple[str, str]]:
    compared = compare(connection, load(), since, None)
    return sorted((one.example_id, one.key.value or one.key.name) for one in compared.drift.sightings)


def test_everything_that_can_hold_something_new_is_compared(archive: duckdb.DuckDBPyConnection) -> None:
    assert found(archive) == [
        ("activity_2", "mood"),
        ("activity_3", "BREW"),
        ("activity_4", "claude_orbit_created"),
        ("activity_5", "moon"),
        ("activity_6", "colour"),
    ]


def test_what_an_event_knew_is_not_read_again(archive: duckdb.DuckDBPyConnection) -> None:
    compared = compare(archive, load(), None, None)

    assert PLAIN not in watched_types(load())
    assert (compared.activities, compared.drift.activities) == (6, 5)


def test_only_a_span_is_compared(archive: duckdb.DuckDBPyConnection) -> None:
    assert found(archive, NOW - timedelta(hours=36)) == [("activity_5", "moon"), ("activity_6", "colour")]
    assert compare(archive, load(), NOW - timedelta(days=3), NOW - timedelta(days=1)).activities == 2


def test_bytes_that_are_no_json_are_counted(archive: duckdb.DuckDBPyConnection) -> None:
    archive.execute("UPDATE activities SET raw = 'no json'::BLOB WHERE seq = 3")

    assert compare(archive, load(), None, None).drift.unreadable == 1


def test_an_archive_that_can_not_be_read_says_so(archive: duckdb.DuckDBPyConnection) -> None:
    archive.execute("DROP TABLE events")

    with pytest.raises(ArchiveError, match="can't be searched"):
        compare(archive, load(), None, None)
