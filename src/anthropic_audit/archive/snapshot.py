"""Read the state of a Delta table: its files, their bounds, and the marks committed with them.

The commit log is read as the Delta protocol describes it. Its statistics cut times to milliseconds, so a file's
highest time is taken one millisecond later than the log has it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import orjson
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from anthropic_audit.errors import ArchiveError
from anthropic_audit.ports import REPAIR_HINT
from anthropic_audit.times import moved

from .schema import Table

_MILLISECOND = timedelta(milliseconds=1)
_PARQUET = "Parquet"
_UNUSABLE = "check that the folder may be written and that the disk has space"

Bound = int | datetime


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a table, with the lowest and highest value of its indexed columns (both included)."""

    path: str
    rows: int
    bounds: Mapping[str, tuple[Bound, Bound]]
    nbytes: int = 0
    """The file's size according to the table's log."""

    def may_hold(self, column: str, lowest: Bound, highest: Bound) -> bool:
        """Return whether the file can hold a value of this span; a file without statistics can hold any value."""
        if column not in self.bounds:
            return True
        first, last = self.bounds[column]
        return first <= highest and lowest <= last  # type: ignore[operator] # both bounds are of the column's type

    def may_hold_any(self, column: str, numbers: Sequence[int]) -> bool:
        """Return whether the file can hold one of some numbers, which must be sorted."""
        if column not in self.bounds:
            return bool(numbers)
        first, last = self.bounds[column]
        place = bisect_left(numbers, first)
        return place < len(numbers) and numbers[place] <= last  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a table: its files, and the marks that were committed with them."""

    files: tuple[DataFile, ...]
    marks: Mapping[str, int]
    version: int = -1


_PANIC = "PanicException"
"""The class that Rust libraries raise on a panic; it is not a subclass of `Exception`, and has no public name."""


@contextmanager
def translated(place: Path) -> Iterator[None]:
    """Raise failures of the libraries and the file system as `ArchiveError`."""
    try:
        yield
    except (DeltaError, OSError, duckdb.Error, pa.ArrowException) as error:
        said = " ".join(str(error).split()).partition(" LINE 1: ")[0][:500]
        message = f"the archive can't be used: `{place}`: {said}"
        raise ArchiveError(message, hint=REPAIR_HINT if _may_be_damage(error, said) else _UNUSABLE) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        message = f"the archive can't be used: `{place}`: the Delta library gave up: {error}"
        raise ArchiveError(message, hint=_UNUSABLE) from error


def _may_be_damage(error: Exception, said: str) -> bool:
    is_of_resources = isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException)
    return _PARQUET in said or (isinstance(error, duckdb.Error) and not is_of_resources)


def is_table(folder: Path) -> bool:
    """Return whether a folder holds a Delta table."""
    return DeltaTable.is_deltatable(folder.as_uri())


def snapshot_of(folder: Path, table: Table) -> Snapshot:
    """Read a table's newest version."""
    with translated(folder):
        return snapshot_at(checked(DeltaTable(folder.as_uri()), folder, table), folder, table)


def checked(delta: DeltaTable, folder: Path, table: Table) -> DeltaTable:
    """Return the table if it has all columns of its schema.

    Raises:
        ArchiveError: It lacks columns, because an older version of this program made it.
    """
    missing = set(table.schema.names) - {field.name for field in delta.schema().fields}
    if missing:
        message = f"the archive was made by an older version: `{folder}` lacks the columns {', '.join(sorted(missing))}"
        raise ArchiveError(message, hint="read history into a new archive: `anthropic-audit backfill --archive FOLDER`")
    return delta


def snapshot_at(delta: DeltaTable, folder: Path, table: Table) -> Snapshot:
    """Return the files and marks of a table in the version that `delta` has loaded."""
    files = tuple(_files_now(delta, folder, table.indexed))
    marks = {name: delta.transaction_version(name) or 0 for name in table.marks}
    return Snapshot(files, marks, delta.version())


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


def data_file(folder: Path, add: Mapping[str, Any], indexed: Iterable[str]) -> DataFile:
    """Convert the `add` action of a commit to a file."""
    stats: dict[str, Any] = orjson.loads(add["stats"]) if add["stats"] else {}
    lowest, highest = stats.get("minValues", {}), stats.get("maxValues", {})
    bounds = {
        column: _bounds(_value(lowest[column]), _value(highest[column]))
        for column in indexed
        if column in lowest and column in highest
    }
    return DataFile(str(folder / unquote(add["path"])), stats.get("numRecords", 0), bounds, add["size"])


def _value(stated: int | str) -> Bound:
    return datetime.fromisoformat(stated) if isinstance(stated, str) else stated


def _bounds(lowest: Bound, highest: Bound) -> tuple[Bound, Bound]:
    """Return the bounds of a column's values; the log has times in whole milliseconds, rounded down."""
    if not isinstance(highest, datetime):
        return lowest, highest
    return lowest, moved(highest, _MILLISECOND)
