"""Count the responses to our own requests of the last day, and activities that only reconciling found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from anthropic_audit.archive.duck import translated
from anthropic_audit.model import Coverage, Purpose

SPAN = timedelta(hours=24)
"""How long before now responses are counted."""

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
    """A feed's requests of the last day that had the same response status."""

    feed: str
    status: int
    """The HTTP status."""
    requests: int
    last_at: datetime

    @property
    def is_refusal(self) -> bool:
        """True for every status but that of a page."""
        return self.status != 200  # noqa: PLR2004 - the status of a page


def answers(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[RequestOutcomes]:
    """Count the requests of the last day by feed and status; requests without a response are left out.

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
    """Count the activities that only reconciling found, by feed and the UTC day of their creation.

    Args:
        connection: A connection to the archive.
        walks: All finished walks; of these, reconciling walks that found new activities are used.
        since: Walks whose window ended before are left out.

    Raises:
        ArchiveError: The archive can't be read.
    """
    found = [one for one in walks if one.purpose is Purpose.RECONCILE and one.new and one.window.end >= since]
    if not found:
        return {}
    parameters = {
        "first": min(one.window.start for one in found).date(),
        "last": max(one.window.end for one in found).date(),
        "walks": [one.walk_id for one in found],
    }
    with translated():
        rows = connection.sql(_LATE, params=parameters).to_arrow_table().to_pylist()
    return {(row["feed"], row["day"]): row["activities"] for row in rows}
