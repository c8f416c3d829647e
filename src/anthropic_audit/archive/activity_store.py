"""Store each activity exactly once by id, and record repeats with other bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import duckdb
import pyarrow as pa

from anthropic_audit.model import Received
from anthropic_audit.progress import ChangedActivities, Waiting, Watch

from .changed_repeats import ChangedRepeat, StoredActivity, StoredText, change_rows, changes_among
from .delta import DeltaLog
from .duck import read
from .id_index import IdIndex, IdSource, StoredIds
from .lease import Lease
from .rows import activity_rows
from .schema import ACTIVITIES, CHANGED, SEQ
from .sorted_runs import DamagedRunError

_IDS_PER_READ = 100_000
_MAX_EXAMPLES = 5
_MIN_REPORTED_IDS = 1_000_000
"""An index built from fewer new ids than this takes no noticeable time, and is not reported."""

_MAX_ROWS_PER_DELETE = 1_000

_CHANGED = "SELECT DISTINCT seq FROM read_parquet($files) ORDER BY seq"
_IDS = """
SELECT seq, id FROM read_parquet($files, hive_partitioning = false)
WHERE seq > $above AND seq <= $last ORDER BY seq
"""
_STORED = """
SELECT stored.seq, stored.id, stored.sha256
FROM read_parquet($files, hive_partitioning = false) stored JOIN wanted ON wanted.seq = stored.seq
WHERE stored.seq BETWEEN $first AND $last ORDER BY stored.seq
"""
_RAW = """
SELECT stored.seq, stored.created_at, stored.raw FROM read_parquet($files, hive_partitioning = false) stored
JOIN wanted ON wanted.seq = stored.seq WHERE stored.seq BETWEEN $first AND $last
"""
_RECORDED = """
SELECT recorded.id, recorded.sha256 FROM read_parquet($files) recorded JOIN wanted ON wanted.seq = recorded.seq
"""


class ActivityStore:
    """The tables `activities` and `changed_activities`, and the index of ids; for use by one thread at a time.

    Raises:
        ArchiveError: A table can't be read or written.
    """

    def __init__(self, folder: Path, lease: Lease, connection: duckdb.DuckDBPyConnection, watch: Watch) -> None:
        self.activities = DeltaLog(folder, ACTIVITIES, lease)
        self.changed = DeltaLog(folder, CHANGED, lease)
        self._index = IdIndex(folder)
        self._is_checked = False
        self._duckdb = connection
        self._watch = watch

    def append(self, received: Sequence[Received]) -> int:
        """Store the activities whose id is not stored yet, and return their number.

        Of several activities with one id, the first is stored. Activities with other bytes than those stored under
        their id are recorded in `changed_activities` afterwards: a crash in between repeats the walk, which finds them
        again.
        """
        self.activities.refresh()
        self.changed.refresh()
        once: dict[str, Received] = {}
        for one in received:
            once.setdefault(one.activity.id, one)
        kept = self._stored(list(once))
        fresh = [one for name, one in once.items() if name not in kept]
        if fresh:
            last = self.activities.mark(SEQ)
            rows = activity_rows(fresh, last + 1)
            self.activities.append(rows, {SEQ: last + len(fresh)})
            self._index_ids([one.activity.id for one in fresh], last + 1)
        if len(fresh) < len(received):
            first = self.activities.mark(SEQ) - len(fresh) + 1
            again = [one for one in received if one.activity.id in kept or once[one.activity.id] is not one]
            self._record_changes(again, kept | _stored_from(fresh, first, {one.activity.id for one in again}))
        return len(fresh)

    def drop_orphans(self) -> None:
        """Remove the recorded changes of activities that are no longer stored: retention removes all of a day."""
        files = [file.path for file in self.changed.files]
        if not files:
            return
        with self._duckdb.cursor() as connection:
            numbers = read(connection, _CHANGED, {"files": files}).column(SEQ).to_pylist()
        there = set(self._rows_of(_STORED, numbers).column(SEQ).to_pylist())
        gone = [number for number in numbers if number not in there]
        for first in range(0, len(gone), _MAX_ROWS_PER_DELETE):
            self.changed.remove_numbered(gone[first : first + _MAX_ROWS_PER_DELETE])

    def close(self) -> None:
        """Close the index's files."""
        self._index.close()

    def _stored(self, ids: Sequence[str]) -> dict[str, list[StoredActivity]]:
        """Return the stored activities under each of some ids; ids that are not stored are left out."""
        candidates = self._candidates(ids)
        numbers = sorted({number for listed in candidates.values() for number in listed})
        rows = self._rows_of(_STORED, numbers)
        found: dict[str, list[StoredActivity]] = {}
        columns = (rows.column(name).to_pylist() for name in (SEQ, "id", "sha256"))
        for seq, name, digest in zip(*columns, strict=True):
            if name in candidates:
                found.setdefault(name, []).append(StoredActivity(seq, digest))
        return found

    def _candidates(self, ids: Sequence[str]) -> dict[str, list[int]]:
        """Look ids up in the index, after bringing it up to date; a damaged index is built again."""
        for _ in range(2):
            try:
                self._catch_up()
                return self._index.find(ids)
            except DamagedRunError:
                self._index.forget()
        self._catch_up()
        return self._index.find(ids)

    def _catch_up(self) -> None:
        last = self.activities.mark(SEQ)
        if self._is_checked and self._index.up_to == last:
            return
        files = self.activities.files
        self._index.catch_up(IdSource(self.activities.table_id, sum(file.rows for file in files), last, self._ids))
        self._is_checked = True

    def _ids(self, above: int, last: int) -> Iterator[StoredIds]:
        """Yield the stored ids with numbers after `above` and up to `last`, in order."""
        if last - above > _MIN_REPORTED_IDS:
            self._watch(Waiting(0, f"building the index of ids from {last - above:,} stored activities"))
        for first in range(above, last, _IDS_PER_READ):
            end = min(first + _IDS_PER_READ, last)
            files = [file.path for file in self.activities.files if file.may_hold(SEQ, first + 1, end)]
            if files:
                with self._duckdb.cursor() as connection:
                    rows = read(connection, _IDS, {"files": files, "above": first, "last": end})
                yield StoredIds(rows.column("id").to_pylist(), rows.column(SEQ).to_pylist())

    def _index_ids(self, ids: Sequence[str], first: int) -> None:
        try:
            with suppress(OSError):  # a full disk: ids that could not be written stay in memory
                self._index.add(ids, range(first, first + len(ids)))
        except DamagedRunError:
            self._index.forget()

    def _record_changes(self, received: Iterable[Received], kept: Mapping[str, Sequence[StoredActivity]]) -> None:
        changes = changes_among(received, kept)
        if not changes:
            return
        numbers = sorted({change.kept.seq for change in changes})
        recorded = self._recorded(numbers)
        new = [one for one in changes if (one.received.activity.id, one.received.activity.sha256) not in recorded]
        if new:
            stored = {
                row[SEQ]: StoredText(row["created_at"].astimezone(UTC), row["raw"])
                for row in self._rows_of(_RAW, numbers).to_pylist()
            }
            rows = change_rows(new, stored)
            self.changed.append(rows, {})
            self._report(new, rows.column("is_same_content").to_pylist())

    def _recorded(self, numbers: Sequence[int]) -> set[tuple[str, bytes]]:
        files = [file.path for file in self.changed.files if file.may_hold_any(SEQ, numbers)]
        if not files:
            return set()
        with self._duckdb.cursor() as connection:
            connection.register("wanted", pa.table({SEQ: pa.array(numbers, pa.int64())}))
            rows = read(connection, _RECORDED, {"files": files}).to_pylist()
        return {(row["id"], row["sha256"]) for row in rows}

    def _report(self, new: Sequence[ChangedRepeat], same: Sequence[bool]) -> None:
        by_feed = Counter(one.received.feed for one in new)
        for feed, number in by_feed.items():
            of_feed = [
                (one.received.activity.id, is_same)
                for one, is_same in zip(new, same, strict=True)
                if one.received.feed == feed
            ]
            examples = tuple(dict.fromkeys(name for name, _ in of_feed))[:_MAX_EXAMPLES]
            self._watch(ChangedActivities(feed, number, sum(is_same for _, is_same in of_feed), examples))

    def _rows_of(self, query: str, numbers: Sequence[int]) -> pa.Table:
        """Return a query's rows about the activities with the given numbers, which must be sorted."""
        files = [file.path for file in self.activities.files if file.may_hold_any(SEQ, numbers)]
        if not files:
            return ACTIVITIES.schema.empty_table()
        with self._duckdb.cursor() as connection:
            connection.register("wanted", pa.table({SEQ: pa.array(numbers, pa.int64())}))
            return read(connection, query, {"files": files, "first": numbers[0], "last": numbers[-1]})


def _stored_from(fresh: Sequence[Received], first: int, wanted: AbstractSet[str]) -> dict[str, list[StoredActivity]]:
    """Return the wanted ones of activities that have just been stored under numbers from `first` on, by id."""
    return {
        one.activity.id: [StoredActivity(seq, one.activity.sha256)]
        for seq, one in enumerate(fresh, start=first)
        if one.activity.id in wanted
    }
