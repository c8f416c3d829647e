"""Read the sizes of activities from the footers of files, to read activities in parts that fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow.parquet as pq

from .schema import SEQ

_BYTES_OF = "raw"


class RowRange(NamedTuple):
    """The activities of a row group: first and last number, and total bytes of received text."""

    first: int
    last: int
    nbytes: int

    def between(self, first: int, last: int) -> float:
        """Return the bytes of the activities between two numbers, assuming an even distribution."""
        together = min(last, self.last) - max(first, self.first) + 1
        return self.nbytes * max(0, together) / (self.last - self.first + 1)


def row_ranges(paths: Iterable[str]) -> list[RowRange]:
    """Read the footers of files of `activities`."""
    return [row_range for path in paths for row_range in _ranges(path)]


def part_of(ranges: Sequence[RowRange], first: int, last: int, max_bytes: int) -> tuple[int, int]:
    """Return the end of a part that starts at `first` and has about `max_bytes`, and the part's estimated bytes."""
    while (nbytes := sum(row_range.between(first, last) for row_range in ranges)) > max_bytes and last > first:
        last = first + (last - first) // 2
    return last, round(nbytes)


def _ranges(path: str) -> Iterator[RowRange]:
    footer = pq.read_metadata(path)
    names = footer.schema.names
    seq, raw = names.index(SEQ), names.index(_BYTES_OF)
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        bounds = group.column(seq).statistics
        if bounds is not None and bounds.has_min_max:
            yield RowRange(bounds.min, bounds.max, group.column(raw).total_uncompressed_size)
