"""Update the ledger of gaps from the coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from anthropic_audit.model import Filters
from anthropic_audit.plan import GapEntry, GapState, gap_changes
from anthropic_audit.redact import redact

from .values import GapRow
from .writer import ArchiveWriter

_MAX_CAUSE_CHARS = 500


def settle_gaps(
    archive: ArchiveWriter,
    feed: str,
    filters: Filters,
    *,
    now: datetime,
    cause: str | None,
    lag_limit: timedelta,
) -> list[GapEntry]:
    """Record which gaps opened, grew and closed since the last time, and return these entries.

    `cause` is the text of the last failure, or None. A gap that closed is recorded with the purpose of the walk that
    closed it.

    Raises:
        ArchiveError: The archive can't be read or written.
    """
    why = None if cause is None else " ".join(redact(cause).split())[:_MAX_CAUSE_CHARS]
    covered, known = archive.covered(feed, filters), archive.gaps(feed, filters)
    changes = gap_changes(covered, now, known, lag_limit=lag_limit, cause=why)
    entries = [_with_purpose(archive, feed, filters, entry) for entry in changes]
    archive.record_gaps([GapRow(feed, filters.key(), entry) for entry in entries])
    return entries


def _with_purpose(archive: ArchiveWriter, feed: str, filters: Filters, entry: GapEntry) -> GapEntry:
    if entry.state is not GapState.CLOSED:
        return entry
    purpose = archive.walked_by(feed, filters, entry.window)
    return entry if purpose is None else replace(entry, recorded_by=purpose.value)
