"""The `events` of a small archive, made with the archive's own functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest

from anthropic_audit.archive.duck import connect
from anthropic_audit.archive.rows import Events, event_rows
from anthropic_audit.times import format_time

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

DOCUMENTS: dict[str, dict[str, Any]] = {
    "signed in": {
        "event": {"action": "sso_login_succeeded", "category": ["authentication"], "outcome": "success"},
        "user": {"email": "alice@acme.example", "name": "alice", "id": "user_a"},
        "source": {"ip": "10.1.2.3"},
        "related": {"user": ["alice@acme.example", "user_a"], "ip": ["10.1.2.3"]},
        "http": {"response": {"status_code": 200}},
        "anthropic": {"audit": {"actor": {"type": "user_actor"}}},
    },
    "failed": {
        "event": {
            "action": "sso_login_failed",
            "category": ["authentication"],
            "outcome": "failure",
            "original": '{"claude_file_id":"in the text as received"}',
        },
        "user": {"email": "bob_x@acme.example", "name": "bob_x"},
        "source": {"ip": "2001:db8::7"},
        "related": {"user": ["bob_x@acme.example"]},
        "http": {"response": {"status_code": 403}},
        "anthropic": {
            "audit": {
                "actor": {"type": "unauthenticated_user_actor"},
                "metadata": {"tries": 12, "kind": 'Zoë "Q" 100%', "deep": [{"er": "v1"}, {"er": "v2"}]},
                "scopes": ["read:all", "write:all"],
            }
        },
    },
    "key made": {
        "event": {"action": "api_key_created", "category": ["iam", "configuration"], "outcome": "success"},
        "user": {
            "email": "alice@acme.example",
            "name": "alice",
            "id": "user_a",
            "target": {"email": "bob_x@acme.example"},
        },
        "source": {"ip": "192.0.2.10"},
        "anthropic": {"audit": {"actor": {"type": "user_actor"}, "claude_file_id": "file_1", "scopes": ["read:all"]}},
    },
}


def at(name: str) -> datetime:
    """Give each document a time, one day apart, the last document the newest."""
    names = list(DOCUMENTS)
    return NOW - timedelta(days=len(names) - 1 - names.index(name), hours=1)


def stored() -> Events:
    documents = [{"@timestamp": format_time(at(name)), **document} for name, document in DOCUMENTS.items()]
    activities = {
        "seq": list(range(1, len(documents) + 1)),
        "feed": ["acme"] * len(documents),
        "id": [f"activity_{seq}" for seq in range(1, len(documents) + 1)],
        "created_at": pa.array([at(name) for name in DOCUMENTS], pa.timestamp("us", tz="UTC")),
        "received_at": pa.array([NOW] * len(documents), pa.timestamp("us", tz="UTC")),
    }
    return Events(pa.table(activities), list(map(orjson.dumps, documents)), [True] * len(documents), "2026.11.1")


@pytest.fixture
def archive() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.register("events_rows", event_rows(stored()))
        connection.execute("CREATE TABLE events AS SELECT * FROM events_rows")
        yield connection


@pytest.fixture
def names_of() -> Callable[[int], str]:
    return lambda seq: list(DOCUMENTS)[seq - 1]
