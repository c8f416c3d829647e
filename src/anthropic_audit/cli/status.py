"""`anthropic-audit status`: print the state of each feed, from the archive alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from anthropic_audit.application.feed_filters import with_types
from anthropic_audit.archive import ArchiveReader, open_reader
from anthropic_audit.clock import SystemClock
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
from anthropic_audit.status.changed_repeats import ChangedText, change_counts, newest_changes
from anthropic_audit.status.echoes import accesses
from anthropic_audit.status.lateness import Lateness
from anthropic_audit.status.lateness import lateness as measured_lateness
from anthropic_audit.times import format_duration, format_time

from .configuration import load_settings
from .options import Archive, Config, TableOrJson
from .output import Heading, console, print_json, print_table
from .sinks.status import print_sinks
from .status_changes import (
    MAX_LISTED,
    change_counts_as_json,
    changes_as_json,
    print_change_counts,
    print_changes,
)
from .status_echo import accesses_as_json, print_accesses
from .status_gaps import gaps_as_json, print_gaps
from .status_lateness import lateness_as_json, print_lateness

_HEADINGS = (
    Heading("feed"),
    Heading("covered from", may_be_cut=False),
    Heading("covered to", may_be_cut=False),
    Heading("lag", may_be_cut=False),
    Heading("last walk", may_be_cut=False),
    *(Heading(title, is_number=True, may_be_cut=False) for title in ("new", "activities", "holes", "req/1m", "req/1h")),
)
_EVERYTHING = "{}"
_MAX_NAMED = 5


def status(
    config: Config = None,
    archive: Archive = None,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="List gaps instead: open, closed in the last 30 days, permanent.")
    ] = False,
    lateness: Annotated[
        bool, typer.Option("--lateness", help="Show instead how late activities became visible, by type.")
    ] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="List instead stored activities that were served again with other bytes.")
    ] = False,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Show each feed's coverage, lag, counts, holes and requests.

    It reads only the archive, and never disturbs a running collector. Requests are those of finished walks. The budget
    is that of the last response, and is shared by all keys of the organization. An echo is the activity that the vendor
    records for each request to the Compliance API: echoes of our requests prove that the feed works, and a request with
    our key that we did not send is printed in red. So are stored activities that were served again with other content.
    """
    settings = with_types(load_settings(config, {"archive": archive}).settings)
    now = SystemClock().now()
    reader = open_reader(settings.archive)
    if gaps or lateness or changes:
        parts = _parts(reader, now, settings.feeds if gaps else None, lateness=lateness, changes=changes)
        _print_parts(settings.archive, parts, now, format)
        return
    found = feed_statuses(reader.coverage(), settings.feeds, now)
    with reader.connect() as connection:
        counts = count_records(connection)
        heard = accesses(connection, now, settings.feeds)
        changed = change_counts(connection)
    if format is TableOrJson.JSON:
        document = {**_as_json(settings, found, counts, now), **accesses_as_json(heard)}
        print_json({**document, "changed_activities": change_counts_as_json(changed)})
    else:
        _print(settings, found, counts, now)
        print_change_counts(console(), changed)
        print_accesses(console(), heard)
        print_sinks(reader, settings, now)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The lists that were requested instead of the state of each feed."""

    gaps: Sequence[FeedGap] | None
    lateness: Lateness | None
    changes: Sequence[ChangedText] | None


def _parts(
    reader: ArchiveReader,
    now: datetime,
    feeds: Sequence[FeedSettings] | None,
    *,
    lateness: bool,
    changes: bool,
) -> _Parts:
    found = None if feeds is None else current_gaps(reader.coverage(), reader.gaps(), feeds, now)
    with reader.connect() as connection:
        return _Parts(
            found,
            measured_lateness(connection) if lateness else None,
            newest_changes(connection, MAX_LISTED) if changes else None,
        )


def _print_parts(archive: str, parts: _Parts, now: datetime, format: TableOrJson) -> None:  # noqa: A002 - as the flag
    if format is TableOrJson.JSON:
        document: dict[str, object] = {"archive": archive, "at": format_time(now)}
        document |= {} if parts.gaps is None else {"gaps": gaps_as_json(parts.gaps)}
        document |= {} if parts.lateness is None else {"lateness": lateness_as_json(parts.lateness)}
        document |= {} if parts.changes is None else {"changes": changes_as_json(parts.changes)}
        print_json(document)
        return
    if parts.gaps is not None:
        print_gaps(parts.gaps)
    if parts.lateness is not None:
        print_lateness(parts.lateness)
    if parts.changes is not None:
        print_changes(parts.changes)


def _as_json(
    settings: Settings, found: Sequence[FeedStatus], counts: RecordCounts, now: datetime
) -> Mapping[str, object]:
    return {
        "archive": settings.archive,
        "at": format_time(now),
        "activities": sum(counts.activities.values()),
        "events": counts.events,
        "not_normalized": counts.not_normalized,
        "never_walked": _names(found, FeedState.NEVER_COLLECTED),
        "behind": _names(found, FeedState.BEHIND),
        "feeds": [_feed_as_json(one, counts) for one in found],
    }


def _feed_as_json(one: FeedStatus, counts: RecordCounts) -> Mapping[str, object]:
    walk, lag = one.last_walk, one.lag
    return {
        "feed": one.feed,
        "filters": one.filters,
        "state": one.state,
        "is_configured": one.is_configured,
        "covered_from": one.covered.start and format_time(one.covered.start),
        "covered_to": one.covered.end and format_time(one.covered.end),
        "lag_seconds": None if lag is None else round(lag.total_seconds(), 3),
        "lag_limit_seconds": round(one.lag_limit.total_seconds(), 3) if one.is_configured else None,
        "last_walk": walk
        and {
            "at": format_time(walk.walked_at),
            "purpose": walk.purpose,
            "activities": walk.activities,
            "new": walk.new,
            "request_id": walk.request_id,
        },
        "walks": one.walks,
        "activities": counts.activities.get(one.feed, 0),
        "new": one.new,
        "repeated": one.repeated,
        "holes": [{"from": format_time(hole.start), "to": format_time(hole.end)} for hole in one.holes],
        "requests_last_minute": one.requests_last_minute,
        "requests_last_hour": one.requests_last_hour,
        "budget": walk
        and {
            "limit": walk.requests_limit,
            "remaining": walk.requests_remaining,
            "at": format_time(walk.walked_at),
        },
    }


def _print(settings: Settings, found: Sequence[FeedStatus], counts: RecordCounts, now: datetime) -> None:
    out = console()
    activities = sum(counts.activities.values())
    out.print(f"archive {settings.archive}: {activities:,} activities, {counts.events:,} events", markup=False)
    if counts.not_normalized:
        out.print(f"{counts.not_normalized:,} activities are not normalized yet: the next `collect` does it")
    if len(settings.feeds) > 1:
        out.print(_summary(found), markup=False)
    collected = [one for one in found if one.last_walk is not None]
    if collected:
        print_table(_HEADINGS, [_row(one, counts, now) for one in collected])
    for one in collected:
        _print_details(one)
    for name in _names(found, FeedState.BEHIND):
        out.print(f"{name}: behind: check that `run` is running, and see its log about this feed", markup=False)
    for name in _names(found, FeedState.NEVER_COLLECTED):
        out.print(f"{name}: configured, but never collected with these filters", markup=False)


def _summary(found: Iterable[FeedStatus]) -> str:
    """Return a one-line summary of all configured feeds that names the feeds with problems."""
    configured = [one for one in found if one.is_configured]
    parts = [f"{len(configured)} feeds", f"{len(_names(configured, FeedState.CURRENT))} current"]
    for names, what in (
        (_names(configured, FeedState.BEHIND), "behind"),
        (_names(configured, FeedState.NEVER_COLLECTED), "never collected"),
        ([one.feed for one in configured if one.holes], "with holes"),
    ):
        if names:
            parts.append(f"{len(names)} {what} ({_first_of(names)})")
    return ", ".join(parts)


def _names(found: Iterable[FeedStatus], state: FeedState) -> list[str]:
    return [one.feed for one in found if one.state is state]


def _first_of(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _row(one: FeedStatus, counts: RecordCounts, now: datetime) -> Sequence[object]:
    start, end, lag, walk = one.covered.start, one.covered.end, one.lag, one.last_walk
    if start is None or end is None or lag is None or walk is None:
        raise TypeError
    return (
        one.feed,
        _minutes(start),
        _minutes(end),
        format_duration(lag),
        f"{walk.purpose}, {format_duration(max(timedelta(0), now - walk.walked_at))} ago",
        walk.new,
        counts.activities.get(one.feed, 0),
        len(one.holes),
        one.requests_last_minute,
        one.requests_last_hour,
    )


def _print_details(one: FeedStatus) -> None:
    out = console()
    walk = one.last_walk
    if walk is not None and walk.requests_limit is not None and walk.requests_remaining is not None:
        left = f"{walk.requests_remaining:,} of {walk.requests_limit:,} requests per minute were left"
        out.print(f"{one.feed}: budget at {_seconds(walk.walked_at)}: {left}", markup=False)
    if one.filters != _EVERYTHING:
        out.print(f"{one.feed}: filters {one.filters}", markup=False)
    if not one.is_configured:
        out.print(f"{one.feed}: retired: not configured with these filters; its coverage stays as it is", markup=False)
    for hole in one.holes:
        length = format_duration(hole.end - hole.start)
        out.print(f"{one.feed}: hole {_seconds(hole.start)} to {_seconds(hole.end)} ({length})", markup=False)


def _minutes(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%MZ}"


def _seconds(when: datetime) -> str:
    return format_time(when.replace(microsecond=0))
