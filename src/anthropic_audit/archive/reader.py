"""Reading an archive: one snapshot, beside whoever writes it, without a lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from anthropic_audit.errors import SetupError
from anthropic_audit.model import Coverage

from .delta import Snapshot, is_table, snapshot_of, translated
from .duck import connect, read
from .ledger import GapRow, gaps_of
from .location import folder_of
from .rows import coverage_of
from .schema import COVERAGE, DAY, ESSENTIAL, TABLES, Table

_NOTHING = Snapshot((), {})


class ArchiveReader:
    """An archive, open for reading: what was committed when it was opened, and nothing later.

    Claims are looked up first, then activities, then events, and last what was removed: so whatever is claimed is
    stored, and whatever is gone is explained, also while somebody writes.

    Raises:
        ArchiveError: A table can't be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with translated(folder):
            in_order = sorted(TABLES.values(), key=lambda table: table is not COVERAGE)
            self._tables = {table.name: _newest(folder / table.name, table) for table in in_order}

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._folder

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection of its own with a view of each table; times are UTC."""
        with translated(self._folder):
            connection = connect()
            for name, snapshot in self._tables.items():
                _show(connection, TABLES[name], sorted(file.path for file in snapshot.files))
            return connection

    def mark(self, name: str) -> int:
        """Return the number that was committed under this name together with the rows, or 0."""
        return next((one.marks[name] for one in self._tables.values() if name in one.marks), 0)

    def coverage(self, feed: str | None = None) -> list[Coverage]:
        """Return the finished walks of one feed, or of all, oldest first."""
        with translated(self._folder), self.connect() as connection:
            found = read(connection, "SELECT * FROM coverage ORDER BY walked_at, to_time")
        walks = [coverage_of(row) for row in found.to_pylist()]
        return [walk for walk in walks if feed in (None, walk.feed)]

    def gaps(self, feed: str | None = None) -> list[GapRow]:
        """Return the ledger of gaps of one feed, or of all, oldest entry first; an older archive has an empty one."""
        with translated(self._folder), self.connect() as connection:
            found = read(connection, "SELECT * FROM gaps")
        return [row for row in gaps_of(found.to_pylist()) if feed in (None, row.feed)]


def open_reader(location: str) -> ArchiveReader:
    """Open an archive for reading.

    Raises:
        SetupError: There is none.
        ArchiveError: It can't be read.
    """
    folder = folder_of(location)
    with translated(folder):
        is_archive = all(is_table(folder / table.name) for table in ESSENTIAL)
    if not is_archive:
        message = f"there is no archive at: {folder}"
        raise SetupError(message, hint="run `anthropic-audit collect --once` first, or name the archive's folder")
    return ArchiveReader(folder)


def _newest(folder: Path, table: Table) -> Snapshot:
    return snapshot_of(folder, table) if is_table(folder) else _NOTHING


def _show(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    """Make a table's view; its files are named by us, and still quoted."""
    columns = ", ".join(f'"{name}"' for name in table.schema.names)
    if not files:
        connection.register(f"{table.name}_empty", pa.Table.from_pylist([], schema=table.schema))
        connection.execute(f"CREATE VIEW {table.name} AS SELECT {columns} FROM {table.name}_empty")  # noqa: S608 - our own names
        return
    names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    hive = f"true, hive_types = {{'{DAY}': DATE}}" if table.partition_by else "false"
    source = f"read_parquet([{names}], hive_partitioning = {hive})"
    connection.execute(f"CREATE VIEW {table.name} AS SELECT {columns} FROM {source}")  # noqa: S608 - quoted above
