"""Read one snapshot of an archive without a lock, while another process may write it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa

from anthropic_audit.errors import ArchiveError, SetupError
from anthropic_audit.model import Coverage, Window
from anthropic_audit.ports import DAMAGE_LOGGER

from .chunks import divided_by_day
from .damage import TABLE_GONE, Damage, damaged_since, has_content, open_table
from .duck import connect, read, shared
from .location import folder_of
from .schema import COVERAGE, DAY, ESSENTIAL, EVENTS, GAPS, NORMALIZED, TABLES, Table
from .snapshot import DataFile, Snapshot, is_table, translated
from .table_list import missing, recorded_tables
from .tolerant import TolerantConnection
from .values import GapRow, coverage_of, gaps_of

_BETWEEN = """
SELECT seq, id, timestamp, document FROM read_parquet($files, hive_partitioning = false)
WHERE seq BETWEEN $first AND $last ORDER BY seq
"""
_NUMBERED = """
SELECT seq, id, timestamp, document FROM read_parquet($files, hive_partitioning = false)
WHERE seq BETWEEN $first AND $last AND seq IN (SELECT unnest($seqs)) ORDER BY seq
"""
_SEQS_OF = """
SELECT seq FROM read_parquet($files, hive_partitioning = false)
WHERE timestamp >= $start AND timestamp < $end ORDER BY seq
"""
_OF = """
SELECT seq, id, timestamp, document FROM read_parquet($files, hive_partitioning = false)
WHERE timestamp >= $start AND timestamp < $end AND seq BETWEEN $first AND $last ORDER BY seq
"""
_BY_HOUR = """
SELECT date_trunc('hour', timestamp) AS hour, count(*) AS events FROM read_parquet($files, hive_partitioning = false)
WHERE timestamp >= $start AND timestamp < $end GROUP BY hour
"""
_log = logging.getLogger(DAMAGE_LOGGER)
_MAX_EVENTS_PER_TABLE = 20_000
_MICROSECOND = timedelta(microseconds=1)


class ArchiveReader:
    """An archive, open for reading: the commits from before it was opened, and none after.

    Claims are read first, then activities, then events, and last removals: so every claimed activity is stored, and
    every missing one is explained, even while another process writes.

    A missing or truncated file is left out and listed in `damage`.

    Args:
        folder: The archive's folder.
        distrusted: Tables whose list of files is taken from the digest journal, because their log is damaged.

    Raises:
        ArchiveError: A table can't be read.
    """

    def __init__(self, folder: Path, *, distrusted: Collection[str] = ()) -> None:
        self._folder = folder
        self._containing = threading.Lock()
        with translated(folder):
            in_order = sorted(TABLES.values(), key=lambda table: table is not COVERAGE)
            opened = {
                table.name: open_table(folder, table, is_log_trusted=table.name not in distrusted) for table in in_order
            }
        self._tables = {name: one.newest for name, one in opened.items()}
        self._whole = {name: one.whole for name, one in opened.items()}
        self._damage = [found for one in opened.values() for found in one.damage]
        had = {table.name for table in ESSENTIAL} | recorded_tables(folder)
        gone = [name for name in TABLES if name in had and not is_table(folder / name)]
        known = {one.table for one in self._damage}
        self._damage += [Damage(name, TABLE_GONE, str(folder / name)) for name in gone if name not in known]

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self._folder

    @property
    def damage(self) -> tuple[Damage, ...]:
        """The known damage to the archive's files."""
        return tuple(self._damage)

    @property
    def tables(self) -> Mapping[str, Snapshot]:
        """The newest version of each table."""
        return self._tables

    def whole_files(self, table: str) -> tuple[DataFile, ...]:
        """Return the files of a table that exist and have their recorded size."""
        return self._whole[table]

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a new DuckDB connection with a view of each table; times are UTC.

        A file that proves to be damaged while it is read is left out from then on, and the query is run again. The
        logger `DAMAGE_LOGGER` gets a warning for each file that is left out.
        """
        return self._connect(TABLES)

    def _connect(self, tables: Collection[str]) -> duckdb.DuckDBPyConnection:
        self._warn(self._damage)
        inner = self._connect_to_whole(tables)
        return cast("duckdb.DuckDBPyConnection", TolerantConnection(inner, partial(self._contain, inner)))

    def _connect_to_whole(self, tables: Collection[str]) -> duckdb.DuckDBPyConnection:
        """Connect to all undamaged files of tables; DuckDB reads the first one of each table immediately."""
        while True:
            try:
                return self.connect_to({name: [file.path for file in self._whole[name]] for name in tables})
            except ArchiveError as error:
                found = list(damaged_since(self._folder, self._whole, str(error), ""))
                if not found:
                    raise
                self._leave_out(found)

    def connect_to(self, files: Mapping[str, Iterable[str]]) -> duckdb.DuckDBPyConnection:
        """Return a new DuckDB connection with views of the given files of each table only."""
        with translated(self._folder):
            connection = connect()
            for name, paths in files.items():
                _show(connection, TABLES[name], sorted(paths))
            return connection

    def _contain(self, connection: duckdb.DuckDBPyConnection, error: Exception, query: str) -> bool:
        """Leave out the damaged files of the tables that a query reads; return whether there were any."""
        with self._containing:
            # Another query may have left the file out since this one began, or did so for another connection.
            found = [one for one in self._damage if one.table in self._whole and one.where in str(error)]
            if not found:
                found = list(damaged_since(self._folder, self._whole, str(error), query))
                self._leave_out(found)
            self._show_whole(connection, {one.table for one in found})
        return bool(found)

    def _show_whole(self, connection: duckdb.DuckDBPyConnection, stale: set[str]) -> None:
        """Recreate the views of these tables; DuckDB reads the first file of each immediately, which may be damaged."""
        while stale:
            table = stale.pop()
            try:
                _show_again(connection, TABLES[table], sorted(file.path for file in self._whole[table]))
            except duckdb.Error as error:
                found = list(damaged_since(self._folder, self._whole, str(error), ""))
                if not found:
                    raise
                self._leave_out(found)
                stale |= {table, *(one.table for one in found)}

    def _leave_out(self, damage: Sequence[Damage]) -> None:
        gone = {one.where for one in damage}
        for table in {one.table for one in damage}:
            self._whole[table] = tuple(file for file in self._whole[table] if file.path not in gone)
        self._damage += damage
        self._warn(damage)

    def _warn(self, damage: Iterable[Damage]) -> None:
        for one in damage:
            _log.warning("%s", one)

    def event_files(self) -> frozenset[str]:
        """Return the files of `events` that are not known to be damaged; a file's content never changes."""
        return frozenset(file.path for file in self._whole[EVENTS.name])

    def mark(self, name: str) -> int:
        """Return the number that was committed under this name, or 0; the rows up to it are in this snapshot."""
        return next((one.marks[name] for one in self._tables.values() if name in one.marks), 0)

    @property
    def normalized_seq(self) -> int:
        """The `seq` up to which events exist."""
        return self.mark(NORMALIZED)

    def events_between(self, first: int, last: int) -> pa.Table:
        """Return `seq`, `id`, `timestamp` and `document` of the events with a `seq` from `first` to `last`, in order.

        Only files that can hold those numbers are read.
        """
        held = [file for file in self._tables[EVENTS.name].files if file.may_hold("seq", first, last)]
        return self._events(_BETWEEN, held, {"first": first, "last": last})

    def events_numbered(self, seqs: Sequence[int]) -> pa.Table:
        """Return `seq`, `id`, `timestamp` and `document` of the events with these numbers, ordered by number."""
        wanted = sorted(seqs)
        held = [file for file in self._tables[EVENTS.name].files if file.may_hold_any("seq", wanted)]
        parameters = {"seqs": wanted, "first": wanted[0], "last": wanted[-1]} if wanted else {}
        return self._events(_NUMBERED, held, parameters)

    def events_of(self, start: datetime, end: datetime, max_events: int = _MAX_EVENTS_PER_TABLE) -> Iterator[pa.Table]:
        """Yield `seq`, `id`, `timestamp` and `document` of the events from `start` on and before `end`.

        Each table has at least one row and at most `max_events`. They come day by day, oldest first, ordered by number
        within a day (within several days, if those have few events): so memory holds at most the numbers of one
        day's events.
        """
        if start < end:
            for window, held in divided_by_day(self._tables[EVENTS.name].files, Window(start, end), max_events):
                yield from self._events_in(window, held, max_events)

    def _events_in(self, window: Window, held: Sequence[DataFile], max_events: int) -> Iterator[pa.Table]:
        parameters = {"start": window.start, "end": window.end}
        with translated(self._folder), shared() as connection:
            files = [file.path for file in held]
            seqs = read(connection, _SEQS_OF, {"files": files, **parameters}).column("seq")
        for place in range(0, len(seqs), max_events):
            some = seqs.slice(place, max_events)
            bounds = {"first": some[0].as_py(), "last": some[-1].as_py()}
            yield self._events(
                _OF, [file for file in held if file.may_hold("seq", *bounds.values())], parameters | bounds
            )

    def events_by_hour(self, start: datetime, end: datetime) -> dict[datetime, int]:
        """Return the number of events of each hour that has any, from `start` on and before `end`."""
        last = end - _MICROSECOND
        held = [file.path for file in self._tables[EVENTS.name].files if file.may_hold("timestamp", start, last)]
        if not held:
            return {}
        with translated(self._folder), shared() as connection:
            rows = read(connection, _BY_HOUR, {"files": held, "start": start, "end": end}).to_pylist()
        return {row["hour"].astimezone(UTC): row["events"] for row in rows}

    def _events(self, query: str, files: Sequence[DataFile], parameters: Mapping[str, object]) -> pa.Table:
        if not files:
            return EVENTS.schema.empty_table().select(["seq", "id", "timestamp", "document"])
        with translated(self._folder), shared() as connection:
            return read(connection, query, {"files": [file.path for file in files], **parameters})

    def coverage(self, feed: str | None = None) -> list[Coverage]:
        """Return the finished walks of one feed, or of all, oldest first."""
        with translated(self._folder), self._connect([COVERAGE.name]) as connection:
            found = read(connection, "SELECT * FROM coverage ORDER BY walked_at, to_time")
        walks = [coverage_of(row) for row in found.to_pylist()]
        return [walk for walk in walks if feed in (None, walk.feed)]

    def coverage_in(self, files: Sequence[str]) -> list[Coverage]:
        """Return the finished walks in the given files of `coverage`, oldest first."""
        with translated(self._folder), self.connect_to({COVERAGE.name: files}) as connection:
            found = read(connection, "SELECT * FROM coverage ORDER BY walked_at, to_time")
        return [coverage_of(row) for row in found.to_pylist()]

    def gaps(self, feed: str | None = None) -> list[GapRow]:
        """Return the ledger of gaps of one feed, or of all, oldest entry first; older archives have none."""
        with translated(self._folder), self._connect([GAPS.name]) as connection:
            found = read(connection, "SELECT * FROM gaps")
        return [row for row in gaps_of(found.to_pylist()) if feed in (None, row.feed)]


def open_reader(location: str) -> ArchiveReader:
    """Open an archive for reading.

    Raises:
        SetupError: There is no archive at the location.
        ArchiveError: The archive can't be read.
    """
    folder = folder_of(location)
    with translated(folder):
        lacking = [table for table in ESSENTIAL if not is_table(folder / table.name)]
        had = recorded_tables(folder)
        is_lost = any(table.name in had for table in lacking) or any(has_content(folder, table) for table in ESSENTIAL)
    if lacking and not is_lost:
        message = f"there is no archive at: {folder}"
        raise SetupError(message, hint="run `anthropic-audit collect --once` first, or name the archive's folder")
    if len(lacking) == len(ESSENTIAL):
        raise missing([folder / table.name for table in lacking])
    return ArchiveReader(folder)


def _show(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    """Create a table's view, which all cursors see; its file names come from us, and are quoted nevertheless."""
    columns = ", ".join(f'"{name}"' for name in table.schema.names)
    if not files:
        connection.register(f"{table.name}_empty", pa.Table.from_pylist([], schema=table.schema))
        connection.execute(f"CREATE TABLE {table.name} AS SELECT {columns} FROM {table.name}_empty")  # noqa: S608 - our own names
        connection.unregister(f"{table.name}_empty")
        return
    names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    hive = f"true, hive_types = {{'{DAY}': DATE}}" if table.partition_by else "false"
    source = f"read_parquet([{names}], hive_partitioning = {hive})"
    connection.execute(f"CREATE VIEW {table.name} AS SELECT {columns} FROM {source}")  # noqa: S608 - quoted above


def _show_again(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    """Recreate a table's view with fewer files; queries of other cursors see either the old or the new one."""
    is_view = "SELECT 1 FROM duckdb_views() WHERE view_name = ?"
    with closing(connection.cursor()) as cursor:  # closing it without a commit rolls the transaction back
        cursor.begin()
        if not cursor.execute(is_view, [table.name]).fetchall():
            return  # no file is whole, so it is an empty table already
        cursor.execute(f"DROP VIEW {table.name}")
        _show(cursor, table, files)
        cursor.commit()
