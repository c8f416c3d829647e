"""Count and list stored activities that were received again with other bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from anthropic_audit.archive.duck import translated

_COUNTS = """
SELECT feed, count(DISTINCT id) AS activities, count(*) AS texts, count(*) FILTER (is_same_content) AS same_content,
    max(received_at) AS last_at
FROM changed_activities GROUP BY feed ORDER BY feed
"""
_COLUMNS = """
seq, feed, id, stored_created_at, lower(hex(stored_sha256)) AS stored_sha256, created_at,
lower(hex(sha256)) AS sha256, is_same_content, received_at, request_id, walk_id
"""
_NEWEST = f"SELECT {_COLUMNS} FROM changed_activities ORDER BY received_at DESC, seq DESC LIMIT $limit"  # noqa: S608 - our own
_OF = f"SELECT {_COLUMNS}, raw FROM changed_activities WHERE seq = $seq ORDER BY received_at LIMIT $limit"  # noqa: S608 - our own
_MAX_TEXTS_OF_ACTIVITY = 20


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """The numbers of activities of one feed that were received again with other bytes."""

    feed: str
    activities: int
    texts: int
    """Number of different texts besides the stored ones."""
    same_content: int
    """Number of texts that differ from the stored ones in spelling only."""
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A text that was received under the id of an activity that is stored with another text."""

    seq: int
    """The number of the stored activity, and of its event."""
    feed: str
    id: str
    stored_created_at: datetime
    stored_sha256: str
    created_at: datetime
    sha256: str
    is_same_content: bool
    received_at: datetime
    request_id: str | None
    walk_id: str
    raw: bytes = b""
    """The bytes as received; empty if they were not requested."""

    @property
    def kind(self) -> str:
        """The kind of difference, in words."""
        return "spelling only" if self.is_same_content else "content"


def change_counts(connection: duckdb.DuckDBPyConnection) -> list[ChangeCounts]:
    """Count changed texts by the feed that received them; feeds without any are left out.

    Raises:
        ArchiveError: The archive can't be read.
    """
    return [ChangeCounts(**row) for row in _rows(connection, _COUNTS, {})]


def newest_changes(connection: duckdb.DuckDBPyConnection, limit: int) -> list[ChangedText]:
    """Return changed texts without their bytes, the newest first.

    Raises:
        ArchiveError: The archive can't be read.
    """
    return [ChangedText(**row) for row in _rows(connection, _NEWEST, {"limit": limit})]


def changes_of(connection: duckdb.DuckDBPyConnection, seq: int) -> list[ChangedText]:
    """Return the changed texts of one stored activity, oldest first, at most twenty.

    Raises:
        ArchiveError: The archive can't be read.
    """
    return [ChangedText(**row) for row in _rows(connection, _OF, {"seq": seq, "limit": _MAX_TEXTS_OF_ACTIVITY})]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, int]) -> Sequence[dict[str, Any]]:
    with translated():
        rows: list[dict[str, Any]] = connection.sql(query, params=parameters or None).to_arrow_table().to_pylist()
    return [
        {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]
