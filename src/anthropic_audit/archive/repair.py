"""Repair an archive: set aside what is damaged, take back what is no longer backed, derive again what can be derived.

What only the API can give back is left open in coverage, so that the next collecting reads it again. Each step can be
done again after a crash at any place: what must be known of the damage is recorded before it is removed from sight.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from anthropic_audit.plan import Spans

from .consistency import counted
from .damage import list_damage
from .delta import DeltaLog
from .digests import DigestJournal
from .duck import connect
from .gap_ledger import GapRow
from .id_index import FOLDER as IDS
from .lease import Lease
from .orphans import Settled, set_orphans_aside, settle_orphans
from .rebuild import SetAsideFolder, drop_files, rebuild_table, refresh_journal
from .rows import Events, event_rows
from .schema import (
    ACTIVITIES,
    COVERAGE,
    EVENTS,
    LOSSES,
    NORMALIZED,
    REMOVALS,
    SEQ,
    TABLES,
    Table,
)
from .snapshot import is_table, translated
from .survey import Numbers, Survey, survey
from .table_list import FILE as TABLES_FILE
from .table_list import record_table
from .withdrawals import Withdrawal, apply_withdrawals, claim_ends, overlapping, record_holes, record_withdrawals

Derive = Callable[[pa.Table], Events]
"""Make events of rows of `activities`."""

FeedKeys = Sequence[tuple[str, str]]
"""The names of feeds, each with the key of its filters."""

_CAUSE = "activities were lost to damage"
_CLAIMS_CAUSE = "claims were lost to damage"
_WITHOUT_EVENT = """
SELECT seq, feed, id, created_at, received_at, raw FROM read_parquet($activities, hive_partitioning = false) a
WHERE seq BETWEEN $first AND $last
"""
_AND_NO_EVENT = " AND NOT EXISTS (SELECT 1 FROM read_parquet($events, hive_partitioning = false) e WHERE e.seq = a.seq)"
_BATCH = 10_000
_SLICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did."""

    set_aside: tuple[Path, ...]
    rebuilt: tuple[str, ...]
    """The tables whose log was made anew."""
    withdrawn: Spans
    """The time that coverage no longer claims."""
    holes: tuple[GapRow, ...]
    """What of it has to be read again, by feed."""
    lost: tuple[Numbers, ...]
    """The numbers of activities that are no longer there."""
    derived: int
    """How many events were derived again."""
    orphans: int
    """How many events had no activity any more."""


def repair(folder: Path, now: datetime, derive: Derive, feeds: FeedKeys) -> tuple[Survey, Repaired]:
    """Repair an archive as far as that needs nothing but the archive; return what was wrong, and what was done.

    `feeds` are those that are collected: where claims are lost, nothing else says whose they were.

    Raises:
        ArchiveBusyError: Another process writes it.
        ArchiveError: It can't be read or written, or nothing is known of a table any more.
    """
    with Lease(folder, now), translated(folder):
        found = survey(folder)
        return found, _repaired(folder, found, derive, feeds, now=now)


def settle(folder: Path, now: datetime) -> tuple[Settled, list[GapRow]]:
    """Say what became of lost activities after their time was read again; return that, and what is open still.

    Raises:
        ArchiveBusyError: Another process writes the archive.
        ArchiveError: It can't be read or written.
    """
    with Lease(folder, now), translated(folder):
        holes = record_holes(folder, now)
        open_time = Spans.of(row.entry.window for row in holes)
        return settle_orphans(folder, open_time, claim_ends(folder)), holes


def _repaired(folder: Path, found: Survey, derive: Derive, feeds: FeedKeys, *, now: datetime) -> Repaired:
    aside = SetAsideFolder(folder, now)
    first, last = _in_order()
    rebuilt = [table.name for table in first if _mended(folder, found, table, aside)]
    record_withdrawals(folder, list(_withdrawals(found, feeds)), now)
    rebuilt += [table.name for table in last if _mended(folder, found, table, aside)]
    _raise_mark(folder, ACTIVITIES, SEQ, found.highest)
    withdrawn = apply_withdrawals(folder) | found.lost_claims
    holes = record_holes(folder, now)
    orphans = set_orphans_aside(folder, aside.folder, found.highest)
    derived = _derive_missing(folder, derive, found.highest)
    if any(list_damage(folder, ())):
        (folder / TABLES_FILE).unlink()
        for name in TABLES:
            record_table(folder, name)
    if not found.is_whole:
        shutil.rmtree(folder / IDS, ignore_errors=True)  # made again from what is stored
    _record_losses(folder, found, now)  # last: by what is missing, a repair that was cut off is done again
    return Repaired(aside.moved, tuple(rebuilt), withdrawn, tuple(holes), found.missing, derived, orphans)


def _in_order() -> tuple[list[Table], list[Table]]:
    """Return the tables that must be whole before anything is withdrawn, and those that come after."""
    last = [EVENTS, COVERAGE, ACTIVITIES]
    return [table for table in TABLES.values() if table not in last], last


def _mended(folder: Path, found: Survey, table: Table, aside: SetAsideFolder) -> bool:
    """Make a table whole from what is left of it; say whether its log was made anew."""
    one = found.tables[table.name]
    for path in one.stale:
        aside.take(Path(path))
    if one.must_rebuild or not is_table(folder / table.name):
        for file in one.lost:
            aside.take(Path(file.path))
        rebuild_table(folder, table, aside, files=one.whole, marks=one.newest.marks)
        return one.must_rebuild
    if one.lost:
        lost = {file.path for file in one.lost}
        drop_files(folder, table, lost, aside)
        if any(file.path in lost for file in DeltaLog(folder, table).files):  # a name that a changed bit made
            rebuild_table(folder, table, aside, files=one.whole, marks=one.newest.marks)
            return True
    if one.has_damaged_journal:
        refresh_journal(folder, table, DeltaLog(folder, table).snapshot)
    if one.stale:
        DigestJournal(folder, table.name).forget_missing(folder / table.name)
    return False


def _withdrawals(found: Survey, feeds: FeedKeys) -> Iterator[Withdrawal]:
    yield from overlapping(found.claims, found.lost_time, _CAUSE)
    pairs = {(claim.feed, claim.filters) for claim in found.claims}
    named = {name for name, _ in (*pairs, *feeds)}
    pairs |= {(name, filters) for name, filters in feeds if name in found.feeds or not found.feeds}
    pairs |= {(name, "{}") for name in found.feeds if name not in named}
    for window in found.lost_claims:
        for name, filters in sorted(pairs):
            yield Withdrawal(name, filters, window, _CLAIMS_CAUSE)


def _raise_mark(folder: Path, table: Table, mark: str, number: int) -> None:
    """Set a mark to the highest number that is known, so that no number is given twice."""
    log = DeltaLog(folder, table)
    if log.mark(mark) < number:
        log.append(table.schema.empty_table(), {mark: number})


def _record_losses(folder: Path, found: Survey, now: datetime) -> None:
    """Record the numbers whose activities are gone; a rest that only counts can tell has no numbers of its own."""
    log = DeltaLog(folder, LOSSES)
    rows = [_loss(lowest, highest, highest - lowest + 1, now) for lowest, highest in found.missing]
    if rows:
        log.append(pa.Table.from_pylist(rows, schema=LOSSES.schema), {})
    activities = DeltaLog(folder, ACTIVITIES)
    known = counted(0, DeltaLog(folder, REMOVALS), log)
    rest = activities.mark(SEQ) - sum(file.rows for file in activities.files) - known.removed - known.lost
    if rest > 0:
        row = _loss(0, 0, rest, now)
        log.append(pa.Table.from_pylist([row], schema=LOSSES.schema), {})


def _loss(lowest: int, highest: int, number: int, now: datetime) -> dict[str, Any]:
    return {
        "lowest_seq": lowest,
        "highest_seq": highest,
        "activities": number,
        "cause": _CAUSE,
        "recorded_at": now,
    }


def _derive_missing(folder: Path, derive: Derive, highest: int) -> int:
    """Derive the events of all activities that have none, and set the mark of `events` behind them."""
    activities, events = DeltaLog(folder, ACTIVITIES), DeltaLog(folder, EVENTS)
    derived = 0
    for first in range(1, highest + 1, _SLICE):
        last = min(first + _SLICE - 1, highest)
        held = [file.path for file in activities.files if file.may_hold("seq", first, last)]
        done = [file.path for file in events.files if file.may_hold("seq", first, last)]
        if not held:
            continue
        sql = _WITHOUT_EVENT + (_AND_NO_EVENT if done else "") + " ORDER BY seq"
        asked: dict[str, object] = {"activities": held, "first": first, "last": last}
        with connect() as connection:
            batches = connection.sql(sql, params={**asked, **({"events": done} if done else {})}).to_arrow_reader(
                _BATCH
            )
            for batch in batches:
                events.append(event_rows(derive(pa.Table.from_batches([batch]))), {})
                derived += batch.num_rows
    if events.mark(NORMALIZED) < highest:
        events.append(EVENTS.schema.empty_table(), {NORMALIZED: highest})
    return derived
