"""How our own requests were answered lately, and which days had late finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from anthropic_audit.archive.duck import translated
from anthropic_audit.model import Coverage, Purpose

SPAN = timedelta(hours=24)
"""How far back answers are counted."""

_ANSWERS = """
SELECT feed, status, count(*) AS requests, max(asked_at) AS last_at FROM requests
WHERE asked_at >= $since GROUP BY feed, status ORDER BY feed, status
"""
_LATE = """
SELECT feed, day, count(*) AS activities FROM activities
WHERE day BETWEEN CAST($first AS DATE) AND CAST($last AS DATE) AND walk_id IN (SELECT unnest($walks)) GROUP BY feed, day
"""


@dataclass(frozen=True, slots=True)
class RequestOutcomes:
    """A feed's requests of the last day that were answered alike."""

    feed: str
    status: int
    """The HTTP status."""
    requests: int
    last_at: datetime

    @property
    def is_refusal(self) -> bool:
        """True of anything but a page."""
        return self.status != 200  # noqa: PLR2004 - the status of a page


def answers(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[RequestOutcomes]:
    """Return how the requests of the last day were answered, by feed and status; those that got no answer are not told.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        rows = connection.sql(_ANSWERS, params={"since": now - SPAN}).to_arrow_table().to_pylist()
    return [
        RequestOutcomes(row["feed"], row["status"], row["requests"], row["last_at"].astimezone(UTC)) for row in rows
    ]


def late_finds(
    connection: duckdb.DuckDBPyConnection, walks: Iterable[Coverage], since: datetime
) -> Mapping[tuple[str, date], int]:
    """Count the activities that only reconciling brought, by feed and the UTC day on which they were created.

    Args:
        connection: To the archive.
        walks: All finished walks; those that read claimed time again and found something new are looked at.
        since: Walks of windows that ended before are left out.

    Raises:
        ArchiveError: The archive can't be read.
    """
    found = [one for one in walks if one.purpose is Purpose.RECONCILE and one.new and one.window.end >= since]
    if not found:
        return {}
    asked = {
        "first": min(one.window.start for one in found).date(),
        "last": max(one.window.end for one in found).date(),
        "walks": [one.walk_id for one in found],
    }
    with translated():
        rows = connection.sql(_LATE, params=asked).to_arrow_table().to_pylist()
    return {(row["feed"], row["day"]): row["activities"] for row in rows}
