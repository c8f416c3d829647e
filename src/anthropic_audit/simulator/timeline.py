"""The vendor's timeline: every activity with the time from which it is visible, extended minute by minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from anthropic_audit.times import EPOCH

from .chunk import Chunk, Numbering, RowSelection, pack
from .delivery import IndexingBehavior, plan_delivery
from .index import ROWS_IN_A_CHUNK, ROWS_IN_A_LIVE_CHUNK, Index, IndexRange, IndexSpan
from .world import Row

MINUTE_US = 60_000_000
_CHUNKS_AT_ONCE = 64
_SETTLED_US = 2 * MINUTE_US
"""Chunks whose rows are older than this are compacted; later inserts are rare."""


class ActivitySource(Protocol):
    """A source of activities, by minute."""

    def rows(self, minute: int) -> Sequence[Row]:
        """Return a minute's rows in the order of `(created_us, id)`, the same at every call."""
        ...


class VisibleActivity(NamedTuple):
    """The ground truth about one activity: when it occurred, when it became visible, and its bytes."""

    id: str
    created_at: datetime
    visible_at: datetime
    raw: bytes


class Pick(NamedTuple):
    """Deliveries from one chunk: positions in ascending order, a repeated one twice."""

    chunk: Chunk
    positions: Sequence[int]


@dataclass(frozen=True, slots=True)
class TimelineExtent:
    """The time in which activities occur: from the minute in which the API was enabled up to an optional end."""

    first_minute: int
    end_us: int | None = None

    def end_minute(self, now_us: int) -> int:
        """Return the first minute that lies in the future, or after the end."""
        end = now_us // MINUTE_US + 1
        return end if self.end_us is None else min(end, -(-self.end_us // MINUTE_US))

    def within(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a minute that occur before the end."""
        if self.end_us is None or not rows or rows[-1].created_us < self.end_us:
            return rows
        return [row for row in rows if row.created_us < self.end_us]


class Timeline:
    """The activities of an extent of time, up to the last call of `grow`; safe to read while another thread extends it.

    Args:
        source: The world.
        seed: The seed that decides the delivery of rows.
        delivery: The delay until rows are visible, and the share that is delivered twice.
        extent: The start and the end of the world.
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
        """Whether some rows are delivered twice."""
        return self._delivery.repeat_share > 0

    def grow(self, now_us: int, on_minute: Callable[[int], None] = lambda minute: None) -> None:
        """Add the activities of every minute up to the one of `now_us`; call `on_minute` with each minute first."""
        if self._next_minute >= self._extent.end_minute(now_us):
            return
        with self._growing:
            start, end = self._next_minute, self._extent.end_minute(now_us)
            live = max(start, min(end, (now_us - _SETTLED_US) // MINUTE_US))
            self._append(self._chunks(range(start, live), ROWS_IN_A_CHUNK, on_minute))
            self._append(self._chunks(range(live, end), ROWS_IN_A_LIVE_CHUNK, on_minute))
            self._next_minute = max(start, end)
            self._compact(now_us - _SETTLED_US)

    def _chunks(self, minutes: range, size: int, on_minute: Callable[[int], None]) -> Iterator[Chunk]:
        """Yield the rows of the minutes as chunks of at most `size` rows, full ones if there are enough rows."""
        rows: list[Row] = []
        visible: list[int] = []
        repeated: list[int] = []
        for minute in minutes:
            on_minute(minute)
            new_rows = self._extent.within(self._source.rows(minute))
            if new_rows:
                plan = plan_delivery(self._delivery, self._seed, minute, new_rows)
                repeated += [len(rows) + position for position in plan.repeated]
                rows += new_rows
                visible += plan.visible_us
            if len(rows) >= size or (rows and minute == minutes[-1]):
                for low in range(0, len(rows), size):
                    inside = [position - low for position in repeated if low <= position < low + size]
                    yield pack(rows[low : low + size], visible[low : low + size], inside, self._numbering)
                rows, visible, repeated = [], [], []

    def _append(self, new_chunks: Iterator[Chunk]) -> None:
        """Append chunks to the index, a few at a time, so that readers see them early."""
        while chunks := list(islice(new_chunks, _CHUNKS_AT_ONCE)):
            self._change(lambda index: index.appended(chunks))

    def insert(self, row: Row, visible_us: int) -> None:
        """Insert a row that is not from the world, such as an access, visible from a given time on."""
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
        """Return the selection by names; an empty filter selects everything.

        Rows without an organization match every filter of organizations.
        """
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

    def oldest(self, span: IndexSpan, max_count: int, *, selection: RowSelection, now_us: int) -> list[Pick]:
        """Return up to `max_count` deliveries from the start of a span, in ascending order."""
        picks: list[Pick] = []
        for part in self._index.ascending(span):
            positions = _matching(part, selection, now_us)[:max_count]
            if positions:
                picks.append(Pick(part.chunk, positions))
                max_count -= len(positions)
            if not max_count:
                break
        return picks

    def newest(self, span: IndexSpan, max_count: int, *, selection: RowSelection, now_us: int) -> list[Pick]:
        """Return up to `max_count` deliveries from the end of a span, in ascending order."""
        picks: list[Pick] = []
        for part in self._index.descending(span):
            positions = _matching(part, selection, now_us)[-max_count:]
            if positions:
                picks.append(Pick(part.chunk, positions))
                max_count -= len(positions)
            if not max_count:
                break
        return picks[::-1]

    def visible_activities(self, span: IndexSpan, now_us: int) -> Iterator[VisibleActivity]:
        """Yield the ground truth about each activity of a span that has become visible up to now."""
        for part in self._index.ascending(span):
            chunk = part.chunk
            for position in range(part.low, part.high):
                if chunk.visible_us[position] <= now_us:
                    yield VisibleActivity(
                        chunk.ids.one(position).decode(),
                        moment(chunk.created_us[position]),
                        moment(chunk.visible_us[position]),
                        chunk.raw.one(position),
                    )

    def count(self, now_us: int) -> int:
        """Return the number of activities that are visible at a time."""
        return sum(chunk.count(now_us) for chunk in self._index.chunks)


def _matching(part: IndexRange, selection: RowSelection, now_us: int) -> Sequence[int]:
    return part.chunk.matching(part.low, part.high, selection, now_us)


def _numbers(wanted: frozenset[str], known: Iterable[tuple[str | None, int]]) -> frozenset[int] | None:
    return frozenset(number for name, number in known if name in wanted) if wanted else None


def microseconds(when: datetime) -> int:
    """Return an aware time as microseconds since the epoch."""
    return (when.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    """Return the UTC time of a number of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=microseconds_since_epoch)
