"""Print the list of gaps, for `status --gaps` and `gaps list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from anthropic_audit.plan import GapState
from anthropic_audit.status import FeedGap
from anthropic_audit.times import format_duration, format_time

from .output import Heading, console, print_table

_HEADINGS = (
    Heading("gap", may_be_cut=False),
    Heading("feed"),
    Heading("from", may_be_cut=False),
    Heading("to", may_be_cut=False),
    Heading("length", may_be_cut=False),
    Heading("opened", may_be_cut=False),
    Heading("cause"),
    Heading("closed", may_be_cut=False),
    Heading("by"),
)
_EVERYTHING = "{}"
_WORDS = {GapState.OPENED: "open", GapState.CLOSED: "closed", GapState.PERMANENT: "permanent"}


def print_gaps(found: Sequence[FeedGap]) -> None:
    """Print a table of gaps: open, closed, then permanent ones."""
    if not found:
        console().print("no gaps: no feed is behind, and none has a hole in its coverage")
        return
    order = list(_WORDS)
    print_table(_HEADINGS, [_row(one) for one in sorted(found, key=lambda one: order.index(one.gap.state))])


def gaps_as_json(found: Sequence[FeedGap]) -> list[Mapping[str, object]]:
    """Return gaps as JSON values."""
    return [_as_json(one) for one in found]


def _row(one: FeedGap) -> Sequence[object]:
    gap = one.gap
    return (
        _WORDS[gap.state],
        one.feed if one.filters == _EVERYTHING else f"{one.feed} {one.filters}",
        _seconds(gap.window.start),
        _seconds(gap.window.end),
        format_duration(gap.window.end - gap.window.start),
        _seconds(gap.opened_at) if one.is_recorded else "not recorded yet",
        gap.cause,
        None if gap.ended_at is None else _seconds(gap.ended_at),
        gap.ended_by,
    )


def _as_json(one: FeedGap) -> Mapping[str, object]:
    gap = one.gap
    return {
        "feed": one.feed,
        "filters": one.filters,
        "state": _WORDS[gap.state],
        "from": format_time(gap.window.start),
        "to": format_time(gap.window.end),
        "seconds": round((gap.window.end - gap.window.start).total_seconds(), 3),
        "opened_at": format_time(gap.opened_at) if one.is_recorded else None,
        "cause": gap.cause,
        "closed_at": None if gap.ended_at is None else format_time(gap.ended_at),
        "by": gap.ended_by,
    }


def _seconds(when: datetime) -> str:
    return format_time(when.replace(microsecond=0))
