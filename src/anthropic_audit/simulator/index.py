"""The index of all chunks: find rows by their sort key, and insert rows while readers use an older index.

An index is immutable; each change returns a new index that shares the chunks of the old one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .chunk import Chunk, inserted, joined, part
from .cursors import Key

ROWS_IN_A_CHUNK = 4096
ROWS_IN_A_LIVE_CHUNK = 256
"""The newest rows are in small chunks, so that inserting a row copies little."""

FIRST: Key = (-(2**63), b"")
LAST: Key = (2**63 - 1, b"")


@dataclass(frozen=True, slots=True)
class IndexSpan:
    """A range of sort keys, `[low, high)`."""

    low: Key = FIRST
    high: Key = LAST

    def within(self, other: IndexSpan) -> IndexSpan:
        """Return the intersection of two spans."""
        return IndexSpan(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True, slots=True)
class IndexRange:
    """The rows `[low, high)` of one chunk."""

    chunk: Chunk
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Index:
    """Chunks in order, with the sort key of the first row of each."""

    chunks: tuple[Chunk, ...] = ()
    firsts: tuple[Key, ...] = ()

    def with_chunks(self, low: int, high: int, chunks: Sequence[Chunk]) -> Index:
        """Return an index with the chunks at `[low, high)` replaced by others."""
        return Index(
            (*self.chunks[:low], *chunks, *self.chunks[high:]),
            (*self.firsts[:low], *(chunk.key(0) for chunk in chunks), *self.firsts[high:]),
        )

    def appended(self, chunks: Sequence[Chunk]) -> Index:
        """Return an index with more chunks at its end."""
        return self.with_chunks(len(self.chunks), len(self.chunks), chunks)

    def inserted(self, single: Chunk) -> Index:
        """Return an index with a single-row chunk inserted in order; large chunks are left unchanged if possible."""
        key = single.key(0)
        at = bisect_right(self.firsts, key) - 1
        if at < 0 or (len(self.chunks[at]) >= ROWS_IN_A_LIVE_CHUNK and self.chunks[at].is_before(key)):
            at += 1
            if at == len(self.chunks) or len(self.chunks[at]) >= ROWS_IN_A_LIVE_CHUNK:
                return self.with_chunks(at, at, [single])
        return self.with_chunks(at, at + 1, _halved(inserted(self.chunks[at], single)))

    def compacted(self, start: int, before: Key) -> Index:
        """Return an index in which small chunks, from position `start` up to a sort key, are joined into large ones."""
        end = start
        groups: list[list[Chunk]] = []
        size = ROWS_IN_A_CHUNK
        while end < len(self.chunks) and self.chunks[end].is_before(before):
            chunk = self.chunks[end]
            if size + len(chunk) > ROWS_IN_A_CHUNK:
                groups.append([])
                size = 0
            groups[-1].append(chunk)
            size += len(chunk)
            end += 1
        if len(groups) == end - start:
            return self
        return self.with_chunks(start, end, [group[0] if len(group) == 1 else joined(group) for group in groups])

    def ascending(self, span: IndexSpan) -> Iterator[IndexRange]:
        """Yield the rows of a span by chunk, oldest first."""
        first, last = self._ends(span)
        return (one for at in range(first[0], last[0] + 1) if (one := self._part_of(at, first, last)) is not None)

    def descending(self, span: IndexSpan) -> Iterator[IndexRange]:
        """Yield the rows of a span by chunk, newest chunk first."""
        first, last = self._ends(span)
        return (one for at in range(last[0], first[0] - 1, -1) if (one := self._part_of(at, first, last)) is not None)

    def _ends(self, span: IndexSpan) -> tuple[tuple[int, int], tuple[int, int]]:
        if not self.chunks or span.low >= span.high:
            return (0, 0), (-1, 0)
        return self._locate(span.low), self._locate(span.high)

    def _locate(self, key: Key) -> tuple[int, int]:
        """Return chunk and position of the first row at or after a sort key, or where that row would be."""
        at = max(0, bisect_right(self.firsts, key) - 1)
        return at, self.chunks[at].position(key)

    def _part_of(self, at: int, first: tuple[int, int], last: tuple[int, int]) -> IndexRange | None:
        chunk = self.chunks[at]
        low = first[1] if at == first[0] else 0
        high = last[1] if at == last[0] else len(chunk)
        return IndexRange(chunk, low, high) if low < high else None


def _halved(chunk: Chunk) -> list[Chunk]:
    """Return a chunk in a list, split into two halves if it has reached the size at which no more rows are inserted."""
    if len(chunk) != 2 * ROWS_IN_A_LIVE_CHUNK:
        return [chunk]
    return [part(chunk, 0, ROWS_IN_A_LIVE_CHUNK), part(chunk, ROWS_IN_A_LIVE_CHUNK, len(chunk))]
