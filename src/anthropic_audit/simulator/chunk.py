"""Chunks: runs of activities prepared for serving, as columns next to one byte string with commas between the rows.

A page over a chunk whose rows are all visible is a slice of its bytes, without work per row.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, Self, TypeVar

from .cursors import Key
from .world import Row

Named = TypeVar("Named")


class Numbers(Generic[Named]):
    """Map each distinct value to a small integer, so that rows can be compared by integers."""

    def __init__(self) -> None:
        self._numbers: dict[Named, int] = {}

    def of(self, value: Named) -> int:
        """Return the number of a value; assign the next free number to a new value."""
        return self._numbers.setdefault(value, len(self._numbers))

    def known(self) -> list[tuple[Named, int]]:
        """Return all values numbered so far, each with its number."""
        return list(self._numbers.items())


class Numbering:
    """The numbers of a timeline's types, actors and organizations (pairs of an organization's two ids)."""

    def __init__(self) -> None:
        self.types: Numbers[str] = Numbers()
        self.actors: Numbers[str | None] = Numbers()
        self.organizations: Numbers[tuple[str | None, str | None]] = Numbers()


@dataclass(frozen=True, slots=True)
class RowSelection:
    """The filters of a query, as numbers of a `Numbering`; None selects everything."""

    types: frozenset[int] | None = None
    excluded: frozenset[int] | None = None
    actors: frozenset[int] | None = None
    organizations: frozenset[int] | None = None


EVERYTHING = RowSelection()


@dataclass(frozen=True, slots=True)
class Packed:
    """Byte strings joined by commas into one; string `i` is `blob[offsets[i] : offsets[i + 1] - 1]`."""

    blob: bytes
    offsets: array[int]

    @classmethod
    def of(cls, parts: Sequence[bytes]) -> Self:
        """Pack byte strings."""
        return cls(b",".join(parts), array("I", accumulate((len(part) + 1 for part in parts), initial=0)))

    def one(self, position: int) -> bytes:
        """Return the string at a position."""
        return self.blob[self.offsets[position] : self.offsets[position + 1] - 1]

    def run(self, low: int, high: int) -> memoryview:
        """Return the strings of `[low, high)` with the commas between them, without copying."""
        return memoryview(self.blob)[self.offsets[low] : max(self.offsets[low], self.offsets[high] - 1)]

    def each(self, positions: Iterable[int]) -> list[bytes]:
        """Return the strings at these positions."""
        blob, offsets = self.blob, self.offsets
        return [blob[offsets[position] : offsets[position + 1] - 1] for position in positions]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows in the order of `(created_us, id)`, each with the time from which it is visible."""

    created_us: array[int]
    visible_us: array[int]
    ids: Packed
    raw: Packed
    types: array[int]
    actors: array[int]
    organizations: array[int]
    repeated: frozenset[int]
    """Positions of the rows that are delivered twice."""
    latest_us: int
    """The time from which all rows are visible."""
    type_set: frozenset[int]
    actor_set: frozenset[int]
    organization_set: frozenset[int]

    def __len__(self) -> int:
        return len(self.created_us)

    def key(self, position: int) -> Key:
        """Return the sort key of a row."""
        return self.created_us[position], self.ids.one(position)

    def position(self, key: Key) -> int:
        """Return the position of the first row whose sort key is at or after a key."""
        position = bisect_left(self.created_us, key[0])
        while position < len(self) and self.created_us[position] == key[0] and self.ids.one(position) < key[1]:
            position += 1
        return position

    def is_before(self, key: Key) -> bool:
        """Return whether all rows are before a sort key."""
        return self.key(len(self) - 1) < key

    def matching(self, low: int, high: int, selection: RowSelection, now_us: int) -> Sequence[int]:
        """Return the positions in `[low, high)` that are selected and visible; a row that is delivered twice, twice."""
        if not self._may_match(selection):
            return ()
        positions: Sequence[int] = range(low, high)
        if self.latest_us > now_us:
            visible = self.visible_us
            positions = [position for position in positions if visible[position] <= now_us]
        positions = _among(positions, self.types, selection.types)
        positions = _among(positions, self.actors, selection.actors)
        positions = _among(positions, self.organizations, selection.organizations)
        if selection.excluded is not None:
            types, excluded = self.types, selection.excluded
            positions = [position for position in positions if types[position] not in excluded]
        if self.repeated:
            repeated = self.repeated
            positions = [one for position in positions for one in (position,) * (1 + (position in repeated))]
        return positions

    def count(self, now_us: int) -> int:
        """Return the number of rows that are visible at a time."""
        if self.latest_us <= now_us:
            return len(self)
        return sum(visible_us <= now_us for visible_us in self.visible_us)

    def _may_match(self, selection: RowSelection) -> bool:
        wanted = (
            (selection.types, self.type_set),
            (selection.actors, self.actor_set),
            (selection.organizations, self.organization_set),
        )
        return all(numbers is None or not numbers.isdisjoint(present) for numbers, present in wanted)


def _among(positions: Sequence[int], numbers: array[int], wanted: frozenset[int] | None) -> Sequence[int]:
    return positions if wanted is None else [position for position in positions if numbers[position] in wanted]


def pack(rows: Sequence[Row], visible_us: Iterable[int], repeated: Iterable[int], numbering: Numbering) -> Chunk:
    """Make a chunk of rows, which must be in the order of `(created_us, id)`.

    Args:
        rows: The rows.
        visible_us: The time from which each row is visible.
        repeated: The positions of the rows that are delivered twice.
        numbering: The numbers of the timeline's values; new values are added.
    """
    types = array("H", [numbering.types.of(row.type) for row in rows])
    actors = array("I", [numbering.actors.of(row.actor_user_id) for row in rows])
    organizations = array(
        "H", [numbering.organizations.of((row.organization_id, row.organization_uuid)) for row in rows]
    )
    return _chunk(
        array("q", [row.created_us for row in rows]),
        array("q", visible_us),
        Packed.of([row.id.encode() for row in rows]),
        Packed.of([row.raw for row in rows]),
        (types, actors, organizations),
        frozenset(repeated),
    )


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Join consecutive chunks into one."""
    repeated: set[int] = set()
    start = 0
    for chunk in chunks:
        repeated.update(start + position for position in chunk.repeated)
        start += len(chunk)
    return _chunk(
        _concatenated("q", [chunk.created_us for chunk in chunks]),
        _concatenated("q", [chunk.visible_us for chunk in chunks]),
        _packed_together([chunk.ids for chunk in chunks]),
        _packed_together([chunk.raw for chunk in chunks]),
        (
            _concatenated("H", [chunk.types for chunk in chunks]),
            _concatenated("I", [chunk.actors for chunk in chunks]),
            _concatenated("H", [chunk.organizations for chunk in chunks]),
        ),
        frozenset(repeated),
    )


def inserted(chunk: Chunk, other: Chunk) -> Chunk:
    """Return a chunk with the single row of another chunk inserted in order."""
    position = chunk.position(other.key(0))
    parts = [part(chunk, 0, position), other, part(chunk, position, len(chunk))]
    return joined([one for one in parts if len(one)])


def part(chunk: Chunk, low: int, high: int) -> Chunk:
    """Return the rows of `[low, high)` as a new chunk."""
    return _chunk(
        chunk.created_us[low:high],
        chunk.visible_us[low:high],
        _packed_part(chunk.ids, low, high),
        _packed_part(chunk.raw, low, high),
        (chunk.types[low:high], chunk.actors[low:high], chunk.organizations[low:high]),
        frozenset(position - low for position in chunk.repeated if low <= position < high),
    )


def _chunk(  # noqa: PLR0917 (the only place that assembles a chunk's columns)
    created_us: array[int],
    visible_us: array[int],
    ids: Packed,
    raw: Packed,
    numbers: tuple[array[int], array[int], array[int]],
    repeated: frozenset[int],
) -> Chunk:
    types, actors, organizations = numbers
    return Chunk(
        created_us=created_us,
        visible_us=visible_us,
        ids=ids,
        raw=raw,
        types=types,
        actors=actors,
        organizations=organizations,
        repeated=repeated,
        latest_us=max(visible_us, default=0),
        type_set=frozenset(types),
        actor_set=frozenset(actors),
        organization_set=frozenset(organizations),
    )


def _concatenated(typecode: str, arrays: Iterable[array[int]]) -> array[int]:
    whole = array(typecode)
    for one in arrays:
        whole.extend(one)
    return whole


def _packed_together(parts: Sequence[Packed]) -> Packed:
    offsets = array("I", [0])
    for one in parts:
        start = offsets[-1]
        offsets.extend([start + offset for offset in one.offsets[1:]])
    return Packed(b",".join(one.blob for one in parts), offsets)


def _packed_part(packed: Packed, low: int, high: int) -> Packed:
    start = packed.offsets[low]
    return Packed(bytes(packed.run(low, high)), array("I", [one - start for one in packed.offsets[low : high + 1]]))
