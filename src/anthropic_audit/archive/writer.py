"""Write an archive: store every activity once, then claim what is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from anthropic_audit.errors import ArchiveBusyError
from anthropic_audit.model import Coverage, Filters, Purpose, Received, RequestMade, Window
from anthropic_audit.plan import GapEntry, Spans, Walk
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Waiting, Watch, ignore_progress
from anthropic_audit.times import EPOCH

from .activity_store import ActivityStore
from .chunks import FileChunk, chunks_of
from .consistency import counted, refuse_contradictions
from .delta import DeltaLog
from .duck import read, shared
from .gap_ledger import GapLedger
from .lease import Lease
from .location import folder_of
from .maintenance import GRACE, Compacted, Removed, Vacuumed
from .row_sizes import part_of, row_ranges
from .rows import Events, coverage_rows, event_rows, removal_rows, request_rows
from .schema import (
    ACTIVITIES,
    CLAIMED,
    COVERAGE,
    DELIVERIES,
    EVENTS,
    LOSSES,
    NORMALIZED,
    REJECTED,
    REMOVALS,
    REQUESTS,
    SEQ,
    WITHDRAWALS,
)
from .snapshot import translated
from .values import GapRow

_LEASE_SECONDS = 1.0

_BETWEEN = """
SELECT seq, feed, id, type, created_at, organization_id, received_at, raw
FROM read_parquet($files, hive_partitioning = false)
WHERE seq BETWEEN $first AND $last ORDER BY seq
"""
_HEADS_BETWEEN = _BETWEEN.replace(", raw", ", CAST(NULL AS BLOB) AS raw")
_COLUMNS = ["seq", "feed", "id", "type", "created_at", "organization_id", "received_at", "raw"]
_OF_CHUNK = """
SELECT seq, feed, id, type, created_at, organization_id, received_at, raw
FROM read_parquet($files, hive_partitioning = false)
WHERE seq BETWEEN $first AND $last
    AND (CASE WHEN created_at = $epoch THEN received_at ELSE created_at END) BETWEEN $lowest AND $highest
ORDER BY seq
"""
_DAYS = """
SELECT day, count(*) AS activities, min(seq) AS lowest_seq, max(seq) AS highest_seq
FROM (
    SELECT CAST(CASE WHEN created_at = $epoch THEN received_at ELSE created_at END AS DATE) AS day, seq
    FROM read_parquet($files, hive_partitioning = false)
) WHERE day < $before GROUP BY day ORDER BY day
"""
_BATCH_ROWS = 10_000
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

_CLAIMS = "SELECT feed, filters, from_time, to_time, walked_at, new FROM read_parquet($files)"

_LAST_WALK = """
SELECT purpose FROM read_parquet($files)
WHERE feed = $feed AND filters = $filters AND from_time < $end AND to_time > $start
ORDER BY walked_at DESC LIMIT 1
"""


class ArchiveWriter:
    """An archive, open for writing; threads may share it.

    Activities, events and walks can be stored concurrently: each of the three has a lock of its own.

    `seq` numbers the stored activities; its highest value is committed together with the activities, and the position
    up to which events exist together with those events. So no crash can separate a number from its rows.

    Raises:
        ArchiveBusyError: Another process writes the archive.
        ArchiveError: The archive can't be read or written, or has lost a table.
        ArchiveLostError: Meanwhile its lease or a table was removed, or another process has written it.
        SetupError: The location does not name a local folder.
    """

    def __init__(self, location: str, clock: Clock, watch: Watch = ignore_progress) -> None:
        folder = folder_of(location)
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._lease = Lease(folder, clock.now())
        try:
            self._duckdb = shared()
            self._store = ActivityStore(folder, self._lease, self._duckdb, watch)
            self._activities = self._store.activities
            self._events = DeltaLog(folder, EVENTS, self._lease)
            self._coverage = DeltaLog(folder, COVERAGE, self._lease)
            self._requests = DeltaLog(folder, REQUESTS, self._lease)
            self._removals = DeltaLog(folder, REMOVALS, self._lease)
            self._of_repair = [DeltaLog(folder, table, self._lease) for table in (LOSSES, WITHDRAWALS)]
            self._of_sinks = [DeltaLog(folder, DELIVERIES), DeltaLog(folder, REJECTED)]
            self._gaps = GapLedger(folder)
            self._storing, self._deriving, self._recording = (threading.Lock() for _ in range(3))
            self._claimed = 0
            self._walks = self._read_coverage()
            sums = counted(self._claimed, self._removals, self._of_repair[0])
            refuse_contradictions(folder, [log for log, _ in self._tables()], sums)
            self._covered = {key: Spans.of(walk.window for walk in walks) for key, walks in self._walks.items()}
        except BaseException:
            self._lease.release()
            raise
        self._folder = folder
        self._clock = clock

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self._folder

    def append(self, received: Sequence[Received]) -> int:
        """Store the activities whose id is not stored yet, and return their number.

        Activities that are stored with other bytes are recorded in `changed_activities`, each different text once.
        """
        with self._storing, translated(self._folder):
            return self._store.append(received)

    def claim(self, coverage: Coverage) -> None:
        """Record that a window was walked to its end."""
        with self._recording:
            self._coverage.append(coverage_rows(coverage), {CLAIMED: self._activities.mark(SEQ)})
            key, walk = (coverage.feed, coverage.filters), Walk(coverage.window, coverage.walked_at)
            self._covered[key] = self._covered.get(key, Spans()) | Spans((walk.window,))
            self._walks.setdefault(key, []).append(walk)

    def record_requests(self, requests: Sequence[RequestMade]) -> None:
        """Record requests to the API."""
        if requests:
            with self._recording:
                self._requests.append(request_rows(requests), {})

    def covered(self, feed: str, filters: Filters) -> Spans:
        """Return the covered time of one feed under one set of filters."""
        return self._covered.get((feed, filters.key()), Spans())

    def walks(self, feed: str, filters: Filters, since: datetime) -> list[Walk]:
        """Return the finished walks of one feed under one set of filters whose window ends after `since`.

        Walks that end before are forgotten, so `since` must not decrease.
        """
        key = (feed, filters.key())
        with self._recording:
            recent = [walk for walk in self._walks.get(key, ()) if walk.window.end > since]
            self._walks[key] = recent
            return list(recent)

    def record_gaps(self, rows: Sequence[GapRow]) -> None:
        """Record gaps that opened, closed, or are permanent."""
        with self._recording:
            self._lease.check()
            self._gaps.record(rows)

    def gaps(self, feed: str, filters: Filters) -> list[GapEntry]:
        """Return the ledger of gaps of one feed under one set of filters, including declarations of other processes."""
        with self._recording:
            self._gaps.catch_up()
            return self._gaps.entries(feed, filters.key())

    def walked_by(self, feed: str, filters: Filters, window: Window) -> Purpose | None:
        """Return the purpose of the last walk that claimed any part of a window, or None."""
        parameters = {"feed": feed, "filters": filters.key(), "start": window.start, "end": window.end}
        with self._recording, translated(self._folder), self._duckdb.cursor() as connection:
            held = [file for file in self._coverage.files if file.may_hold("to_time", window.start, _END_OF_TIME)]
            files = [file.path for file in held if file.may_hold("from_time", EPOCH, window.end)]
            found = read(connection, _LAST_WALK, {"files": files, **parameters}).to_pylist() if files else []
        return Purpose(found[0]["purpose"]) if found else None

    @property
    def last_seq(self) -> int:
        """The `seq` of the newest activity, 0 in an empty archive; all activities up to it can be read."""
        return self._activities.mark(SEQ)

    @property
    def normalized_seq(self) -> int:
        """The `seq` up to which events exist."""
        return self._events.mark(NORMALIZED)

    def part_from(self, first: int, last: int, max_bytes: int) -> tuple[int, int]:
        """Return the last number of a part that starts at `first`, and the part's approximate bytes of received text.

        The last number is between `first` and `last`, such that the part has about `max_bytes`.
        """
        with translated(self._folder):
            files = [file.path for file in self._activities.files if file.may_hold(SEQ, first, last)]
            return part_of(row_ranges(files), first, last, max_bytes)

    def activities_between(self, first: int, last: int, *, has_raw: bool = True) -> pa.Table:
        """Return the activities with a `seq` from `first` to `last`, both included, in order.

        Without `has_raw` the received texts are not read, and `raw` is null.
        """
        with translated(self._folder):
            files = [file.path for file in self._activities.files if file.may_hold(SEQ, first, last)]
            if not files:
                return ACTIVITIES.schema.empty_table().select(_COLUMNS)
            with self._duckdb.cursor() as connection:
                parameters = {"files": files, "first": first, "last": last}
                return read(connection, _BETWEEN if has_raw else _HEADS_BETWEEN, parameters)

    def append_events(self, events: Events, up_to_seq: int) -> None:
        """Store events and the position up to which they exist, in one commit; existing events are left out."""
        rows = event_rows(events)
        with self._deriving, translated(self._folder):
            self._events.refresh()
            done = self._events.mark(NORMALIZED)
            if up_to_seq <= done:
                return
            if rows.num_rows and rows.column(SEQ)[0].as_py() <= done:
                rows = rows.filter(pc.greater(rows.column(SEQ), done))
            self._events.append(rows, {NORMALIZED: up_to_seq})

    def event_chunks(self, start: datetime, end: datetime) -> list[FileChunk]:
        """Return the events from `start` on and before `end` as chunks that can be replaced one by one, by time."""
        return chunks_of(self._events.files, start, end)

    def replace_events(self, chunk: FileChunk, derive: Callable[[pa.Table], Events]) -> int:
        """Derive a chunk of events again from their activities, and return their number.

        Either the whole chunk is replaced or nothing; memory is bounded by the size of a batch.
        """
        with self._deriving, translated(self._folder), self._duckdb.cursor() as connection:
            bounds = {"lowest": chunk.lowest, "highest": chunk.highest, "epoch": EPOCH}
            files = [file.path for file in self._activities.files if file.may_hold(SEQ, chunk.first, chunk.last)]
            parameters = {"files": files, "first": chunk.first, "last": chunk.last, **bounds}
            activities = connection.sql(_OF_CHUNK, params=parameters).to_arrow_reader(_BATCH_ROWS) if files else ()
            replaced = 0

            def rows() -> Iterator[pa.RecordBatch]:
                nonlocal replaced
                for batch in activities:
                    found = event_rows(derive(pa.Table.from_batches([batch])))
                    replaced += found.num_rows
                    yield from found.to_batches()

            reader = pa.RecordBatchReader.from_batches(EVENTS.schema, rows())
            self._events.replace(reader, chunk.predicate, chunk.nbytes)
            return replaced

    def compact(self) -> list[Compacted]:
        """Merge small files of all tables; collecting waits for one day of one table at a time, readers do not wait.

        Raises:
            ArchiveError: There is not enough disk space, or a table can't be written.
        """
        done = []
        for log, lock in self._tables():
            with lock, translated(self._folder):
                log.catch_up()
                crowded, before = log.crowded, len(log.files)
            merged = 0
            for place in crowded:
                with lock, translated(self._folder):
                    one = log.compact(place)
                    merged += one.files_before - one.files_after
            done.append(Compacted(log.name, before, before - merged))
        return done

    def vacuum(self, grace: timedelta = GRACE) -> list[Vacuumed]:
        """Delete the files of all tables that were replaced more than `grace` ago.

        Raises:
            ArchiveError: A table can't be written.
        """
        done = []
        for log, lock in self._tables():
            with lock, translated(self._folder):
                done.append(log.vacuum(grace))
        return done

    def retain(self, before: date, held: Sequence[tuple[date, date]], *, is_rehearsal: bool = False) -> list[Removed]:
        """Remove the activities and events of all days before `before`, except held days; a hold includes both ends.

        Coverage stays: it records what was walked. The removal is recorded before anything is removed, so a crash
        leaves rows that can be removed again, and never an unexplained hole. A rehearsal removes nothing.

        Raises:
            ArchiveError: A table can't be read or written.
        """
        with self._storing, self._deriving, self._recording, translated(self._folder):
            found = [one for one in self._days(before) if not any(start <= one.day <= end for start, end in held)]
            if found and not is_rehearsal:
                self._removals.append(removal_rows(found, self._clock.now()), {})
                days = [one.day for one in found]
                self._events.remove_days(days)
                self._activities.remove_days(days, undated_by="received_at")
                self._store.drop_orphans()
            return found

    def _days(self, before: date) -> list[Removed]:
        midnight = datetime.combine(before, time(), UTC)
        files = [file.path for file in self._activities.files if file.may_hold("created_at", EPOCH, midnight)]
        if not files:
            return []
        with self._duckdb.cursor() as connection:
            parameters = {"files": files, "before": before, "epoch": EPOCH}
            return [Removed(**row) for row in read(connection, _DAYS, parameters).to_pylist()]

    def _tables(self) -> list[tuple[DeltaLog, threading.Lock]]:
        return [
            (self._activities, self._storing),
            (self._store.changed, self._storing),
            (self._events, self._deriving),
            (self._coverage, self._recording),
            (self._requests, self._recording),
            (self._gaps.log, self._recording),
            (self._removals, self._recording),
            *((log, self._recording) for log in (*self._of_repair, *self._of_sinks)),
        ]

    def close(self) -> None:
        """Close the archive, so that another process can write it."""
        self._store.close()
        self._duckdb.close()
        self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_coverage(self) -> dict[tuple[str, str], list[Walk]]:
        """Return the walks of each feed under each set of filters."""
        files = [file.path for file in self._coverage.files]
        if not files:
            return {}
        found = read(self._duckdb, _CLAIMS, {"files": files})
        walks: dict[tuple[str, str], list[Walk]] = {}
        for row in found.to_pylist():
            window = Window(row["from_time"].astimezone(UTC), row["to_time"].astimezone(UTC))
            walk = Walk(window, row["walked_at"].astimezone(UTC))
            walks.setdefault((row["feed"], row["filters"]), []).append(walk)
            self._claimed += row["new"]
        return walks


def open_writer(location: str, clock: Clock, watch: Watch = ignore_progress) -> ArchiveWriter:
    """Open an archive for writing, and wait while another process writes it.

    Raises:
        ArchiveError: The archive can't be read or written.
        SetupError: The location does not name a local folder.
        InterruptedRunError: The operator asked for an end while waiting.
    """
    is_reported = False
    while True:
        try:
            return ArchiveWriter(location, clock, watch)
        except ArchiveBusyError as error:
            if not is_reported:
                watch(Waiting(_LEASE_SECONDS, str(error)))
                is_reported = True
        clock.wait(_LEASE_SECONDS)
