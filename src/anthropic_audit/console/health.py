"""Data of the page "Feed health": coverage, responses, echoes, gaps, followers, and the problems found in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import duckdb

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.archive.schema import TABLES
from anthropic_audit.model import Coverage
from anthropic_audit.settings import FeedSettings, Settings
from anthropic_audit.status import (
    FeedGap,
    FeedState,
    FeedStatus,
    RecordCounts,
    count_records,
    current_gaps,
    feed_statuses,
)
from anthropic_audit.status.changed_repeats import ChangeCounts, ChangedText, change_counts, newest_changes
from anthropic_audit.status.echoes import Accesses, Echo, accesses, can_hear
from anthropic_audit.status.requests import RequestOutcomes, answers, late_finds
from anthropic_audit.status.sinks import SinkStanding, sink_standings
from anthropic_audit.times import format_duration

from .coverage_calendar import Calendar, calendar, first_day

_RECENT_CHANGE: Final = timedelta(days=7)
"""How long after its last changed repeat a feed counts as a problem; the repeats stay listed."""
_LISTED_CHANGES: Final = 20


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """The state of one feed under one set of filters."""

    status: FeedStatus
    activities: int
    echo: Echo | None
    """The feed's echoes; None if its filters exclude them, or none is due yet."""
    answers: Sequence[RequestOutcomes]
    calendar: Calendar

    @property
    def filters(self) -> str:
        """The feed's filters as JSON; empty if it has none."""
        return "" if self.status.filters == "{}" else self.status.filters

    @property
    def holes(self) -> int:
        """Number of holes in the feed's coverage."""
        return len(self.status.holes)

    @property
    def refused(self) -> Sequence[tuple[str, int, datetime]]:
        """Error responses of the last day: status with its name, number of requests, and time of the last one."""
        return [(_status(one.status), one.requests, one.last_at) for one in self.answers if one.is_refusal]

    @property
    def problems(self) -> Iterator[str]:
        """Problems of the feed that need an operator's attention, a sentence each."""
        name, lag = self.status.feed, self.status.lag
        if self.status.state is FeedState.BEHIND and lag is not None:
            yield f"{name} is {format_duration(lag)} behind: check that a collector is running, and read its log"
        if self.holes:
            yield f"{name} has {self.holes} hole{'s' if self.holes > 1 else ''} in its coverage, listed below"
        if self.echo is not None and self.echo.is_silent:
            yield f"{name} is silent: no echo of {self.echo.asked:,} requests in the last 24 hours was received"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of all feeds, sinks and tables at one time."""

    now: datetime
    folder: Path
    feeds: Sequence[FeedHealth]
    never: Sequence[str]
    """Names of configured feeds that were never collected with their filters."""
    gaps: Sequence[FeedGap]
    accesses: Accesses
    sinks: Sequence[SinkStanding]
    counts: RecordCounts
    sizes: Mapping[str, tuple[int, int]]
    """Bytes and number of files by table."""
    changed: Sequence[ChangeCounts] = ()
    changes: Sequence[ChangedText] = ()
    """The newest changed repeats."""

    @property
    def nbytes(self) -> int:
        """Size of all tables together."""
        return sum(size for size, _ in self.sizes.values())

    @property
    def problems(self) -> Sequence[str]:
        """Problems that need an operator's attention, a sentence each; empty if there are none."""
        found = [f"{name} is configured, but was never collected with these filters" for name in self.never]
        found += [problem for feed in self.feeds for problem in feed.problems]
        if not (self.feeds or self.never):
            found.append("no feed has finished a walk yet: run `anthropic-audit collect --once`")
        if self.accesses.strangers:
            number = len(self.accesses.strangers)
            requests = "1 request" if number == 1 else f"{number:,} requests"
            found.append(f"{requests} with the configured keys were not sent by anthropic-audit: see below")
        for one in self.changed:
            content = one.texts - one.same_content
            if content and self.now - one.last_at < _RECENT_CHANGE:
                found.append(f"{one.feed} returned stored activities again with other content, listed below")
        for sink in self.sinks:
            if sink.rejected:
                reasons = "run `anthropic-audit sinks rejected` for the reasons"
                found.append(f"{sink.sink} refuses {sink.rejected:,} events: {reasons}")
        return found


def gather(connection: duckdb.DuckDBPyConnection, settings: Settings, reader: ArchiveReader, now: datetime) -> Health:
    """Return the state of all feeds, sinks and tables.

    Raises:
        ArchiveError: The archive can't be read.
    """
    walks = reader.coverage()
    counts = count_records(connection)
    statuses = feed_statuses(walks, settings.feeds, now)
    api_accesses = accesses(connection, now)
    feeds = list(_feeds(connection, settings, walks, statuses=statuses, counts=counts, echoes=api_accesses.echoes))
    return Health(
        now=now,
        folder=reader.folder,
        feeds=feeds,
        never=[one.feed for one in statuses if one.state is FeedState.NEVER_COLLECTED],
        gaps=current_gaps(walks, reader.gaps(), settings.feeds, now),
        accesses=api_accesses,
        sinks=sink_standings(connection, [one.name for one in settings.sinks], now),
        counts=counts,
        sizes=sizes(reader.folder),
        changed=change_counts(connection),
        changes=newest_changes(connection, _LISTED_CHANGES),
    )


def _feeds(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    walks: Sequence[Coverage],
    *,
    statuses: Sequence[FeedStatus],
    counts: RecordCounts,
    echoes: Iterable[Echo],
) -> Iterator[FeedHealth]:
    if not statuses:
        return
    now = statuses[0].now
    configured = {feed.name: feed for feed in settings.feeds}
    echo_of = {one.feed: one for one in echoes}
    outcomes = answers(connection, now)
    late = late_finds(connection, walks, first_day(now))
    for one in statuses:
        if one.last_walk is None:
            continue
        settings_of = configured.get(one.feed)
        yield FeedHealth(
            status=one,
            activities=counts.activities.get(one.feed, 0),
            echo=echo_of.get(one.feed) if _can_have_echoes(settings_of) else None,
            answers=[each for each in outcomes if each.feed == one.feed],
            calendar=calendar(one.covered, _of_feed(late, one.feed), now),
        )


def _can_have_echoes(feed: FeedSettings | None) -> bool:
    return feed is None or can_hear(feed.filters)


def _of_feed(late: Mapping[tuple[str, date], int], feed: str) -> Mapping[date, int]:
    return {day: found for (name, day), found in late.items() if name == feed}


def sizes(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Return the bytes and the number of files of each table of an archive; tables without files are left out."""
    found = {}
    for name in TABLES:
        numbers = list(_bytes(folder / name))
        if numbers:
            found[name] = (sum(numbers), len(numbers))
    return found


def _bytes(folder: Path) -> Iterator[int]:
    for file in folder.rglob("*.parquet"):
        with suppress(OSError):
            yield file.stat().st_size


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
