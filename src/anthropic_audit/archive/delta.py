"""Write one Delta table: append each batch in one commit, and know the value ranges of its files."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import orjson
import pyarrow as pa
from deltalake import ColumnProperties, CommitProperties, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError

from anthropic_audit.atomic import sync
from anthropic_audit.errors import ArchiveError, ArchiveLostError
from anthropic_audit.times import EPOCH

from .digests import LOG, Commit, DigestJournal, FileDigest, digest_of, log_files
from .large_values import is_large, write_files
from .late_digests import record_late
from .lease import Lease
from .maintenance import GRACE, Compacted, Vacuumed
from .open_table import opened
from .schema import DAY, Table
from .snapshot import DataFile, Snapshot, data_file, snapshot_at, translated
from .table_list import HINT, record_table

_MIN_FREE_BYTES = 16 * 2**20
"""Disk space that stays free, for the log, checkpoints and other programs."""
_TARGET_BYTES = 128 * 2**20
"""The size of the files that small ones are merged into."""
_MAX_GROUP_ROWS = 65_536
"""Maximum rows of a row group, the smallest part that can be read: followers read a table in parts."""
_PLAIN = ColumnProperties(statistics_enabled="NONE", dictionary_enabled=False)
_WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=_MAX_GROUP_ROWS,
    statistics_truncate_length=64,
    # A column's statistics hold whole values, and those of texts may be of 100 MB; no query uses them.
    column_properties={"raw": _PLAIN, "document": _PLAIN},
)
_WRITER_ID = "anthropicAuditWriter"
"""The member of a commit's `commitInfo` that names the lease under which the commit was made."""


class DeltaLog:
    """A table of the archive, open for appending.

    Args:
        archive: The archive's folder.
        table: The table.
        lease: The lease under which this process alone writes the table: it is checked before each commit, and a
            commit of another process is detected. None for tables that several processes append to.

    Raises:
        ArchiveError: The table can't be opened, created or written, or it was removed.
        ArchiveLostError: The lease or the table was removed meanwhile, or another process has written the table.
    """

    def __init__(self, archive: Path, table: Table, lease: Lease | None = None) -> None:
        self._folder = archive / table.name
        self._log_folder = self._folder / LOG
        self._table = table
        self._lease = lease
        self._journal = DigestJournal(archive, table.name)
        with translated(self._folder):
            recorded = self._journal.read()  # before the table: others may commit meanwhile
            self._delta = opened(archive, table, self._journal, recorded)
            record_table(archive, table.name)
            self._log_identity = _identity(self._log_folder)
        self._newest: Path | None = None
        self._marks: dict[str, int] = {}
        self._files: list[DataFile] = []
        self._is_known = False
        self._read()
        with translated(self._folder):
            record_late(self._journal, self._folder, recorded, self.snapshot)

    @property
    def version(self) -> int:
        """The table's newest version."""
        return self._delta.version()

    @property
    def snapshot(self) -> Snapshot:
        """The newest version: its files and marks."""
        return Snapshot(self.files, dict(self._marks), self.version)

    def has_mark(self, name: str) -> bool:
        """Return whether a number was ever committed under this name."""
        return self._delta.transaction_version(name) is not None

    @property
    def name(self) -> str:
        """The table's name."""
        return self._table.name

    @property
    def table_id(self) -> str:
        """The table's id, which differs from that of any other table with the same name."""
        return str(self._delta.metadata().id)

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of the newest version."""
        return tuple(self._files)

    def mark(self, name: str) -> int:
        """Return the number that was last committed under this name, or 0.

        The rows that were committed with it are in `files`, even if other processes commit meanwhile.
        """
        return self._marks[name]

    def refresh(self) -> None:
        """Read the table again if the last commit failed: it is unknown whether that was stored."""
        if not self._is_known:
            self._read()

    def catch_up(self) -> None:
        """Read the commits of other processes."""
        with self._committing():
            pass

    def append(self, rows: pa.Table, marks: Mapping[str, int]) -> None:
        """Add rows and set marks in one commit, and sync it to the disk before returning."""
        self._check_not_replaced()
        _check_space(self._folder, rows.nbytes)
        transactions = [Transaction(name, number) for name, number in marks.items()]
        properties = self._properties(transactions)
        with self._committing(marks):
            if is_large(rows):
                self._append_large(rows, properties)
            else:
                write_deltalake(
                    self._delta, rows, mode="append", writer_properties=_WRITER, commit_properties=properties
                )

    def _append_large(self, rows: pa.Table, properties: CommitProperties) -> None:
        """Append a batch with large values; after a crash before the commit, `vacuum` removes the files."""
        actions = write_files(self._folder, self._table, rows)
        partitions = list(self._table.partition_by)
        self._delta.create_write_transaction(
            list(actions), "append", self._table.schema, partitions, commit_properties=properties
        )

    @property
    def crowded(self) -> list[str]:
        """The days that have more than one small file; for a table without days, its name if it has."""
        return [place for place, sizes in self._small().items() if len(sizes) > 1]

    def compact(self, place: str) -> Compacted:
        """Merge the small files of one of the `crowded` days; rows, marks and files that readers have open stay.

        The files before stay on the disk until `vacuum`.
        """
        with self._committing():
            before = len(self._files)
            _check_space(self._folder, sum(self._small().get(place, ())))
            self._delta.optimize.compact(
                partition_filters=[(DAY, "=", place)] if self._table.partition_by else None,
                target_size=_TARGET_BYTES,
                writer_properties=_WRITER,
                commit_properties=self._properties(),
            )
        return Compacted(self._table.name, before, len(self._files))

    def remove_days(self, days: Sequence[date], undated_by: str | None = None) -> None:
        """Remove the rows of whole days; their files stay on the disk until `vacuum`.

        Rows without a time of their own are stored under the day of the epoch; name the column that has their day in
        `undated_by` to remove them as well.
        """
        listed = ", ".join(f"'{day.isoformat()}'" for day in days)
        undated = f"{DAY} = '{EPOCH:%Y-%m-%d}' AND CAST({undated_by} AS DATE) IN ({listed})"
        with self._committing():
            predicate = f"{DAY} IN ({listed})" + (f" OR ({undated})" if undated_by else "")
            self._delta.delete(predicate, commit_properties=self._properties())

    def remove_numbered(self, numbers: Sequence[int]) -> None:
        """Remove the rows with the given numbers (`seq`); their files stay on the disk until `vacuum`."""
        with self._committing():
            self._delta.delete(f"seq IN ({', '.join(map(str, numbers))})", commit_properties=self._properties())

    def vacuum(self, grace: timedelta = GRACE) -> Vacuumed:
        """Delete files that have been in no version of the table for `grace` or longer, rounded up to whole hours.

        This includes files left incomplete by a crash. With a grace of zero it does not: another process may be writing
        them (declaring a gap needs no lease).
        """
        hours = max(0, math.ceil(grace / timedelta(hours=1)))
        with self._committing():
            gone = self._delta.vacuum(
                hours,
                dry_run=False,
                enforce_retention_duration=False,
                full=hours > 0,
                commit_properties=self._properties(),
            )
        with translated(self._folder):
            self._journal.forget_missing(self._folder)
        return Vacuumed(self._table.name, len(gone))

    def drop_missing(self) -> None:
        """Remove missing files from the newest version."""
        with self._committing():
            self._delta.repair(dry_run=False, commit_properties=self._properties())

    def replace_all(self, rows: pa.Table) -> None:
        """Replace all rows in one commit; the marks stay."""
        _check_space(self._folder, rows.nbytes)
        with self._committing():
            write_deltalake(
                self._delta,
                rows,
                mode="overwrite",
                writer_properties=_WRITER,
                commit_properties=self._properties(),
            )

    def replace(self, rows: pa.RecordBatchReader, predicate: str, nbytes: int) -> None:
        """Replace the rows that a predicate selects in one commit; the new rows are read while they are written.

        `nbytes` is the approximate size of the new rows. The files before stay on the disk for readers that have them
        open, but belong to older versions of the table.
        """
        self._check_not_replaced()
        _check_space(self._folder, nbytes)
        with self._committing():
            write_deltalake(
                self._delta,
                rows,
                mode="overwrite",
                predicate=predicate,
                writer_properties=_WRITER,
                commit_properties=self._properties(),
            )

    def _small(self) -> Mapping[str, Sequence[int]]:
        """Return the sizes of the files small enough to merge, by day."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for path in (Path(file.path) for file in self._files):
            size = path.stat().st_size
            if size < _TARGET_BYTES:
                found[path.parent.name.removeprefix(f"{DAY}=")].append(size)
        return found

    @contextmanager
    def _committing(self, marks: Mapping[str, int] = MappingProxyType({})) -> Iterator[None]:
        """Sync the commits made inside to the disk, and take them over: first the files, then the marks.

        After a failure it is unknown what was committed; the table is then read again before the next commit.
        """
        with translated(self._folder):
            self._check_not_replaced()
            self.refresh()
            self._is_known = False
            before = self._delta.version()
            try:
                yield
            except CommitFailedError:
                self._check_alone(before)
                raise
            self._delta.update_incremental()
            versions = range(before + 1, self._delta.version() + 1)
            self._journal.append([self._take_over(version) for version in versions])
            self._marks = {**self._marks, **marks}
            self._is_known = True

    def _properties(self, transactions: Sequence[Transaction] = ()) -> CommitProperties:
        """Return the properties of a commit: under a lease, a commit that is not based on the newest version fails."""
        if self._lease is None:
            return CommitProperties(app_transactions=list(transactions))
        return CommitProperties(
            custom_metadata={_WRITER_ID: self._lease.writer_id},
            max_commit_retries=0,
            app_transactions=list(transactions),
        )

    def _check_not_replaced(self) -> None:
        """Raise if the lease is lost, or the table is no longer the one that was opened.

        Raises:
            ArchiveLostError: The lease is lost, or the table was removed or replaced.
        """
        if self._lease is not None:
            self._lease.check()
        is_there = _identity(self._log_folder) == self._log_identity and (self._newest is None or self._newest.exists())
        if not is_there:
            message = (
                f"the table was removed or replaced while it was written: `{self._folder}`; nothing is added to it"
            )
            if self._lease is not None:
                self._lease.lose(message.removesuffix("; nothing is added to it"))
            raise ArchiveLostError(message, hint=HINT)

    def _check_alone(self, before: int) -> None:
        """Find out why a commit failed: raise if another process has committed since version `before`."""
        self._delta.update_incremental()
        for version in range(before + 1, self._delta.version() + 1):
            self._check_author(version, self._actions(version))

    def _check_author(self, version: int, actions: Iterable[Mapping[str, dict[str, object]]]) -> None:
        if self._lease is None:
            return
        authors = {line["commitInfo"].get(_WRITER_ID) for line in actions if "commitInfo" in line}
        if authors != {self._lease.writer_id}:
            self._lease.lose(f"another process has written `{self._folder}` (version {version}) at the same time")
            self._lease.check()

    def _actions(self, version: int) -> list[dict[str, dict[str, Any]]]:
        return [orjson.loads(line) for line in self._log_of(version).read_bytes().splitlines()]

    def _log_of(self, version: int) -> Path:
        return self._log_folder / f"{version:020}.json"

    def _read(self) -> None:
        """Read all that is committed."""
        with translated(self._folder):
            self._delta.update_incremental()
            now = snapshot_at(self._delta, self._folder, self._table)
            self._files, self._marks = list(now.files), dict(now.marks)
            newest = self._log_of(self._delta.version())
            self._newest = newest if newest.exists() else None
            self._is_known = True

    def _take_over(self, version: int) -> Commit:
        """Sync a commit's files to the disk, take over its list of files, and return the digests."""
        log, actions = self._log_of(version), self._actions(version)
        self._check_author(version, actions)
        added = [line["add"] for line in actions if "add" in line]
        removed = frozenset(unquote(line["remove"]["path"]) for line in actions if "remove" in line)
        files = [data_file(self._folder, add, self._table.indexed) for add in added]
        paths = [Path(file.path) for file in files]
        sync(*paths, log, *{path.parent for path in paths}, log.parent)
        gone = {str(self._folder / path) for path in removed}
        self._files = [file for file in self._files if file.path not in gone] + files
        self._newest = log
        digests = [_digest(self._folder, file) for file in files if file.path not in gone]
        marks = {line["txn"]["appId"]: line["txn"]["version"] for line in actions if "txn" in line}
        return Commit(version, (*digests, *log_files(self._folder, version)), removed, marks)


def _check_space(folder: Path, wanted: int) -> None:
    """Raise if data may not fit on the disk: the writing library reports a full disk badly, and leaves half a file."""
    free = shutil.disk_usage(folder).free
    if free < wanted + _MIN_FREE_BYTES:
        message = f"the archive's disk is nearly full: {free // 2**20} MB free at `{folder}`"
        raise ArchiveError(message, hint="free disk space; stored activities stay, and nothing unstored is claimed")


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return the device and inode of a folder, or None if there is none; a folder that replaces it has others."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _digest(folder: Path, file: DataFile) -> FileDigest:
    path = Path(file.path)
    return FileDigest(str(path.relative_to(folder)), *digest_of(path), rows=file.rows, bounds=file.bounds)
