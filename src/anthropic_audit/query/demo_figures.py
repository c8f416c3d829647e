"""Figures of an archive for the demo: events per day, their places, and the most frequent values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from anthropic_audit.archive.duck import translated

from .fields import COLUMNS, FieldKind


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map, in degrees, and the number of events from it."""

    latitude: float
    longitude: float
    country: str
    events: int


def on_the_map(connection: duckdb.DuckDBPyConnection) -> Sequence[Spot]:
    """Count events by the place of their address, most frequent first; events without a place are left out.

    Raises:
        ArchiveError: The archive can't be read.
    """
    place = "json_extract(document, ['$.source.geo.location.lat', '$.source.geo.location.lon'])"
    sql = (
        f"SELECT CAST(place[1] AS DOUBLE), CAST(place[2] AS DOUBLE), country, count(*) AS times FROM (SELECT {place} "  # noqa: S608 - our own text
        "AS place, coalesce(json_extract_string(document, '$.source.geo.country_name'), '') AS country FROM events) "
        "WHERE place[1] IS NOT NULL AND place[2] IS NOT NULL GROUP BY ALL ORDER BY times DESC, 1, 2"
    )
    with translated():
        return [Spot(*row) for row in connection.execute(sql).fetchall()]


def per_day(connection: duckdb.DuckDBPyConnection) -> Sequence[tuple[date, int]]:
    """Count events by UTC day, including days without events between the first and the last day.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        found = dict(connection.execute("SELECT day, count(*) FROM events GROUP BY day").fetchall())
    if not found:
        return []
    first, last = min(found), max(found)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [(day, found.get(day, 0)) for day in days]


def most_frequent(connection: duckdb.DuckDBPyConnection, field: str, limit: int) -> Sequence[tuple[str, int]]:
    """Count the values of a field that has a column, most frequent first, then by name.

    Raises:
        ArchiveError: The archive can't be read.
    """
    column = COLUMNS[field]
    value = f"unnest({column.name})" if column.kind is FieldKind.TEXTS else f"CAST({column.name} AS VARCHAR)"
    sql = (
        f"SELECT value, count(*) AS times FROM (SELECT {value} AS value FROM events) "  # noqa: S608 - our own text
        f"WHERE value IS NOT NULL GROUP BY value ORDER BY times DESC, value LIMIT {limit:d}"
    )
    with translated():
        return connection.execute(sql).fetchall()
