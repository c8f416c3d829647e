"""Write the Parquet files of batches with large values in small row groups, with at most two copies in memory.

The library that writes all other batches copies a batch several times before it is in the file: a value of 100 MB
took 530 MB of memory. Files written here belong to the same tables, and are committed by the same library.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from anthropic_audit.times import format_time

from .schema import Table

MIN_BATCH_BYTES: Final = 4 * 2**20
"""Minimum size of a batch that is written here; deltalake writes smaller ones."""

MIN_ROW_BYTES: Final = 4 * 2**10
"""Minimum average size of a batch's rows; deltalake writes batches of smaller ones. An activity has some 700 bytes."""

GROUP_BYTES: Final = 8 * 2**20
"""A row group ends after this many bytes, so that readers need not read the neighbours of a row."""

UNINDEXED: Final = frozenset({"raw", "document"})
"""Columns without statistics and dictionary in these files, since a value may have 100 MB."""


def is_large(rows: pa.Table) -> bool:
    """Return whether a batch is to be written in small row groups."""
    nbytes: int = rows.nbytes
    return nbytes >= MIN_BATCH_BYTES and nbytes >= rows.num_rows * MIN_ROW_BYTES


def write_files(folder: Path, table: Table, rows: pa.Table) -> list[AddAction]:
    """Write one file for each partition of a batch, and return the actions that a commit has to add.

    Raises:
        OSError: A file can't be written.
    """
    return [_write(folder, table, value, some) for value, some in _partitions(table, rows)]


def _partitions(table: Table, rows: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    if not table.partition_by:
        yield None, rows
        return
    (column,) = table.partition_by
    for value in pc.unique(rows.column(column)):
        same = pc.equal(rows.column(column), value)
        yield str(value.as_py()), rows if pc.all(same).as_py() else rows.filter(same)


def _write(folder: Path, table: Table, value: str | None, rows: pa.Table) -> AddAction:
    name = f"part-00000-{uuid.uuid4()}-c000.zstd.parquet"
    partition = {} if value is None else {table.partition_by[0]: value}
    path = "/".join([*(f"{column}={text}" for column, text in partition.items()), name])
    target = folder / path
    target.parent.mkdir(exist_ok=True)
    stored = rows.drop_columns(list(table.partition_by))
    indexed = [column for column in stored.column_names if column not in UNINDEXED]
    plain = {name for name in UNINDEXED & {*stored.column_names} if _longest(stored, name) > GROUP_BYTES}
    with pq.ParquetWriter(
        target,
        stored.schema,
        compression={name: "NONE" if name in plain else "ZSTD" for name in stored.column_names},
        compression_level={name: 1 for name in stored.column_names if name not in plain},
        write_statistics=indexed,
        use_dictionary=indexed,
        coerce_timestamps=None,
    ) as writer:
        for first, count in _groups(stored):
            writer.write_table(stored.slice(first, count), row_group_size=count)
    stats = orjson.dumps(_stats(table.indexed, stored)).decode()
    return AddAction(path, target.stat().st_size, partition, int(time.time() * 1000), True, stats)  # noqa: FBT003 - a field


def _longest(rows: pa.Table, name: str) -> int:
    """Return the length of a column's longest value in bytes; compressing it needs the same amount of memory."""
    return pc.max(pc.binary_length(rows.column(name))).as_py() or 0


def _groups(rows: pa.Table) -> Iterator[tuple[int, int]]:
    """Yield the first row and the number of rows of each row group."""
    lengths = [pc.binary_length(rows.column(name)).to_pylist() for name in rows.column_names if name in UNINDEXED]
    sizes = [sum(filter(None, row)) for row in zip(*lengths, strict=True)] or [0] * rows.num_rows
    first = nbytes = 0
    for row, size in enumerate(sizes):
        if row > first and nbytes + size > GROUP_BYTES:
            yield first, row - first
            first, nbytes = row, 0
        nbytes += size
    if first < len(sizes):
        yield first, len(sizes) - first


def _stats(columns: Sequence[str], rows: pa.Table) -> Mapping[str, Any]:
    """Return a file's statistics in the form of the Delta protocol, with times in whole milliseconds."""
    bounds = {name: pc.min_max(rows.column(name)).as_py() for name in columns}
    return {
        "numRecords": rows.num_rows,
        "minValues": {name: stated(found["min"]) for name, found in bounds.items()},
        "maxValues": {name: stated(found["max"]) for name, found in bounds.items()},
        "nullCount": dict.fromkeys(columns, 0),
    }


def stated(value: int | datetime) -> int | str:
    """Return a bound in the form of Delta statistics: times in whole milliseconds, rounded down."""
    if not isinstance(value, datetime):
        return value
    return format_time(value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000))
