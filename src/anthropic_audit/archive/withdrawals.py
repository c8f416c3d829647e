"""Withdraw claims whose activities were lost: coverage then has a hole at their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from anthropic_audit.model import Coverage, Window
from anthropic_audit.plan import GapEntry, GapState, Spans, read_gaps

from .delta import DeltaLog
from .duck import read, shared
from .gap_ledger import GapLedger
from .rows import coverage_rows
from .schema import ACTIVITIES, COVERAGE, WITHDRAWALS
from .values import GapRow, coverage_of

BY = "archive repair"
"""The recorder of gaps that withdrawn claims leave."""

_STORED = "SELECT walk_id, count(*) AS stored FROM read_parquet($files, hive_partitioning = false) GROUP BY walk_id"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A claim, or a part of one, that was withdrawn; without `walk_id`, the claim itself was lost."""

    feed: str
    filters: str
    window: Window
    cause: str
    walk_id: str | None = None
    walked_at: datetime | None = None


def overlapping(claims: Iterable[Coverage], lost: Spans, cause: str) -> Iterator[Withdrawal]:
    """Yield the parts of claims that lie in lost time."""
    for claim in claims:
        for window in Spans((claim.window,)) & lost:
            yield Withdrawal(claim.feed, claim.filters, window, cause, claim.walk_id, claim.walked_at)


def record_withdrawals(archive: Path, withdrawals: Sequence[Withdrawal], now: datetime) -> None:
    """Append withdrawals that are not recorded yet, before anything is changed because of them.

    Raises:
        ArchiveError: The table can't be written.
    """
    log = DeltaLog(archive, WITHDRAWALS)
    known = {(one.feed, one.filters, one.window, one.walk_id) for one in recorded_withdrawals(log)}
    new = [one for one in withdrawals if (one.feed, one.filters, one.window, one.walk_id) not in known]
    if new:
        log.append(pa.Table.from_pylist([_row(one, now) for one in new], schema=WITHDRAWALS.schema), {})


def recorded_withdrawals(log: DeltaLog) -> list[Withdrawal]:
    """Return all recorded withdrawals."""
    return [_of_row(row) for row in _rows(log)]


def apply_withdrawals(archive: Path) -> Spans:
    """Remove all withdrawn time from `coverage` in one commit, and return that time; repeating this changes nothing.

    If a part of a walk's claim stays, its `new` becomes the number of its stored activities, so that all are backed.

    Raises:
        ArchiveError: A table can't be read or written.
    """
    by_walk: dict[tuple[str, str, str], list[Window]] = {}
    for one in recorded_withdrawals(DeltaLog(archive, WITHDRAWALS)):
        by_walk.setdefault((one.feed, one.filters, one.walk_id or ""), []).append(one.window)
    log = DeltaLog(archive, COVERAGE)
    claims = [coverage_of(row) for row in _rows(log)]
    stored = _stored_by_walk(archive)
    kept: list[Coverage] = []
    left = dict(stored)
    for claim in claims:
        taken = Spans.of(by_walk.get((claim.feed, claim.filters, claim.walk_id), ()))
        for window in Spans((claim.window,)) - taken:
            backed = min(claim.new, left.get(claim.walk_id, 0)) if taken else claim.new
            left[claim.walk_id] = left.get(claim.walk_id, 0) - backed
            kept.append(replace(claim, window=window, new=backed))
    if kept != claims:
        rows = pa.concat_tables([COVERAGE.schema.empty_table(), *map(coverage_rows, kept)])
        log.replace_all(rows)
    before, after = (Spans.of(claim.window for claim in some) for some in (claims, kept))
    return before - after


def claim_ends(archive: Path) -> dict[str, datetime]:
    """Return the end of each feed's claims; a feed without claims is left out."""
    ends: dict[str, datetime] = {}
    for claim in map(coverage_of, _rows(DeltaLog(archive, COVERAGE))):
        ends[claim.feed] = max(claim.window.end, ends.get(claim.feed, claim.window.end))
    return ends


def record_holes(archive: Path, now: datetime) -> list[GapRow]:
    """Record the gaps that withdrawn claims leave in the ledger, unless they are in it; return those that are open.

    Raises:
        ArchiveError: A table can't be read or written.
    """
    claims = [coverage_of(row) for row in _rows(DeltaLog(archive, COVERAGE))]
    ledger = GapLedger(archive)
    holes: list[GapRow] = []
    new: list[GapRow] = []
    for one in recorded_withdrawals(DeltaLog(archive, WITHDRAWALS)):
        covered = Spans.of(claim.window for claim in claims if (claim.feed, claim.filters) == (one.feed, one.filters))
        known = read_gaps([*ledger.entries(one.feed, one.filters), *(row.entry for row in new if row.feed == one.feed)])
        for window in Spans((one.window,)) - covered - known.lost:
            row = GapRow(one.feed, one.filters, GapEntry(window, GapState.OPENED, now, one.cause, BY))
            holes.append(row)
            if Spans((window,)) - known.missing:
                new.append(row)
    ledger.record(new)
    return holes


def _stored_by_walk(archive: Path) -> dict[str, int]:
    """Count the stored activities of each walk."""
    files = [file.path for file in DeltaLog(archive, ACTIVITIES).files]
    if not files:
        return {}
    with shared() as connection:
        rows = read(connection, _STORED, {"files": files}).to_pylist()
    return {row["walk_id"]: row["stored"] for row in rows}


def _rows(log: DeltaLog) -> list[dict[str, Any]]:
    files = [file.path for file in log.files]
    if not files:
        return []
    with shared() as connection:
        found: list[dict[str, Any]] = read(
            connection, "SELECT * FROM read_parquet($files)", {"files": files}
        ).to_pylist()
    return found


def _row(one: Withdrawal, now: datetime) -> dict[str, object]:
    return {
        "feed": one.feed,
        "filters": one.filters,
        "from_time": one.window.start,
        "to_time": one.window.end,
        "walk_id": one.walk_id,
        "walked_at": one.walked_at,
        "cause": one.cause,
        "withdrawn_at": now,
    }


def _of_row(row: dict[str, Any]) -> Withdrawal:
    window = Window(row["from_time"].astimezone(UTC), row["to_time"].astimezone(UTC))
    walked_at = row["walked_at"].astimezone(UTC) if row["walked_at"] else None
    return Withdrawal(row["feed"], row["filters"], window, row["cause"], row["walk_id"], walked_at)
