"""The status of each feed: what is configured, covered and missing, and one state that all views agree on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import duckdb

from anthropic_audit.archive.duck import translated
from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import Spans
from anthropic_audit.settings import FeedSettings

FeedKey = tuple[str, str]
"""A feed's name and the key of its filters: coverage belongs to both."""

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_NOTHING = Spans()


class FeedState(StrEnum):
    """The state of a feed under one set of filters."""

    CURRENT = "current"
    """Its coverage ends no longer ago than its limit (`FeedSettings.lag_limit`)."""
    BEHIND = "behind"
    """Its coverage ends longer ago than that."""
    NEVER_COLLECTED = "never collected"
    """It is configured, and no walk with its filters has finished."""
    RETIRED = "retired"
    """It is no longer configured with these filters; its coverage stays as it is."""


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """The numbers of records in an archive."""

    activities: Mapping[str, int]
    """The number of activities by feed."""
    events: int

    @property
    def not_normalized(self) -> int:
        """Activities that have no event yet; 0 in a damaged archive that has fewer activities than events."""
        return max(0, sum(self.activities.values()) - self.events)


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """One feed under one set of filters."""

    feed: str
    filters: str
    """The key of its filters (`Filters.key`)."""
    state: FeedState
    now: datetime
    lag_limit: timedelta
    """The feed counts as behind if its lag is greater."""
    covered: Spans = _NOTHING
    last_walk: Coverage | None = None
    """The walk that finished last, or None."""
    walks: int = 0
    new: int = 0
    """Number of activities that its walks stored."""
    repeated: int = 0
    """Number of activities that its walks received and that were stored already."""
    requests_last_minute: int = 0
    requests_last_hour: int = 0

    @property
    def key(self) -> FeedKey:
        """The feed's name and the key of its filters."""
        return self.feed, self.filters

    @property
    def is_configured(self) -> bool:
        """True if the settings have a feed of this name with these filters."""
        return self.state is not FeedState.RETIRED

    @property
    def lag(self) -> timedelta | None:
        """The time from the end of the coverage to now; None if nothing is covered."""
        return lag_of(self.covered, self.now)

    @property
    def holes(self) -> tuple[Window, ...]:
        """The uncovered windows inside the coverage."""
        return self.covered.holes.windows


def feed_state(covered: Spans, lag_limit: timedelta, now: datetime) -> FeedState:
    """Return the state of a configured feed."""
    lag = lag_of(covered, now)
    if lag is None:
        return FeedState.NEVER_COLLECTED
    return FeedState.BEHIND if lag > lag_limit else FeedState.CURRENT


def lag_of(covered: Spans, now: datetime) -> timedelta | None:
    """Return the time from the end of a coverage to now, at least zero; None if nothing is covered."""
    return None if covered.end is None else max(timedelta(0), now - covered.end)


def feed_statuses(walks: Iterable[Coverage], feeds: Sequence[FeedSettings], now: datetime) -> list[FeedStatus]:
    """Return the status of each feed that is configured or was ever collected, by name and filters.

    Requests are those of finished walks, counted at the end of each walk.

    Args:
        walks: The finished walks of an archive.
        feeds: The configured feeds. If there are none (the archive of another machine), the filters of each feed's
            last walk count as configured, with default settings.
        now: The time at which the states apply.
    """
    groups = walks_by_feed(walks)
    limits = lag_limits(groups, feeds)
    return [_status(key, groups.get(key, []), limits.get(key), now) for key in sorted(groups.keys() | limits.keys())]


def walks_by_feed(walks: Iterable[Coverage]) -> dict[FeedKey, list[Coverage]]:
    """Return the walks of each feed under each set of filters."""
    groups: dict[FeedKey, list[Coverage]] = {}
    for walk in walks:
        groups.setdefault((walk.feed, walk.filters), []).append(walk)
    return groups


def lag_limits(
    walks: Mapping[FeedKey, Sequence[Coverage]], feeds: Sequence[FeedSettings]
) -> Mapping[FeedKey, timedelta]:
    """Return the lag limit of each configured feed, above which the feed is behind; see `feed_statuses`."""
    if not feeds:
        return dict.fromkeys(_newest(walks), FeedSettings(name="default").lag_limit)
    return {(feed.name, feed.filters.key()): feed.lag_limit for feed in feeds}


def count_records(connection: duckdb.DuckDBPyConnection) -> RecordCounts:
    """Count the records of an archive.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        found = connection.execute("SELECT feed, count(*) FROM activities GROUP BY feed ORDER BY feed").fetchall()
        events = connection.execute("SELECT count(*) FROM events").fetchall()[0][0]
    return RecordCounts(dict(found), events)


def _newest(groups: Mapping[FeedKey, Sequence[Coverage]]) -> Iterable[FeedKey]:
    """Return the filters of each feed's last walk."""
    newest: dict[str, tuple[datetime, FeedKey]] = {}
    for key, walks in groups.items():
        found = (max(walk.walked_at for walk in walks), key)
        newest[key[0]] = max(newest.get(key[0], found), found)
    return [key for _, key in newest.values()]


def _status(key: FeedKey, walks: Sequence[Coverage], lag_limit: timedelta | None, now: datetime) -> FeedStatus:
    covered = Spans.of(walk.window for walk in walks)
    return FeedStatus(
        feed=key[0],
        filters=key[1],
        state=FeedState.RETIRED if lag_limit is None else feed_state(covered, lag_limit, now),
        now=now,
        lag_limit=timedelta.max if lag_limit is None else lag_limit,
        covered=covered,
        last_walk=max(walks, key=lambda walk: walk.walked_at, default=None),
        walks=len(walks),
        new=sum(walk.new for walk in walks),
        repeated=sum(walk.activities - walk.new for walk in walks),
        requests_last_minute=_requests(walks, now - _MINUTE),
        requests_last_hour=_requests(walks, now - _HOUR),
    )


def _requests(walks: Iterable[Coverage], since: datetime) -> int:
    return sum(walk.pages for walk in walks if walk.walked_at >= since)
