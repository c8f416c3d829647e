"""Summarize each sink: its position, its speed, and its rejections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from anthropic_audit.archive import delivery_of, rejection_of
from anthropic_audit.archive.duck import translated
from anthropic_audit.model import Delivery, DeliveryPurpose, Rejection

_HOUR = timedelta(hours=1)
_SUMS = """
SELECT sink, max(last_seq) FILTER (errand = 'follow') AS position, CAST(sum(created) AS BIGINT) AS created,
    CAST(sum(existing) AS BIGINT) AS existing, CAST(sum(dropped) AS BIGINT) AS dropped, max(finished_at) AS last_at
FROM deliveries GROUP BY sink ORDER BY sink
"""
_RECENT = "SELECT * FROM deliveries WHERE finished_at > $since ORDER BY finished_at"
_BEHIND = "SELECT count(*) AS events, min(timestamp) AS oldest FROM events WHERE seq > $position"
_REJECTED = """
SELECT * FROM (SELECT DISTINCT ON (sink, seq) * FROM rejected ORDER BY sink, seq, recorded_at DESC, is_resolved DESC)
WHERE NOT is_resolved AND sink = coalesce($sink, sink) ORDER BY sink, seq
"""


@dataclass(frozen=True, slots=True)
class SinkStanding:
    """The state of one sink."""

    sink: str
    position: int
    """The `seq` up to which every event is settled."""
    behind: int
    """Number of events after the position."""
    oldest: datetime | None
    """The time of the oldest event after the position."""
    created: int
    existing: int
    dropped: int
    rejected: int
    rate: float | None
    """Events per second of delivery in the last hour; None without deliveries."""
    last_at: datetime | None


def sink_standings(connection: duckdb.DuckDBPyConnection, names: Iterable[str], now: datetime) -> list[SinkStanding]:
    """Return the state of the named sinks, and of all others that have deliveries.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        found = {row["sink"]: row for row in connection.sql(_SUMS).to_arrow_table().to_pylist()}
        rows = connection.sql(_RECENT, params={"since": now - _HOUR}).to_arrow_table().to_pylist()
    recent_deliveries = [delivery_of(row) for row in rows]
    rejected_events = rejections(connection)
    return [
        _standing(
            connection,
            name,
            sums=found.get(name, {}),
            recent_deliveries=recent_deliveries,
            rejected_events=rejected_events,
        )
        for name in dict.fromkeys([*names, *found])
    ]


def rejections(connection: duckdb.DuckDBPyConnection, sink: str | None = None) -> list[Rejection]:
    """Return the unresolved rejections of all sinks, or of one sink.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        rows = connection.sql(_REJECTED, params={"sink": sink}).to_arrow_table().to_pylist()
    return [rejection_of(row) for row in rows]


def _standing(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    sums: Mapping[str, object],
    recent_deliveries: Sequence[Delivery],
    rejected_events: Sequence[Rejection],
) -> SinkStanding:
    position = _number(sums.get("position"))
    with translated():
        (behind,) = connection.sql(_BEHIND, params={"position": position}).to_arrow_table().to_pylist()
    last_at = sums.get("last_at")
    return SinkStanding(
        sink=name,
        position=position,
        behind=behind["events"],
        oldest=behind["oldest"] and behind["oldest"].astimezone(UTC),
        created=_number(sums.get("created")),
        existing=_number(sums.get("existing")),
        dropped=_number(sums.get("dropped")),
        rejected=sum(one.sink == name for one in rejected_events),
        rate=_rate([one for one in recent_deliveries if one.sink == name and one.errand is DeliveryPurpose.FOLLOW]),
        last_at=last_at.astimezone(UTC) if isinstance(last_at, datetime) else None,
    )


def _rate(deliveries: Sequence[Delivery]) -> float | None:
    seconds = sum((one.finished_at - one.started_at).total_seconds() for one in deliveries)
    return sum(one.events for one in deliveries) / seconds if seconds > 0 else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
