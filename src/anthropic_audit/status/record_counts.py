"""Count an archive's records of a period: activities, events, and activities that retention removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from anthropic_audit.archive.duck import translated

_SQL = """
SELECT
    (SELECT count(*) FROM activities WHERE created_at >= $since AND created_at < $until
        AND day BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)),
    (SELECT count(*) FROM events WHERE timestamp >= $since AND timestamp < $until
        AND day BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)),
    (SELECT coalesce(sum(activities), 0) FROM removals
        WHERE of_day BETWEEN CAST($since AS DATE) AND CAST($until AS DATE) AND of_day < $until)
"""


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """The numbers of records of a period."""

    activities: int
    """Number of stored activities, by their time of creation."""
    events: int
    removed: int
    """Number of activities that retention removed of the period's UTC days."""


def kept(connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> KeptRecords:
    """Count a period's records.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        row = connection.execute(_SQL, {"since": since, "until": until}).fetchall()[0]
    return KeptRecords(int(row[0]), int(row[1]), int(row[2]))
