"""Repair an archive: move damaged files aside, withdraw claims that lost activities, derive lost events again.

Activities that only the API can return are left uncovered, so that the next collection reads them again. Each step can
be repeated after a crash at any point: everything about the damage is recorded before the damage is removed.
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
from .duck import shared
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
from .values import GapRow
from .withdrawals import Withdrawal, apply_withdrawals, claim_ends, overlapping, record_holes, record_withdrawals

Derive = Callable[[pa.Table], Events]
"""Make the events of rows of `activities`."""

FeedKeys = Sequence[tuple[str, str]]
"""The names of feeds, each with the key of its filters."""

_CAUSE = "activities were lost to damage"
_CLAIMS_CAUSE = "claims were lost to damage"
_WITHOUT_EVENT = """
SELECT seq, feed, id, created_at, received_at, raw FROM read_parquet($activities, hive_partitioning = false) a
WHERE seq BETWEEN $first AND $last
"""
_AND_NO_EVENT = " AND NOT EXISTS (SELECT 1 FROM read_parquet($events, hive_partitioning = false) e WHERE e.seq = a.seq)"
_BATCH_ROWS = 10_000
_SLICE_NUMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Repaired:
    """The result of a repair."""

    set_aside: tuple[Path, ...]
    rebuilt: tuple[str, ...]
    """The tables whose log was written again."""
    withdrawn: Spans
    """The time that coverage no longer claims."""
    holes: tuple[GapRow, ...]
    """The withdrawn time that has to be read again, by feed."""
    lost: tuple[Numbers, ...]
    """The numbers of activities that are lost."""
    derived: int
    """Number of events that were derived again."""
    orphans: int
    """Number of events whose activity was lost."""


def repair(folder: Path, now: datetime, derive: Derive, feeds: FeedKeys) -> tuple[Survey, Repaired]:
    """Repair an archive as far as possible from the archive alone; return what was found and what was done.

    `feeds` are the configured feeds: if claims are lost, no other record names the feeds that they belonged to.

    Raises:
        ArchiveBusyError: Another process writes the archive.
        ArchiveError: The archive can't be read or written, or the log and the journal of a table are lost.
    """
    with Lease(folder, now), translated(folder):
        found = survey(folder)
        return found, _repaired(folder, found, derive, feeds, now=now)


def settle(folder: Path, now: datetime) -> tuple[Settled, list[GapRow]]:
    """Settle the lost activities whose time was read again; return the outcome, and the gaps that are still open.

    Raises:
        ArchiveBusyError: Another process writes the archive.
        ArchiveError: The archive can't be read or written.
    """
    with Lease(folder, now), translated(folder):
        holes = record_holes(folder, now)
        open_time = Spans.of(row.entry.window for row in holes)
        return settle_orphans(folder, open_time, claim_ends(folder)), holes


def _repaired(folder: Path, found: Survey, derive: Derive, feeds: FeedKeys, *, now: datetime) -> Repaired:
    aside = SetAsideFolder(folder, now)
    first, last = _in_order()
    rebuilt = [table.name for table in first if _rebuilt(folder, found, table, aside)]
    record_withdrawals(folder, list(_withdrawals(found, feeds)), now)
    rebuilt += [table.name for table in last if _rebuilt(folder, found, table, aside)]
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
        shutil.rmtree(folder / IDS, ignore_errors=True)  # built again from the stored activities
    _record_losses(folder, found, now)  # last: until then, an interrupted repair finds the same losses again
    return Repaired(aside.moved, tuple(rebuilt), withdrawn, tuple(holes), found.missing, derived, orphans)


def _in_order() -> tuple[list[Table], list[Table]]:
    """Return the tables that must be whole before anything is withdrawn, and those that are repaired afterwards."""
    last = [EVENTS, COVERAGE, ACTIVITIES]
    return [table for table in TABLES.values() if table not in last], last


def _rebuilt(folder: Path, found: Survey, table: Table, aside: SetAsideFolder) -> bool:
    """Rebuild a table from its undamaged files as far as needed; return whether its log was written again."""
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
        if any(file.path in lost for file in DeltaLog(folder, table).files):  # a damaged log has a wrong file name
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
    """Raise a mark to the highest known number, so that no number is given twice."""
    log = DeltaLog(folder, table)
    if log.mark(mark) < number:
        log.append(table.schema.empty_table(), {mark: number})


def _record_losses(folder: Path, found: Survey, now: datetime) -> None:
    """Record the numbers of lost activities; losses that are known only by their count are recorded without numbers."""
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
    """Derive the events of all activities that have none, and set the mark of `events` to `highest`."""
    activities, events = DeltaLog(folder, ACTIVITIES), DeltaLog(folder, EVENTS)
    derived = 0
    for first in range(1, highest + 1, _SLICE_NUMBERS):
        last = min(first + _SLICE_NUMBERS - 1, highest)
        held = [file.path for file in activities.files if file.may_hold("seq", first, last)]
        done = [file.path for file in events.files if file.may_hold("seq", first, last)]
        if not held:
            continue
        sql = _WITHOUT_EVENT + (_AND_NO_EVENT if done else "") + " ORDER BY seq"
        parameters: dict[str, object] = {"activities": held, "first": first, "last": last}
        with shared() as connection:
            batches = connection.sql(sql, params={**parameters, **({"events": done} if done else {})}).to_arrow_reader(
                _BATCH_ROWS
            )
            for batch in batches:
                events.append(event_rows(derive(pa.Table.from_batches([batch]))), {})
                derived += batch.num_rows
    if events.mark(NORMALIZED) < highest:
        events.append(EVENTS.schema.empty_table(), {NORMALIZED: highest})
    return derived
