"""One page of the Activity Feed: its rows and its body, in either order and from either cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anthropic_audit.model import FeedOrder

from .cursors import Key
from .feed_query import FeedQuery
from .index import IndexSpan
from .timeline import Pick, Timeline

_MAX_CARRIED = 20
"""Upper bound on the distance, in rows, of a repeated delivery behind a cursor."""

EMPTY_BODY_WITH_MORE = b'{"data":[],"has_more":true,"first_id":null,"last_id":null}'


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of one page: picks in ascending order, independent of the page's own order."""

    picks: list[Pick]
    has_more: bool


def select_rows(timeline: Timeline, query: FeedQuery, now_us: int) -> PageRows:
    """Return the rows of a page: the deliveries that follow the cursor in the direction of the query."""
    selection = timeline.select(
        types=query.types,
        excluded_types=query.excluded_types,
        actors=query.actors,
        organizations=query.organizations,
    )
    goes_up = (query.order is FeedOrder.ASCENDING) == (query.before is None)
    cursor = query.after or query.before
    ahead, behind = _sides(query.span, cursor, goes_up=goes_up)
    walk, walk_back = (timeline.oldest, timeline.newest) if goes_up else (timeline.newest, timeline.oldest)
    carried: list[Pick] = []
    if cursor is not None and timeline.has_repeats and query.limit > 1:
        recent = walk_back(behind, _MAX_CARRIED, selection=selection, now_us=now_us)
        carried = _repeats(recent, query.limit - 1)
    room = query.limit - _count(carried)
    picks = walk(ahead, room + 1, selection=selection, now_us=now_us)
    has_more = _count(picks) > room
    if has_more:
        picks = _without_last(picks) if goes_up else _without_first(picks)
    return PageRows(carried + picks if goes_up else picks + carried, has_more)


def _sides(span: IndexSpan, cursor: Key | None, *, goes_up: bool) -> tuple[IndexSpan, IndexSpan]:
    """Return the span ahead of a cursor, and the span behind it."""
    if cursor is None:
        return span, IndexSpan()
    after = (cursor[0], cursor[1] + b"\0")
    if goes_up:
        return span.within(IndexSpan(low=after)), span.within(IndexSpan(high=after))
    return span.within(IndexSpan(high=cursor)), span.within(IndexSpan(low=cursor))


def _repeats(picks: Sequence[Pick], max_count: int) -> list[Pick]:
    """Return, of the rows just behind a cursor, those that are delivered again, up to a number."""
    found = []
    for pick in picks:
        positions = sorted(pick.chunk.repeated.intersection(pick.positions))[:max_count]
        max_count -= len(positions)
        if positions:
            found.append(Pick(pick.chunk, positions))
    return found


def _count(picks: Sequence[Pick]) -> int:
    return sum(len(pick.positions) for pick in picks)


def _without_last(picks: list[Pick]) -> list[Pick]:
    chunk, positions = picks[-1]
    return [*picks[:-1], Pick(chunk, positions[:-1])] if len(positions) > 1 else picks[:-1]


def _without_first(picks: list[Pick]) -> list[Pick]:
    chunk, positions = picks[0]
    return [Pick(chunk, positions[1:]), *picks[1:]] if len(positions) > 1 else picks[1:]


def body(deliveries: PageRows, order: FeedOrder, cursor: Callable[[Key], str]) -> bytes:
    """Return the body of a page, byte for byte as in the API's contract."""
    picks = deliveries.picks
    more = b"true" if deliveries.has_more else b"false"
    if not picks:
        return b'{"data":[],"has_more":' + more + b',"first_id":null,"last_id":null}'
    oldest, newest = picks[0].chunk.key(picks[0].positions[0]), picks[-1].chunk.key(picks[-1].positions[-1])
    first, last = (oldest, newest) if order is FeedOrder.ASCENDING else (newest, oldest)
    pieces = _ascending(picks) if order is FeedOrder.ASCENDING else _descending(picks)
    tail = f'],"has_more":{more.decode()},"first_id":"{cursor(first)}","last_id":"{cursor(last)}"}}'
    pieces[0] = b'{"data":['
    return b"".join([*pieces, tail.encode()])


def _ascending(picks: Sequence[Pick]) -> list[bytes | memoryview]:
    """Return commas and rows; adjacent rows are one piece."""
    pieces: list[bytes | memoryview] = []
    for chunk, positions in picks:
        if isinstance(positions, range):
            pieces += (b",", chunk.raw.run(positions.start, positions.stop))
        else:
            pieces += (b",", b",".join(chunk.raw.each(positions)))
    return pieces


def _descending(picks: Sequence[Pick]) -> list[bytes | memoryview]:
    pieces: list[bytes | memoryview] = []
    for chunk, positions in reversed(picks):
        pieces += (b",", b",".join(chunk.raw.each(reversed(positions))))
    return pieces
