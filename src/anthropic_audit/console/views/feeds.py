"""Feed health: is it working? What is covered, how far behind, what is missing, and who else asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.console.lens import Lens
from anthropic_audit.console.place import Place, answered, place_of, viewer_of
from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.plan import Spans
from anthropic_audit.search import Standing, count, standings
from anthropic_audit.search.deliveries import sink_standings
from anthropic_audit.search.echo import Echo, can_hear, echoes, strangers
from anthropic_audit.search.gaps import FeedGap, gaps_now
from anthropic_audit.settings import Settings
from anthropic_audit.times import format_duration, format_time

from .shell import page as rendered

_DAY: Final = timedelta(days=1)
_WEEKS: Final = 13
_LATE: Final = frozenset({Purpose.RECONCILE, Purpose.GAP})
_SLACK: Final = timedelta(hours=1)
"""Of today, so much may be open."""
_LAG: Final = timedelta(minutes=15)
"""How far behind a feed may be that no settings tell of: three intervals."""


async def feeds(request: Request) -> Response:
    """Show the page."""
    place = place_of(request)
    shelf = place.library.shelf()
    now = place.now()
    shown = await answered(request, lambda connection: _shown(connection, place, shelf.reader, now))
    if not (lens := viewer_of(request).lens).sees_everything:
        shown = {**shown, **_masked(shown, lens)}
    return rendered(request, "feeds.html", title="Feed health", **shown)


def _masked(shown: dict[str, Any], lens: Lens) -> dict[str, Any]:
    """Return what names people or where they are, masked: filters may name users, and strangers have addresses."""
    return {
        "feeds": [
            {**one, "filters": one["filters"] and lens.value("user.id", one["filters"])} for one in shown["feeds"]
        ],
        "strangers": [
            replace(one, source_ip=one.source_ip and lens.value("source.ip", one.source_ip))
            for one in shown["strangers"]
        ],
    }


def _shown(connection: duckdb.DuckDBPyConnection, place: Place, reader: ArchiveReader, now: datetime) -> dict[str, Any]:
    walks = reader.coverage()
    counts = count(connection)
    deaf = {feed.name for feed in place.settings.feeds if not can_hear(feed.filters)}
    heard = {one.feed: one for one in echoes(connection, now) if one.feed not in deaf}
    found = standings(walks, now)
    gaps = gaps_now(walks, reader.gaps(), now)
    shown = [_feed(one, walks, place.settings, now) for one in found]
    for one in shown:
        one["echo"] = _echo(heard.get(one["name"]))
        one["activities"] = counts.activities.get(one["name"], 0)
    never = [feed.name for feed in place.settings.feeds if feed.name not in {one.feed for one in found}]
    others = strangers(connection, now)
    sinks = sink_standings(connection, [one.name for one in place.settings.sinks], now)
    size = _size(reader.folder)
    return {
        "feeds": shown,
        "never": never,
        "gaps": [_gap(one) for one in gaps],
        "strangers": others,
        "sinks": sinks,
        "activities": sum(counts.activities.values()),
        "events": counts.events,
        "not_normalized": counts.not_normalized,
        "bytes": size,
        "is_fine": bool(found)
        and not never
        and all(one["is_current"] and not one["holes"] for one in shown)
        and not others,
        "now": format_time(now),
        "archive": str(reader.folder),
    }


def _feed(one: Standing, walks: Iterable[Coverage], settings: Settings, now: datetime) -> dict[str, Any]:
    mine = [walk for walk in walks if (walk.feed, walk.filters) == (one.feed, one.filters)]
    configured = next((feed for feed in settings.feeds if feed.name == one.feed), None)
    walk = one.last_walk
    lag = one.lag(now)
    return {
        "name": one.feed,
        "filters": "" if one.filters == "{}" else one.filters,
        "covered_from": format_time(one.covered.windows[0].start),
        "covered_to": format_time(one.last_covered),
        "lag": format_duration(lag),
        "is_current": lag <= (configured.behind_after if configured else _LAG),
        "last_walk": format_time(walk.walked_at),
        "purpose": walk.purpose.value,
        "holes": len(one.covered.holes.windows),
        "new": one.new,
        "repeated": one.repeated,
        "requests": one.requests_last_hour,
        "budget": (walk.requests_remaining, walk.requests_limit),
        "weeks": calendar(one.covered, mine, now),
    }


def calendar(covered: Spans, walks: Sequence[Coverage], now: datetime) -> list[list[dict[str, Any]]]:
    """Return the days of the last weeks, a list a week beginning on Monday, each with what is known of it.

    A day is `complete` when all of it that has passed is covered but for the last hour, `partial` when some is,
    `missing` when none is although the feed had begun, and `before` when it had not.
    """
    found_late = {walk.window.start.date(): 0 for walk in walks}
    for walk in walks:
        if walk.purpose in _LATE:
            found_late[walk.window.start.date()] += walk.new
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=midnight.weekday(), weeks=_WEEKS - 1)
    days = [first + number * _DAY for number in range(_WEEKS * 7) if first + number * _DAY <= now]
    told = [
        {"day": f"{day:%Y-%m-%d}", "state": _state(covered, day, now), "late": found_late.get(day.date(), 0)}
        for day in days
    ]
    return [told[start : start + 7] for start in range(0, len(told), 7)]


def _state(covered: Spans, day: datetime, now: datetime) -> str:
    begun = covered.start
    if begun is None or begun >= day + _DAY:
        return "before"
    start, end = max(day, begun), min(day + _DAY, now - _SLACK)
    if start >= end:
        return "complete"
    wanted = Spans((Window(start, end),))
    got = covered & wanted
    if got == wanted:
        return "complete"
    return "partial" if got else "missing"


def _echo(heard: Echo | None) -> dict[str, Any] | None:
    if heard is None:
        return None
    typical = None if heard.typical is None else format_duration(heard.typical)
    return {"asked": heard.asked, "heard": heard.heard, "is_silent": heard.is_silent, "typical": typical}


def _gap(one: FeedGap) -> dict[str, Any]:
    gap = one.gap
    return {
        "feed": one.feed,
        "from": format_time(gap.window.start),
        "to": format_time(gap.window.end),
        "length": format_duration(gap.window.end - gap.window.start),
        "state": gap.state.value,
        "cause": gap.cause,
    }


def _size(folder: Path) -> int:
    """Return how many bytes an archive takes."""
    total = 0
    for file in folder.rglob("*.parquet"):
        with suppress(OSError):
            total += file.stat().st_size
    return total
