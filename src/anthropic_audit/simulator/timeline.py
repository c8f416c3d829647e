"""The vendor's index of time: every activity, each visible from its own moment on, growing minute by minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from anthropic_audit.times import EPOCH

from .chunk import Chunk, Numbering, RowSelection, pack
from .delivery import IndexingBehavior, fates
from .index import ROWS_IN_A_CHUNK, ROWS_IN_A_LIVE_CHUNK, Index, IndexRange, IndexSpan
from .world import Row

MINUTE_US = 60_000_000
_CHUNKS_AT_ONCE = 64
_SETTLED_US = 2 * MINUTE_US
"""Nothing is put between rows of that age any more."""


class ActivitySource(Protocol):
    """A world that tells what happened in a minute."""

    def rows(self, minute: int) -> Sequence[Row]:
        """Return a minute's rows in the order of `(created_us, id)`, the same at every call."""
        ...


class VisibleActivity(NamedTuple):
    """The truth about one activity: when it occurred, when it became visible, and its bytes."""

    id: str
    created_at: datetime
    visible_at: datetime
    raw: bytes


class Pick(NamedTuple):
    """Deliveries out of one chunk: positions in ascending order, a repeated one twice."""

    chunk: Chunk
    positions: Sequence[int]


@dataclass(frozen=True, slots=True)
class TimelineExtent:
    """When anything happens: from the minute in which the API was enabled up to an end, if there is one."""

    first_minute: int
    end_us: int | None = None

    def end_minute(self, now_us: int) -> int:
        """Return the first minute that is not to be known yet."""
        end = now_us // MINUTE_US + 1
        return end if self.end_us is None else min(end, -(-self.end_us // MINUTE_US))

    def within(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return those of a minute's rows that happen before the end."""
        if self.end_us is None or not rows or rows[-1].created_us < self.end_us:
            return rows
        return [row for row in rows if row.created_us < self.end_us]


class Timeline:
    """Every activity of an extent of time, as far as it was grown; safe to read while it grows.

    Args:
        source: The world.
        seed: What the fates of rows depend on.
        delivery: How long rows stay invisible, and which come twice.
        extent: When the world begins and ends.
    """

    def __init__(self, source: ActivitySource, seed: int, delivery: IndexingBehavior, extent: TimelineExtent) -> None:
        self._source = source
        self._seed = seed
        self._delivery = delivery
        self._extent = extent
        self._next_minute = extent.first_minute
        self._numbering = Numbering()
        self._growing = threading.Lock()
        self._changing = threading.Lock()
        self._index = Index()
        self._settled_chunks = 0

    @property
    def has_repeats(self) -> bool:
        """Say whether any row is delivered twice."""
        return self._delivery.repeat_share > 0

    def grow(self, now_us: int, told: Callable[[int], None] = lambda minute: None) -> None:
        """Take in every minute up to the one of `now_us`; `told` hears of each on the way."""
        if self._next_minute >= self._extent.end_minute(now_us):
            return
        with self._growing:
            start, end = self._next_minute, self._extent.end_minute(now_us)
            live = max(start, min(end, (now_us - _SETTLED_US) // MINUTE_US))
            self._append(self._chunks(range(start, live), ROWS_IN_A_CHUNK, told))
            self._append(self._chunks(range(live, end), ROWS_IN_A_LIVE_CHUNK, told))
            self._next_minute = max(start, end)
            self._compact(now_us - _SETTLED_US)

    def _chunks(self, minutes: range, size: int, told: Callable[[int], None]) -> Iterator[Chunk]:
        """Yield the rows of the minutes as chunks of that size at most, full ones where there are enough rows."""
        rows: list[Row] = []
        visible: list[int] = []
        repeated: list[int] = []
        for minute in minutes:
            told(minute)
            coming = self._extent.within(self._source.rows(minute))
            if coming:
                fate = fates(self._delivery, self._seed, minute, coming)
                repeated += [len(rows) + position for position in fate.repeated]
                rows += coming
                visible += fate.visible_us
            if len(rows) >= size or (rows and minute == minutes[-1]):
                for low in range(0, len(rows), size):
                    inside = [position - low for position in repeated if low <= position < low + size]
                    yield pack(rows[low : low + size], visible[low : low + size], inside, self._numbering)
                rows, visible, repeated = [], [], []

    def _append(self, coming: Iterator[Chunk]) -> None:
        """Take in chunks, a few at a time so that readers may come between."""
        while chunks := list(islice(coming, _CHUNKS_AT_ONCE)):
            self._change(lambda index: index.appended(chunks))

    def insert(self, row: Row, visible_us: int) -> None:
        """Put in a row that the world knows nothing of."""
        single = pack([row], [visible_us], (), self._numbering)
        self._change(lambda index: index.inserted(single))

    def _compact(self, before_us: int) -> None:
        start = self._settled_chunks
        self._change(lambda index: index.compacted(start, (before_us, b"")))
        chunks = self._index.chunks
        while self._settled_chunks < len(chunks) and len(chunks[self._settled_chunks]) >= ROWS_IN_A_CHUNK // 2:
            self._settled_chunks += 1

    def _change(self, change: Callable[[Index], Index]) -> None:
        with self._changing:
            self._index = change(self._index)

    def select(
        self,
        *,
        types: Iterable[str] = (),
        excluded_types: Iterable[str] = (),
        actors: Iterable[str] = (),
        organizations: Iterable[str] = (),
    ) -> RowSelection:
        """Return a selection by name; nothing named selects everything, and rows of no organization always come."""
        wanted = frozenset(organizations)
        numbering = self._numbering
        return RowSelection(
            types=_numbers(frozenset(types), numbering.types.known()),
            excluded=_numbers(frozenset(excluded_types), numbering.types.known()),
            actors=_numbers(frozenset(actors), numbering.actors.known()),
            organizations=frozenset(
                number
                for names, number in numbering.organizations.known()
                if names == (None, None) or not wanted.isdisjoint(names)
            )
            if wanted
            else None,
        )

    def oldest(self, span: IndexSpan, want: int, *, selection: RowSelection, now_us: int) -> list[Pick]:
        """Return up to `want` deliveries from the old end of a span, ascending."""
        picks: list[Pick] = []
        for stretch in self._index.ascending(span):
            positions = _matching(stretch, selection, now_us)[:want]
            if positions:
                picks.append(Pick(stretch.chunk, positions))
                want -= len(positions)
            if not want:
                break
        return picks

    def newest(self, span: IndexSpan, want: int, *, selection: RowSelection, now_us: int) -> list[Pick]:
        """Return up to `want` deliveries from the new end of a span, ascending."""
        picks: list[Pick] = []
        for stretch in self._index.descending(span):
            positions = _matching(stretch, selection, now_us)[-want:]
            if positions:
                picks.append(Pick(stretch.chunk, positions))
                want -= len(positions)
            if not want:
                break
        return picks[::-1]

    def sightings(self, span: IndexSpan, now_us: int) -> Iterator[VisibleActivity]:
        """Yield the truth about each activity of a span that was ever visible up to now."""
        for stretch in self._index.ascending(span):
            chunk = stretch.chunk
            for position in range(stretch.low, stretch.high):
                if chunk.visible_us[position] <= now_us:
                    yield VisibleActivity(
                        chunk.ids.one(position).decode(),
                        moment(chunk.created_us[position]),
                        moment(chunk.visible_us[position]),
                        chunk.raw.one(position),
                    )

    def count(self, now_us: int) -> int:
        """Return how many activities are visible by now."""
        return sum(chunk.count(now_us) for chunk in self._index.chunks)


def _matching(stretch: IndexRange, selection: RowSelection, now_us: int) -> Sequence[int]:
    return stretch.chunk.matching(stretch.low, stretch.high, selection, now_us)


def _numbers(wanted: frozenset[str], known: Iterable[tuple[str | None, int]]) -> frozenset[int] | None:
    return frozenset(number for name, number in known if name in wanted) if wanted else None


def microseconds(when: datetime) -> int:
    """Return a time as microseconds since the epoch."""
    return (when.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    """Return the time that so many microseconds since the epoch are."""
    return EPOCH + timedelta(microseconds=microseconds_since_epoch)
