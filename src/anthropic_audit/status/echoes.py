"""Measure echoes: each of our requests returns as an activity of the feed that it was sent to.

The vendor records every request to the Compliance API as `compliance_api_accessed`, with the `request-id` of its
response (Compliance API, Activity Feed). An echo therefore proves the path from an access to our archive, end to end,
and its delay can be measured. If no request returns, the feed is silent or broken, which an alarm on missing events
can't distinguish from a quiet day. And a request under one of our keys that we did not send came from another holder of
the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from anthropic_audit.archive.duck import translated
from anthropic_audit.model import Filters
from anthropic_audit.settings import FeedSettings

TYPE = "compliance_api_accessed"

SPAN = timedelta(hours=24)
"""How long before now requests are considered."""

GRACE = timedelta(minutes=10)
"""How long an echo may take before it counts as missing."""

_Row = Mapping[str, Any]

_RECENT = """
CREATE OR REPLACE TEMP TABLE accesses AS
SELECT e.timestamp AS at, a.received_at, e.source_ip, e.user_agent_original AS user_agent,
    e.http_response_status_code AS status, e.url_path AS path,
    json_extract_string(e.document, '$.http.request.id') AS request_id,
    coalesce(e.actor_api_key_id, e.actor_admin_api_key_id) AS key, e.actor_name AS who
FROM events e JOIN activities a ON a.seq = e.seq AND a.day >= $day
WHERE e.event_action = 'compliance_api_accessed' AND e.day >= $day AND e.timestamp >= $since
"""
"""Reading documents takes longest, so it is done once for all three queries."""

_ECHOES = """
WITH covered AS (SELECT feed, max(to_time) AS covered_to FROM coverage GROUP BY feed),
asked AS (
    SELECT r.feed, r.asked_at, min(x.received_at) AS heard_at
    FROM requests r JOIN covered c ON c.feed = r.feed AND r.asked_at < c.covered_to
    LEFT JOIN accesses x ON x.request_id = r.request_id
    WHERE r.status = 200 AND r.asked_at >= $since AND r.asked_at < $until
    GROUP BY r.feed, r.request_id, r.asked_at
)
SELECT feed, count(*) AS asked, count(heard_at) AS heard, max(asked_at) FILTER (heard_at IS NOT NULL) AS last_heard,
    median(epoch_us(heard_at) - epoch_us(asked_at)) AS typical, max(epoch_us(heard_at) - epoch_us(asked_at)) AS longest
FROM asked GROUP BY feed ORDER BY feed
"""
_OURS = """
WITH ours AS (
    SELECT DISTINCT x.key, x.user_agent, x.source_ip FROM accesses x JOIN requests r ON r.request_id = x.request_id
)
"""
_FOREIGN_REQUESTS = (
    _OURS  # noqa: S608 - our own text
    + """
SELECT x.at, x.key, x.source_ip, x.user_agent, x.status, x.path, x.request_id FROM accesses x
WHERE x.key IN (SELECT key FROM ours) AND x.request_id NOT IN (SELECT request_id FROM requests)
    AND NOT EXISTS (
        SELECT 1 FROM ours o WHERE o.key = x.key AND o.source_ip IS NOT DISTINCT FROM x.source_ip
            AND o.user_agent IS NOT DISTINCT FROM x.user_agent
    )
ORDER BY x.at
"""
)
_KEY_HOLDERS = (
    _OURS  # noqa: S608 - our own text
    + """
SELECT coalesce(x.who, x.key, 'unknown') AS who, coalesce(x.user_agent, '') AS user_agent, count(*) AS requests,
    bool_or(EXISTS (
        SELECT 1 FROM ours o WHERE o.key = x.key AND o.source_ip IS NOT DISTINCT FROM x.source_ip
            AND o.user_agent IS NOT DISTINCT FROM x.user_agent
    )) AS is_ours
FROM accesses x GROUP BY ALL ORDER BY requests DESC, who, user_agent
"""
)


@dataclass(frozen=True, slots=True)
class Echo:
    """The number of a feed's requests in covered time, and of those whose echo was received."""

    feed: str
    asked: int
    heard: int
    last_heard: datetime | None
    typical: timedelta | None
    """The median time from a request until its echo was received."""
    longest: timedelta | None

    @property
    def is_silent(self) -> bool:
        """True if there were requests, and no echo."""
        return self.asked > 0 and self.heard == 0


@dataclass(frozen=True, slots=True)
class Stranger:
    """A foreign request: one under our keys, neither recorded nor from an address and program of ours."""

    at: datetime
    key: str
    source_ip: str | None
    user_agent: str | None
    status: int | None
    path: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Spender:
    """A holder of a key, and the number of its requests, which count against the organization's budget."""

    who: str
    user_agent: str
    requests: int
    is_ours: bool


def can_hear(filters: Filters) -> bool:
    """Return whether a feed with these filters can deliver the accesses of API keys."""
    if filters.actor_ids or TYPE in filters.exclude_activity_types:
        return False
    return not filters.activity_types or TYPE in filters.activity_types


@dataclass(frozen=True, slots=True)
class Accesses:
    """The requests to the Compliance API in the last day, as the feed reports them."""

    echoes: Sequence[Echo]
    """The echoes of our requests, by feed."""
    strangers: Sequence[Stranger]
    """Foreign requests: those under our keys that we did not send, oldest first.

    A request from our own address by our own program counts as ours even if it is not recorded, since a crash loses
    the record of a minute.
    """
    spenders: Sequence[Spender]
    """The holders of keys by number of requests, highest first."""


def accesses(connection: duckdb.DuckDBPyConnection, now: datetime, feeds: Iterable[FeedSettings] = ()) -> Accesses:
    """Find the last day's requests in the feed; the connection keeps a temporary table of them.

    Feeds whose filters leave out such activities get no echoes, and are left out of the result.

    Raises:
        ArchiveError: The archive can't be read.
    """
    since = {"since": now - SPAN}
    with translated():
        connection.execute(_RECENT, {**since, "day": (now - SPAN).date()})
        echoes = [_echo(row) for row in _rows(connection, _ECHOES, {**since, "until": now - GRACE})]
        deaf = {feed.name for feed in feeds if not can_hear(feed.filters)}
        echoes = [one for one in echoes if one.feed not in deaf]
        strangers = [
            Stranger(**{**row, "at": row["at"].astimezone(UTC)}) for row in _rows(connection, _FOREIGN_REQUESTS)
        ]
        return Accesses(echoes, strangers, [Spender(**row) for row in _rows(connection, _KEY_HOLDERS)])


def _echo(row: _Row) -> Echo:
    last_heard = row["last_heard"] and row["last_heard"].astimezone(UTC)
    return Echo(row["feed"], row["asked"], row["heard"], last_heard, _span(row["typical"]), _span(row["longest"]))


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object] | None = None
) -> list[_Row]:
    rows: list[_Row] = connection.sql(sql, params=parameters).to_arrow_table().to_pylist()
    return rows


def _span(microseconds: float | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)
