"""How each feed stands: what is covered, what is missing, when it was walked last, what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from anthropic_audit.model import Coverage
from anthropic_audit.plan import Spans

from .run import translated

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records an archive holds."""

    activities: Mapping[str, int]
    """By feed."""
    events: int

    @property
    def not_normalized(self) -> int:
        """Activities that have no event yet; none in a damaged archive that has fewer activities than events."""
        return max(0, sum(self.activities.values()) - self.events)


@dataclass(frozen=True, slots=True)
class Standing:
    """One feed under one set of filters."""

    feed: str
    filters: str
    covered: Spans
    last_walk: Coverage
    walks: int
    new: int
    """Activities that these walks were the first to bring."""
    repeated: int
    """Activities that these walks brought again: overlap, repeated deliveries."""
    requests_last_minute: int
    requests_last_hour: int

    def lag(self, now: datetime) -> timedelta:
        """Return how far the coverage's end lies behind now."""
        return max(timedelta(0), now - self.last_covered)

    @property
    def last_covered(self) -> datetime:
        """Where the coverage ends."""
        return self.covered.windows[-1].end


def standings(walks: Iterable[Coverage], now: datetime) -> list[Standing]:
    """Sum up finished walks by feed and filters, in the order of their names.

    Requests are those of finished walks, each counted when its walk ended.
    """
    groups: dict[tuple[str, str], list[Coverage]] = {}
    for walk in walks:
        groups.setdefault((walk.feed, walk.filters), []).append(walk)
    return [_standing(groups[key], now) for key in sorted(groups)]


def count(connection: duckdb.DuckDBPyConnection) -> Counts:
    """Count an archive's records.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        found = connection.execute("SELECT feed, count(*) FROM activities GROUP BY feed ORDER BY feed").fetchall()
        events = connection.execute("SELECT count(*) FROM events").fetchall()[0][0]
    return Counts(dict(found), events)


def _standing(walks: Sequence[Coverage], now: datetime) -> Standing:
    return Standing(
        feed=walks[0].feed,
        filters=walks[0].filters,
        covered=Spans.of(walk.window for walk in walks),
        last_walk=max(walks, key=lambda walk: walk.walked_at),
        walks=len(walks),
        new=sum(walk.new for walk in walks),
        repeated=sum(walk.activities - walk.new for walk in walks),
        requests_last_minute=_requests(walks, now - _MINUTE),
        requests_last_hour=_requests(walks, now - _HOUR),
    )


def _requests(walks: Iterable[Coverage], since: datetime) -> int:
    return sum(walk.pages for walk in walks if walk.walked_at >= since)
