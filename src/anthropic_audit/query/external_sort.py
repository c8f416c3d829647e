"""Sort all matching rows by a column in bounded memory: an external bucket sort.

Three passes: DuckDB sorts the sort keys alone, and every n-th of them becomes the edge of a bucket; then all documents
are read once, in any order, and each is appended to its bucket's file; then the buckets are read and sorted one after
the other. The time is linear in the number of exported rows. DuckDB's own sort of whole documents fails under a small
`memory_limit`, and reading documents by their keys takes quadratic time.
"""

from __future__ import annotations

import marshal
import tempfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

import duckdb

from .sql import Clause

MIN_BUCKET_ROWS: Final = 2_000
MAX_BUCKETS: Final = 256
"""Upper bound on the buckets, each of which is an open file; a bucket has this share of all rows, or a few of them."""

_FETCH_ROWS: Final = 200
_BATCH_CHARS: Final = 8 << 20

Row = tuple[str | int | None, int, int, str, str]
"""The column's value, time in microseconds since 1970, `seq`, feed, document."""


@dataclass(frozen=True, slots=True)
class _Buckets:
    """The edges between buckets, ascending: of rows with a value, and of rows without one."""

    valued: Sequence[tuple[str | int, int, int]]
    unvalued: Sequence[tuple[int, int]]

    def of(self, row: Row) -> int:
        """Return the number of a row's bucket, ascending; rows without a value come after all others."""
        value, micros, seq = row[:3]
        if value is None:
            return len(self.valued) + 1 + bisect_right(self.unvalued, (micros, seq))
        return bisect_right(self.valued, (value, micros, seq))

    def in_order(self, *, is_descending: bool) -> Sequence[int]:
        """Return the numbers of all buckets in the order of the result, those of rows without a value last."""
        first, last = range(len(self.valued) + 1), range(len(self.valued) + 1, self.count)
        return [*reversed(first), *reversed(last)] if is_descending else [*first, *last]

    @property
    def count(self) -> int:
        """The number of buckets."""
        return len(self.valued) + len(self.unvalued) + 2


def sorted_rows(
    connection: duckdb.DuckDBPyConnection, column: str, clause: Clause, *, is_descending: bool
) -> Iterator[Sequence[Row]]:
    """Yield the rows that match a condition, sorted by a column, time and `seq`, one bucket at a time.

    Args:
        connection: A connection to the archive, used for nothing else meanwhile.
        column: The column of `events` to sort by.
        clause: The condition.
        is_descending: Whether the highest values come first; rows without a value come last.
    """
    buckets = _buckets(connection, column, clause)
    with ExitStack() as stack:
        files: dict[int, BinaryIO] = {}
        for batch in _batches(connection, column, clause):
            for number, rows in _distributed(buckets, batch).items():
                if number not in files:
                    files[number] = stack.enter_context(tempfile.TemporaryFile())
                marshal.dump(rows, files[number])
        for number in buckets.in_order(is_descending=is_descending):
            if number in files:
                with files.pop(number) as file:
                    yield sorted(_loaded(file), key=_key, reverse=is_descending)


def _distributed(buckets: _Buckets, rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[buckets.of(row)].append(row)
    return found


def _buckets(connection: duckdb.DuckDBPyConnection, column: str, clause: Clause) -> _Buckets:
    counted = f"SELECT count(*) FROM events WHERE {clause.sql}"  # noqa: S608 - our own text
    ((rows,),) = connection.execute(counted, list(clause.parameters)).fetchall()
    each = max(MIN_BUCKET_ROWS, -(-rows // MAX_BUCKETS))
    if rows <= each:
        return _Buckets((), ())
    sql = (
        f"SELECT {column} AS value, epoch_us(timestamp) AS micros, seq FROM events WHERE {clause.sql} "  # noqa: S608 - our own text
        "QUALIFY row_number() OVER (ORDER BY value NULLS LAST, timestamp, seq) % "
        f"{each:d} = 0 ORDER BY value NULLS LAST, micros, seq"
    )
    edges = connection.execute(sql, list(clause.parameters)).fetchall()
    return _Buckets(
        [(value, micros, seq) for value, micros, seq in edges if value is not None],
        [(micros, seq) for value, micros, seq in edges if value is None],
    )


def _batches(connection: duckdb.DuckDBPyConnection, column: str, clause: Clause) -> Iterator[Sequence[Row]]:
    """Yield all matching rows, in any order, in batches of about `_BATCH_CHARS`."""
    sql = f"SELECT {column}, epoch_us(timestamp), seq, feed, document FROM events WHERE {clause.sql}"  # noqa: S608 - our own text
    found = connection.execute(sql, list(clause.parameters))
    batch: list[Row] = []
    chars = 0
    while rows := found.fetchmany(_FETCH_ROWS):
        batch += rows
        chars += sum(len(row[-1]) for row in rows)
        if chars >= _BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    yield batch


def _loaded(file: BinaryIO) -> Iterator[Row]:
    file.seek(0)
    with suppress(EOFError):
        while True:
            yield from marshal.load(file)  # noqa: S302 - our own file, which no other process can open


def _key(row: Row) -> tuple[str | int | None, int, int]:
    return row[:3]
