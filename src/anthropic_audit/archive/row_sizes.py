"""Tell from the footers of files how many bytes activities have, to read them in parts that fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow.parquet as pq

from .schema import SEQ

_BYTES_OF = "raw"


class RowRange(NamedTuple):
    """A row group: from which to which number it has activities, and how many bytes of received text."""

    first: int
    last: int
    nbytes: int

    def between(self, first: int, last: int) -> float:
        """Return how many of its bytes lie between two numbers, if they are spread evenly."""
        together = min(last, self.last) - max(first, self.first) + 1
        return self.nbytes * max(0, together) / (self.last - self.first + 1)


def stretches_of(paths: Iterable[str]) -> list[RowRange]:
    """Read the footers of files of `activities`."""
    return [stretch for path in paths for stretch in _stretches(path)]


def part_of(stretches: Sequence[RowRange], first: int, last: int, max_bytes: int) -> tuple[int, int]:
    """Return up to which number activities from `first` on have about so many bytes, and how many that are."""
    while (nbytes := sum(stretch.between(first, last) for stretch in stretches)) > max_bytes and last > first:
        last = first + (last - first) // 2
    return last, round(nbytes)


def _stretches(path: str) -> Iterator[RowRange]:
    footer = pq.read_metadata(path)
    names = footer.schema.names
    seq, raw = names.index(SEQ), names.index(_BYTES_OF)
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        bounds = group.column(seq).statistics
        if bounds is not None and bounds.has_min_max:
            yield RowRange(bounds.min, bounds.max, group.column(raw).total_uncompressed_size)
