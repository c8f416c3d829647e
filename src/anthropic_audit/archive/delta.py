"""One Delta table for writing: append a batch in one commit, and know which files can hold what.

The commit log is read as the Delta protocol describes it. Its statistics cut times to milliseconds, so a file's
largest time is taken one millisecond later than stated.
"""

from __future__ import annotations

import math
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import duckdb
import orjson
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from anthropic_audit.errors import ArchiveError
from anthropic_audit.times import EPOCH, moved

from .data_files import Bound, Snapshot
from .data_files import DataFile as DataFile  # noqa: PLC0414 - exported for those who read one table
from .digests import LOG, Commit, DigestJournal, FileDigest, Recorded, digest_of, log_files
from .late_digests import record_late
from .schema import DAY, Table
from .upkeep import GRACE, Compacted, Vacuumed

_MILLISECOND = timedelta(milliseconds=1)
_RESERVE_BYTES = 16 * 2**20
"""So much stays free, for the log, checkpoints and everybody else on the disk."""
_TARGET_BYTES = 128 * 2**20
"""How large files get when small ones are merged."""
_PARQUET = "Parquet"
REPAIR = "`anthropic-audit archive repair` sets damaged files aside and gets back what can be had"
"""The hint of every error and warning about damage."""
_UNUSABLE = "check that the folder may be written and that the disk has space"
_ROWS_TOGETHER = 65_536
"""How many rows a reader has to take at least: who follows a table reads it in parts."""
_WRITER = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=_ROWS_TOGETHER)


class DeltaLog:
    """A table of the archive, open for appending by the one process that holds the lease.

    Raises:
        ArchiveError: The table can't be opened, made or written.
    """

    def __init__(self, archive: Path, table: Table) -> None:
        self._folder = archive / table.name
        self._table = table
        self._journal = DigestJournal(archive, table.name)
        with translated(self._folder):
            recorded = self._journal.read()  # before the table: others may commit meanwhile
            if not is_table(self._folder):
                _refuse_if_gone(self._folder, recorded)
                self._journal.start_anew()
            self._delta = _open_or_create(self._folder, table)
            _refuse_if_older(self._folder, self._delta.version(), recorded.version)
        self._marks: dict[str, int] = {}
        self._files: list[DataFile] = []
        self._is_known = False
        self._read()
        with translated(self._folder):
            record_late(self._journal, self._folder, recorded, Snapshot(self.files, self._marks, self.version))

    @property
    def version(self) -> int:
        """The table's newest version."""
        return self._delta.version()

    @property
    def name(self) -> str:
        """The table's name."""
        return self._table.name

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of the newest version."""
        return tuple(self._files)

    @property
    def snapshot(self) -> Snapshot:
        """The newest version."""
        return Snapshot(self.files, dict(self._marks), self.version)

    def mark(self, name: str) -> int:
        """Return the number that was last committed under this name, or 0.

        What was committed with it is in `files`, whoever is committing more meanwhile.
        """
        return self._marks[name]

    def has_mark(self, name: str) -> bool:
        """Say whether a number was ever committed under this name."""
        return self._delta.transaction_version(name) is not None

    def catch_up(self) -> None:
        """Take over what other processes have committed."""
        with self._committing():
            pass

    def append(self, rows: pa.Table, marks: Mapping[str, int]) -> None:
        """Add rows and set marks, all of it or nothing, and have it on the disk before returning."""
        _check_space(self._folder, rows.nbytes)
        transactions = [Transaction(name, number) for name, number in marks.items()]
        with self._committing(marks):
            write_deltalake(
                self._delta,
                rows,
                mode="append",
                writer_properties=_WRITER,
                commit_properties=CommitProperties(app_transactions=transactions),
            )

    @property
    def crowded(self) -> list[str]:
        """The days that have more than one small file; of a table without days, its name if that has."""
        return [place for place, sizes in self._small().items() if len(sizes) > 1]

    def compact(self, place: str) -> Compacted:
        """Merge the small files of one of the `crowded`; rows, marks and what readers have open stay as they are.

        The files before stay on the disk until `vacuum`.
        """
        with self._committing():
            before = len(self._files)
            _check_space(self._folder, sum(self._small().get(place, ())))
            self._delta.optimize.compact(
                partition_filters=[(DAY, "=", place)] if self._table.partition_by else None,
                target_size=_TARGET_BYTES,
                writer_properties=_WRITER,
            )
        return Compacted(self._table.name, before, len(self._files))

    def remove_days(self, days: Sequence[date], undated_by: str | None = None) -> None:
        """Remove the rows of whole days; their files stay on the disk until `vacuum`.

        Rows without a time of their own lie in the day of the epoch; another column can say which day is theirs.
        """
        listed = ", ".join(f"'{day.isoformat()}'" for day in days)
        undated = f"{DAY} = '{EPOCH:%Y-%m-%d}' AND CAST({undated_by} AS DATE) IN ({listed})"
        with self._committing():
            self._delta.delete(f"{DAY} IN ({listed})" + (f" OR ({undated})" if undated_by else ""))

    def drop_missing(self) -> None:
        """Take files that are not there out of the newest version."""
        with self._committing():
            self._delta.repair(dry_run=False)

    def delete_where(self, predicate: str) -> None:
        """Remove the rows of which a predicate is true; their files stay on the disk until `vacuum`."""
        with self._committing():
            self._delta.delete(predicate)

    def replace_all(self, rows: pa.Table) -> None:
        """Put rows in the place of all that there are, in one commit; the marks stay."""
        _check_space(self._folder, rows.nbytes)
        with self._committing():
            write_deltalake(self._delta, rows, mode="overwrite", writer_properties=_WRITER)

    def vacuum(self, grace: timedelta = GRACE) -> Vacuumed:
        """Delete files that have been in no version of the table for `grace`, in whole hours, or more.

        That includes what a crash has left half written; without any grace it does not, since somebody may be
        writing it just now (a declared gap needs no lease).
        """
        hours = max(0, math.ceil(grace / timedelta(hours=1)))
        with self._committing():
            gone = self._delta.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=hours > 0)
        with translated(self._folder):
            self._journal.forget_missing(self._folder)
        return Vacuumed(self._table.name, len(gone))

    def replace(self, rows: pa.RecordBatchReader, predicate: str, nbytes: int) -> None:
        """Put rows in the place of those that a predicate names, in one commit; the rows are read as they are written.

        `nbytes` says about how much room they take. The files of the rows before stay on the disk for those who read
        them, but belong to older versions of the table.
        """
        _check_space(self._folder, nbytes)
        with self._committing():
            write_deltalake(self._delta, rows, mode="overwrite", predicate=predicate, writer_properties=_WRITER)

    def _small(self) -> Mapping[str, Sequence[int]]:
        """Return the sizes of the files that are worth merging, by day."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for path in (Path(file.path) for file in self._files):
            size = path.stat().st_size
            if size < _TARGET_BYTES:
                found[path.parent.name.removeprefix(f"{DAY}=")].append(size)
        return found

    @contextmanager
    def _committing(self, marks: Mapping[str, int] = MappingProxyType({})) -> Iterator[None]:
        """Have what is committed inside on the disk, and take it over: first the files, then the marks.

        After a failure nobody knows what was committed; the next time, all of it is read again first.
        """
        with translated(self._folder):
            if not self._is_known:
                self._read()
            self._is_known = False
            before = self._delta.version()
            yield
            self._delta.update_incremental()
            versions = range(before + 1, self._delta.version() + 1)
            self._journal.append([self._take_over(version) for version in versions])
            self._marks = {**self._marks, **marks}
            self._is_known = True

    def _read(self) -> None:
        """Take over all that is committed."""
        with translated(self._folder):
            self._delta.update_incremental()
            now = _snapshot(self._delta, self._folder, self._table)
            self._files, self._marks = list(now.files), dict(now.marks)
            self._is_known = True

    def _take_over(self, version: int) -> Commit:
        """Sync a commit's files to the disk, remember what they hold, and return their digests."""
        log = self._folder / LOG / f"{version:020}.json"
        actions = [orjson.loads(line) for line in log.read_bytes().splitlines()]
        added = [line["add"] for line in actions if "add" in line]
        removed = frozenset(unquote(line["remove"]["path"]) for line in actions if "remove" in line)
        files = [_file(self._folder, add, self._table.indexed) for add in added]
        paths = [Path(file.path) for file in files]
        _sync([*paths, log, *{path.parent for path in paths}, log.parent])
        gone = {str(self._folder / path) for path in removed}
        self._files = [file for file in self._files if file.path not in gone] + files
        digests = [_digest(self._folder, file) for file in files if file.path not in gone]
        marks = {line["txn"]["appId"]: line["txn"]["version"] for line in actions if "txn" in line}
        return Commit(version, (*digests, *log_files(self._folder, version)), removed, marks)


@contextmanager
def translated(place: Path) -> Iterator[None]:
    """Turn failures of the libraries and the file system into `ArchiveError`."""
    try:
        yield
    except (DeltaError, OSError, duckdb.Error, pa.ArrowException) as error:
        said = " ".join(str(error).split()).partition(" LINE 1: ")[0][:500]
        message = f"the archive can't be used: `{place}`: {said}"
        raise ArchiveError(message, hint=REPAIR if _may_be_damage(error, said) else _UNUSABLE) from error


def _refuse_if_gone(folder: Path, recorded: Recorded) -> None:
    if recorded.version > 0 or recorded.live:
        message = f"a table of the archive is gone: `{folder}`, of which {len(recorded.live)} files are recorded"
        raise ArchiveError(message, hint=REPAIR)


def _refuse_if_older(folder: Path, newest: int, recorded: int) -> None:
    if newest < recorded:
        message = f"commits of a table are lost: the newest of `{folder}` is {newest}, and {recorded} was committed"
        raise ArchiveError(message, hint=REPAIR)


def _may_be_damage(error: Exception, said: str) -> bool:
    is_of_resources = isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException)
    return _PARQUET in said or (isinstance(error, duckdb.Error) and not is_of_resources)


def is_table(folder: Path) -> bool:
    """Say whether a folder holds a Delta table."""
    return DeltaTable.is_deltatable(folder.as_uri())


def snapshot_of(folder: Path, table: Table) -> Snapshot:
    """Return a table's newest version, for reading."""
    with translated(folder):
        return _snapshot(_checked(DeltaTable(folder.as_uri()), folder, table), folder, table)


def _checked(delta: DeltaTable, folder: Path, table: Table) -> DeltaTable:
    """Return a table that has all columns.

    Raises:
        ArchiveError: It was made before some of them were thought of.
    """
    missing = set(table.schema.names) - {field.name for field in delta.schema().fields}
    if missing:
        message = f"the archive was made by an older version: `{folder}` lacks the columns {', '.join(sorted(missing))}"
        raise ArchiveError(message, hint="read history into a new archive: `anthropic-audit backfill --archive FOLDER`")
    return delta


def _check_space(folder: Path, wanted: int) -> None:
    """Refuse to write what may not fit: the writing library gets loud on a full disk, and leaves half a file behind."""
    free = shutil.disk_usage(folder).free
    if free < wanted + _RESERVE_BYTES:
        message = f"the archive's disk is nearly full: {free // 2**20} MB free at `{folder}`"
        raise ArchiveError(message, hint="make space; what is stored stays, and nothing is claimed that is not stored")


def _open_or_create(folder: Path, table: Table) -> DeltaTable:
    if is_table(folder):
        return _checked(DeltaTable(folder.as_uri()), folder, table)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return DeltaTable.create(
            folder.as_uri(),
            table.schema,
            partition_by=list(table.partition_by),
            configuration={"delta.dataSkippingStatsColumns": ",".join(table.indexed)},
        )
    except DeltaError:
        if is_table(folder):  # another process was faster
            return DeltaTable(folder.as_uri())
        raise


def _snapshot(delta: DeltaTable, folder: Path, table: Table) -> Snapshot:
    files = tuple(_files_now(delta, folder, table.indexed))
    return Snapshot(files, {name: delta.transaction_version(name) or 0 for name in table.marks}, delta.version())


def _files_now(delta: DeltaTable, folder: Path, indexed: Iterable[str]) -> Iterator[DataFile]:
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    for action in actions:
        bounds = {
            column: _bounds(action[f"min.{column}"], action[f"max.{column}"])
            for column in indexed
            if action.get(f"min.{column}") is not None and action.get(f"max.{column}") is not None
        }
        path = str(folder / unquote(action["path"]))
        yield DataFile(path, action["num_records"] or 0, bounds, action["size_bytes"])


def _file(folder: Path, add: Mapping[str, Any], indexed: Iterable[str]) -> DataFile:
    stats: dict[str, Any] = orjson.loads(add["stats"]) if add["stats"] else {}
    lowest, highest = stats.get("minValues", {}), stats.get("maxValues", {})
    bounds = {
        column: _bounds(_value(lowest[column]), _value(highest[column]))
        for column in indexed
        if column in lowest and column in highest
    }
    return DataFile(str(folder / unquote(add["path"])), stats.get("numRecords", 0), bounds, add["size"])


def _digest(folder: Path, file: DataFile) -> FileDigest:
    path = Path(file.path)
    return FileDigest(str(path.relative_to(folder)), *digest_of(path), rows=file.rows, bounds=file.bounds)


def _value(stated: int | str) -> Bound:
    return datetime.fromisoformat(stated) if isinstance(stated, str) else stated


def _bounds(lowest: Bound, highest: Bound) -> tuple[Bound, Bound]:
    """Return what a column's values lie between; the table tells times in whole milliseconds, cut off."""
    if not isinstance(highest, datetime):
        return lowest, highest
    return lowest, moved(highest, _MILLISECOND)


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
