"""The first section of a report: the completeness of the period."""

from __future__ import annotations

from collections.abc import Iterator

from anthropic_audit.plan.gaps import NOT_WALKED
from anthropic_audit.status import FeedState
from anthropic_audit.times import format_duration

from .blocks import Align, Block, ReportSection, ReportTable, ReportVerdict, Share, TableColumn, Text
from .completeness import FeedCoverage, MissingReason
from .gather import Gathered
from .text import counted, moment, percent, plain, second

_EVERYTHING = "{}"
_MAX_MISSING_ROWS = 40
_MAX_DAMAGE_ROWS = 40


def completeness(found: Gathered) -> ReportSection:
    """Return the section on completeness: the verdict, damage, coverage by feed, and missing parts."""
    return ReportSection("Completeness", tuple(_blocks(found)))


def _blocks(found: Gathered) -> Iterator[Block]:
    yield _verdict(found)
    if found.damage:
        yield _damage(found)
    if found.window is None or not found.feeds:
        return
    yield _feeds(found)
    missing = [(feed, one) for feed in found.feeds for one in feed.missing]
    if missing:
        yield _missing(found)
    yield from _notes(found)


def _verdict(found: Gathered) -> ReportVerdict:
    """Return whether the whole period was collected, and whether all collected data could be read."""
    covered = _covered(found)
    if not found.damage:
        return covered
    left_out = (
        f"Some collected data could not be read: {counted(len(found.damage), 'damaged or missing file')} "
        "of the archive had to be left out."
    )
    return ReportVerdict(is_good=False, text=left_out if covered.is_good else f"{covered.text} {left_out}")


def _damage(found: Gathered) -> ReportTable:
    columns = (TableColumn("Table"), TableColumn("Day, UTC", Align.TIME), TableColumn("Damage", weight=3))
    rows = sorted((one.table, one.day or "all", one.what) for one in found.damage)
    more = len(rows) - _MAX_DAMAGE_ROWS
    remedy = "Run `anthropic-audit archive repair` to restore what the API still has."
    note = f"And {more:,} more. {remedy}" if more > 0 else remedy
    return ReportTable("What could not be read", columns, tuple(rows[:_MAX_DAMAGE_ROWS]), note)


def _covered(found: Gathered) -> ReportVerdict:
    if found.window is None:
        return ReportVerdict(is_good=False, text="The period has not begun.")
    if not found.feeds:
        return ReportVerdict(is_good=False, text="Completeness is unknown: no feed has finished a walk.")
    incomplete = [one for one in found.feeds if not one.is_complete]
    feeds = counted(len(found.feeds), "feed")
    if len(found.feeds) == 1 and incomplete:
        words = f"Incomplete: the feed {_name(incomplete[0])} covered {percent(incomplete[0].share)} of the period."
        return ReportVerdict(is_good=False, text=words)
    if incomplete:
        names = ", ".join(f"{_name(one)} ({percent(one.share)})" for one in incomplete[:5])
        more = f" and {len(incomplete) - 5} more" if len(incomplete) > 5 else ""  # noqa: PLR2004 - as many as named
        return ReportVerdict(
            is_good=False, text=f"Incomplete: {len(incomplete)} of {feeds} did not cover all of it: {names}{more}."
        )
    configured = [one for one in found.feeds if one.state is not FeedState.RETIRED]
    until = min((one.covered.end or found.window.start for one in configured), default=found.window.start)
    feeds = counted(len(configured), "feed")
    whole = "all of the period" if until >= found.window.end else f"the period up to {second(until)} UTC"
    rest = "" if until >= found.window.end else " What is more recent will be collected within minutes."
    if found.scope.period.until > found.window.end:
        rest += " The period is not over yet."
    retired = len(found.feeds) - len(configured)
    if retired:
        rest += f" {counted(retired, 'retired feed')} covered a part of it before."
    return ReportVerdict(is_good=True, text=f"Complete: {feeds} covered {whole}, without a hole.{rest}")


def _feeds(found: Gathered) -> ReportTable:
    columns = (
        TableColumn("Feed"),
        TableColumn("Covered from, UTC", Align.TIME),
        TableColumn("Covered to, UTC", Align.TIME),
        TableColumn("Of the period", Align.SHARE),
        TableColumn("Holes", Align.NUMBER),
        TableColumn("Lag", Align.NUMBER),
        TableColumn("Last walk, UTC", Align.TIME),
    )
    return ReportTable("What each feed covered", columns, tuple(map(_feed, found.feeds)))


def _feed(one: FeedCoverage) -> tuple[str | Share, ...]:
    holes = sum(part.why in {MissingReason.HOLE, MissingReason.LOST} for part in one.missing)
    start, end = one.covered.start, one.covered.end
    return (
        _name(one),
        second(start) if start else "nothing",
        second(end) if end else "nothing",
        Share(percent(one.share), one.share),
        f"{holes:,}",
        "" if one.lag is None else format_duration(one.lag),
        "never" if one.last_walk is None else second(one.last_walk),
    )


def _missing(found: Gathered) -> ReportTable:
    columns = (
        TableColumn("Feed"),
        TableColumn("From, UTC", Align.TIME),
        TableColumn("To, UTC", Align.TIME),
        TableColumn("Length", Align.NUMBER),
        TableColumn("Reason", weight=3),
    )
    parts = [(feed, one) for feed in found.feeds for one in feed.missing]
    rows = []
    for feed, one in parts[:_MAX_MISSING_ROWS]:
        by = f", declared by {plain(one.declared_by)}" if one.declared_by and not found.is_masked else ""
        cause = f" ({plain(one.cause)}{by})" if one.cause and one.cause != NOT_WALKED else ""
        times = (second(one.window.start), second(one.window.end), format_duration(one.length))
        rows.append((_name(feed), *times, f"{one.why}{cause}"))
    more = len(parts) - len(rows)
    return ReportTable("What is missing", columns, tuple(rows), f"And {more:,} more parts." if more > 0 else "")


def _notes(found: Gathered) -> Iterator[Block]:
    repaired = [(feed, one) for feed in found.feeds for one in feed.repaired]
    if repaired:
        words = "; ".join(f"{_name(feed)} {moment(one.start)} to {moment(one.end)}" for feed, one in repaired[:10])
        yield Text(f"Missing at first, and collected later: {words}{'; and others' if len(repaired) > 10 else ''}.")  # noqa: PLR2004
    if any(one.filters != _EVERYTHING for one in found.feeds):
        yield Text("A feed with filters covers what they select, and nothing else.")
    if found.kept.removed:
        yield Text(
            f"Retention has removed {counted(found.kept.removed, 'activity', 'activities')} of the period's days: "
            "they were collected, and are not counted below."
        )
    yield Text(
        "A feed is one key's view of the Activity Feed. Covered means: every page of that time was read "
        "and stored. Late activities are found by reading the same time again, for a week."
    )


def _name(one: FeedCoverage) -> str:
    return plain(one.feed) if one.filters == _EVERYTHING else f"{plain(one.feed)} {plain(one.filters)}"
