"""Print stored activities that were served again with other bytes, for `status` and `status --changes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from anthropic_audit.status.changed_repeats import ChangeCounts, ChangedText
from anthropic_audit.times import format_time

from .output import Heading, console, print_table

MAX_LISTED = 1_000
_SHOWN_DIGITS = 12
_HEADINGS = (
    Heading("received", may_be_cut=False),
    Heading("feed"),
    Heading("activity", may_be_cut=False),
    Heading("differs in", may_be_cut=False),
    Heading("stored created_at", may_be_cut=False),
    Heading("served created_at", may_be_cut=False),
    Heading("stored sha256", may_be_cut=False),
    Heading("served sha256", may_be_cut=False),
)


def print_change_counts(out: Console, found: Sequence[ChangeCounts]) -> None:
    """Print a line per feed that served stored activities again with other bytes."""
    for one in found:
        content = one.texts - one.same_content
        what = f"{one.activities:,} stored {'activities were' if one.activities != 1 else 'activity was'} served again"
        counts = (
            f"{one.feed}: {what} with other bytes ({content:,} with other content, {one.same_content:,} in notation)"
        )
        out.print(
            f"{counts}: `anthropic-audit status --changes` lists them",
            style="bold red" if content else "yellow",
            markup=False,
        )


def change_counts_as_json(found: Sequence[ChangeCounts]) -> list[Mapping[str, object]]:
    """Return the counts per feed as JSON values."""
    return [
        {
            "feed": one.feed,
            "activities": one.activities,
            "texts": one.texts,
            "same_content": one.same_content,
            "last_at": format_time(one.last_at),
        }
        for one in found
    ]


def print_changes(found: Sequence[ChangedText]) -> None:
    """Print a table of changed texts, the newest first."""
    if not found:
        console().print("no stored activity was served again with other bytes")
        return
    print_table(_HEADINGS, [_row(one) for one in found])
    if len(found) == MAX_LISTED:
        console().print(f"only the newest {MAX_LISTED:,} are listed: table `changed_activities` has all of them")


def changes_as_json(found: Sequence[ChangedText]) -> list[Mapping[str, object]]:
    """Return changed texts as JSON values."""
    return [
        {
            "feed": one.feed,
            "id": one.id,
            "seq": one.seq,
            "is_same_content": one.is_same_content,
            "stored": {"created_at": format_time(one.stored_created_at), "sha256": one.stored_sha256},
            "served": {"created_at": format_time(one.created_at), "sha256": one.sha256},
            "received_at": format_time(one.received_at),
            "request_id": one.request_id,
            "walk_id": one.walk_id,
        }
        for one in found
    ]


def _row(one: ChangedText) -> Sequence[object]:
    return (
        format_time(one.received_at.replace(microsecond=0)),
        one.feed,
        one.id,
        one.kind,
        format_time(one.stored_created_at),
        format_time(one.created_at),
        one.stored_sha256[:_SHOWN_DIGITS],
        one.sha256[:_SHOWN_DIGITS],
    )
