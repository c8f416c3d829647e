"""Sorted runs of (hash, number) pairs in files: written once, read by position, with a checksum for every part.

A file holds a header, all hashes in order, the number of each hash, and a table of buckets. A bucket holds the hashes
with the same first bits, some hundred of them, so one hash is looked up with one small read. No file is mapped into
memory: a damaged or truncated one must end in an error, and not in a signal.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_HEADER = struct.Struct("<8sQBQQQII")
_MAGIC = b"AAIDS001"
_WIDTH = 8
_BUCKET = 64
"""Minimum hashes of an average bucket; the maximum is twice as many."""
_SCAN_FACTOR = 1200
"""A run with fewer hashes than this multiple of the hashes looked for is read from end to end (measured)."""
_CHUNK = 1 << 18
"""Number of hashes that are read at a time when a run is read from end to end."""
_SLICE_BITS = 17
"""Runs are merged in slices of about two to the power of this number of hashes."""

Pairs = tuple[pa.Array, pa.Array]
"""Sorted hashes, and the number of each: two columns of unsigned 64-bit integers."""


class DamagedRunError(Exception):
    """Raised when a run's file differs from what was written; the index has to be built again."""


class Run:
    """One sorted run, open for reading; threads must not share it.

    Raises:
        DamagedRunError: The file is missing, truncated or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DamagedRunError(str(error)) from error
        try:
            self._read_header()
        except BaseException:
            self.close()
            raise
        self._is_verified = False

    def _read_header(self) -> None:
        head = self._read_at(0, _HEADER.size)
        magic, self.count, self.bits, *crcs, table_crc, head_crc = _HEADER.unpack(head)
        self._hashes_crc, self._numbers_crc, length = crcs
        if magic != _MAGIC or zlib.crc32(head[:-4]) != head_crc:
            message = f"{self.path} has no header"
            raise DamagedRunError(message)
        self._hashes_at = _HEADER.size
        self._numbers_at = self._hashes_at + self.count * _WIDTH
        table = self._read_at(self._numbers_at + self.count * _WIDTH, length)
        if zlib.crc32(table) != table_crc:
            message = f"{self.path} has a damaged table"
            raise DamagedRunError(message)
        buckets = 1 << self.bits
        self._starts, self._crcs, self._number_crcs = array("Q"), array("I"), array("I")
        self._starts.frombytes(table[: (buckets + 1) * 8])
        self._crcs.frombytes(table[(buckets + 1) * 8 : (buckets + 1) * 8 + buckets * 4])
        self._number_crcs.frombytes(table[(buckets + 1) * 8 + buckets * 4 :])

    def find(self, needles: Sequence[int], column: pa.Array) -> list[tuple[int, int]]:
        """Return each occurrence of some hashes, with its number.

        Args:
            needles: The hashes, sorted and without duplicates.
            column: The same hashes as a column.

        Raises:
            DamagedRunError: The file is damaged where it was read.
        """
        if self.count < _SCAN_FACTOR * len(needles):
            return self._scan(needles, column)
        return self._probe(needles)

    def slices(self, bits: int) -> Iterator[Pairs]:
        """Yield all pairs, divided by the first `bits` bits of their hashes; `bits` is at most `self.bits`."""
        for position in range(1 << bits):
            step = 1 << (self.bits - bits)
            hashes, numbers = bytearray(), bytearray()
            for bucket in range(position * step, (position + 1) * step):
                hashes += self._bucket(bucket)
                numbers += self._numbers(bucket)
            yield column_of(bytes(hashes)), column_of(bytes(numbers))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _probe(self, needles: Sequence[int]) -> list[tuple[int, int]]:
        found = []
        shift = 64 - self.bits
        for needle in needles:
            bucket = needle >> shift
            held, pattern = self._bucket(bucket), needle.to_bytes(_WIDTH, "little")
            at = held.find(pattern)
            while at >= 0:
                if at % _WIDTH == 0:
                    numbers = memoryview(self._numbers(bucket)).cast("Q")
                    found.append((needle, numbers[at // _WIDTH]))
                at = held.find(pattern, at + 1)
        return found

    def _scan(self, needles: Sequence[int], column: pa.Array) -> list[tuple[int, int]]:
        """Read the run from end to end; the first such reading also verifies it."""
        found: list[tuple[int, int]] = []
        crcs = [0, 0]
        data = memoryview(bytearray(min(_CHUNK, self.count) * _WIDTH))
        for first in range(0, self.count, _CHUNK):
            hashes = data[: min(_CHUNK, self.count - first) * _WIDTH]
            self._read_into(hashes, self._hashes_at + first * _WIDTH)
            listed = hashes.cast("Q")
            start, end = bisect_left(needles, listed[0]), bisect_right(needles, listed[-1])
            positions = _positions(column_of(hashes), column[start:end]) if start < end else []
            if self._is_verified and not positions:
                continue
            numbers = self._read_at(self._numbers_at + first * _WIDTH, len(hashes))
            numbered = memoryview(numbers).cast("Q")
            found += [(listed[position], numbered[position]) for position in positions]
            if not self._is_verified:
                crcs = [zlib.crc32(hashes, crcs[0]), zlib.crc32(numbers, crcs[1])]
        if not self._is_verified and crcs != [self._hashes_crc, self._numbers_crc]:
            message = f"{self.path} is damaged"
            raise DamagedRunError(message)
        self._is_verified = True
        return found

    def _bucket(self, number: int) -> bytes:
        return self._checked(self._hashes_at, number, self._crcs)

    def _numbers(self, number: int) -> bytes:
        return self._checked(self._numbers_at, number, self._number_crcs)

    def _checked(self, area: int, number: int, crcs: array[int]) -> bytes:
        first = self._starts[number]
        held = self._read_at(area + first * _WIDTH, (self._starts[number + 1] - first) * _WIDTH)
        if zlib.crc32(held) != crcs[number]:
            message = f"{self.path} is damaged"
            raise DamagedRunError(message)
        return held

    def _read_into(self, data: memoryview, position: int) -> None:
        try:
            length = os.preadv(self._file, [data], position)
        except OSError as error:
            raise DamagedRunError(str(error)) from error
        if length != len(data):
            message = f"{self.path} is truncated"
            raise DamagedRunError(message)

    def _read_at(self, position: int, length: int) -> bytes:
        try:
            held = os.pread(self._file, length, position)
        except OSError as error:
            raise DamagedRunError(str(error)) from error
        if len(held) != length:
            message = f"{self.path} is truncated"
            raise DamagedRunError(message)
        return held


def column_of(data: bytes | memoryview) -> pa.Array:
    """Return the 64-bit integers in a memory buffer as a column."""
    return pa.Array.from_buffers(pa.uint64(), len(data) // _WIDTH, [None, pa.py_buffer(data)])


def write_run(path: Path, count: int, slices: Iterable[Pairs], slice_bits: int = 0) -> None:
    """Write a run of `count` pairs and sync it to the disk.

    Args:
        path: The file.
        count: The number of pairs.
        slices: The pairs in order, divided by the first `slice_bits` bits of their hashes.
        slice_bits: The number of bits that divide the slices; at most that of the buckets.

    Raises:
        OSError: The file can't be written.
    """
    bits = _bits(count)
    numbers_at = _HEADER.size + count * _WIDTH
    starts, crcs, number_crcs = array("Q", [0]), array("I"), array("I")
    hashes_crc = numbers_crc = 0
    with path.open("wb") as file:
        for position, (hashes, numbers) in enumerate(slices):
            first, listed, numbered = starts[-1], _bytes(hashes), _bytes(numbers)
            for start, end in _buckets(listed, position << (bits - slice_bits), 1 << (bits - slice_bits), 64 - bits):
                starts.append(first + end)
                crcs.append(zlib.crc32(listed[start * _WIDTH : end * _WIDTH]))
                number_crcs.append(zlib.crc32(numbered[start * _WIDTH : end * _WIDTH]))
            hashes_crc, numbers_crc = zlib.crc32(listed, hashes_crc), zlib.crc32(numbered, numbers_crc)
            os.pwrite(file.fileno(), listed, _HEADER.size + first * _WIDTH)
            os.pwrite(file.fileno(), numbered, numbers_at + first * _WIDTH)
        table = starts.tobytes() + crcs.tobytes() + number_crcs.tobytes()
        head = _HEADER.pack(_MAGIC, count, bits, hashes_crc, numbers_crc, len(table), zlib.crc32(table), 0)
        head = head[:-4] + struct.pack("<I", zlib.crc32(head[:-4]))
        os.pwrite(file.fileno(), table, numbers_at + count * _WIDTH)
        os.pwrite(file.fileno(), head, 0)
        os.fsync(file.fileno())


def merge_runs(path: Path, runs: Sequence[Run]) -> None:
    """Write the pairs of several runs as one run; memory is bounded by the size of a slice.

    Raises:
        DamagedRunError: One of the runs is damaged.
        OSError: The file can't be written.
    """
    count = sum(run.count for run in runs)
    bits = max(0, min(*(run.bits for run in runs), count.bit_length() - _SLICE_BITS))

    def slices() -> Iterator[Pairs]:
        for parts in zip(*(run.slices(bits) for run in runs), strict=True):
            hashes = pa.concat_arrays([hashes for hashes, _ in parts])
            yield in_order(hashes, pa.concat_arrays([numbers for _, numbers in parts]))

    write_run(path, count, slices(), bits)


def in_order(hashes: pa.Array, numbers: pa.Array) -> Pairs:
    """Sort pairs by their hashes."""
    order = pc.array_sort_indices(hashes)
    return hashes.take(order), numbers.take(order)


def _bits(count: int) -> int:
    return max(0, (count // _BUCKET).bit_length() - 1)


def _buckets(hashes: memoryview, first: int, number: int, shift: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each bucket's hashes in their slice."""
    listed = hashes.cast("Q")
    start = 0
    for bucket in range(first, first + number):
        end = bisect_left(listed, (bucket + 1) << shift, start)
        yield start, end
        start = end


def _bytes(column: pa.Array) -> memoryview:
    """Return the memory of a column without nulls."""
    data = memoryview(column.buffers()[1]) if len(column) else memoryview(b"")
    return data[column.offset * _WIDTH : (column.offset + len(column)) * _WIDTH].cast("B")


def _positions(values: pa.Array, needles: pa.Array) -> list[int]:
    """Return the positions of sorted values that are among the needles, which are sorted and without duplicates."""
    at = pc.search_sorted(values, needles)
    inside = pc.less(at, len(values))
    at, wanted = at.filter(inside), needles.filter(inside)
    hits: list[int] = at.filter(pc.equal(values.take(at), wanted)).to_pylist()
    found: list[int] = []
    for position in hits:
        end = position + 1
        while end < len(values) and values[end].equals(values[position]):
            end += 1
        found += range(position, end)
    return found
