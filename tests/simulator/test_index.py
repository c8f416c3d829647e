from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.simulator.chunk import EVERYTHING, Numbering, pack
from anthropic_audit.simulator.index import ROWS_IN_A_CHUNK, ROWS_IN_A_LIVE_CHUNK, Index, IndexSpan

Call = Callable[..., Any]

times = st.lists(st.integers(0, 50), max_size=30)


def chunk(rows: list[Any], repeated: tuple[int, ...] = ()) -> Any:
    return pack(rows, [one.created_us for one in rows], repeated, Numbering())


def content(index: Index, span: IndexSpan | None = None) -> list[str]:
    return [
        stretch.chunk.ids.one(position).decode()
        for stretch in index.ascending(span or IndexSpan())
        for position in range(stretch.low, stretch.high)
    ]


@settings(deadline=None)
@given(first=times, later=times)
def test_rows_that_are_put_in_lie_where_they_belong(first: list[int], later: list[int], row: Call) -> None:
    rows = sorted(row(when, number) for number, when in enumerate(first))
    more = [row(when, 1000 + number) for number, when in enumerate(later)]
    index = Index().appended([chunk(rows)] if rows else [])

    for one in more:
        index = index.inserted(chunk([one]))

    assert content(index) == [one.id for one in sorted(rows + more)]
    assert all(piece.raw.one(0) for piece in index.chunks)


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 9), max_size=8), start=st.integers(0, 3), before=st.integers(0, 60))
def test_compacting_changes_nothing_that_can_be_seen(sizes: list[int], start: int, before: int, row: Call) -> None:
    chunks, when = [], 0
    for size in sizes:
        chunks.append(chunk([row(when + number, when + number) for number in range(size)], repeated=(0,)))
        when += size
    index = Index().appended(chunks)

    compacted = index.compacted(min(start, len(chunks)), (before, b""))

    assert content(compacted) == content(index)
    assert deliveries(compacted) == deliveries(index)
    assert [piece.key(0) for piece in compacted.chunks] == list(compacted.firsts)


def deliveries(index: Index) -> list[bytes]:
    return [
        one
        for stretch in index.ascending(IndexSpan())
        for one in stretch.chunk.raw.each(stretch.chunk.matching(stretch.low, stretch.high, EVERYTHING, 10**9))
    ]


@settings(deadline=None)
@given(when=times, low=st.integers(-1, 52), high=st.integers(-1, 52))
def test_a_span_touches_its_rows_from_either_end(when: list[int], low: int, high: int, row: Call) -> None:
    rows = sorted(row(one, number) for number, one in enumerate(when))
    index = Index().appended([chunk(rows[at : at + 3]) for at in range(0, len(rows), 3)])
    span = IndexSpan((low, b""), (high, b""))

    up = content(index, span)
    down = [(piece.low, piece.high, piece.chunk.key(0)) for piece in index.descending(span)]

    assert up == [one.id for one in rows if low <= one.created_us < high]
    assert down[::-1] == [(piece.low, piece.high, piece.chunk.key(0)) for piece in index.ascending(span)]


def test_a_large_chunk_is_left_alone_when_a_row_follows_it(row: Call) -> None:
    large = chunk([row(number, number) for number in range(ROWS_IN_A_CHUNK)])
    index = Index().appended([large])

    for number in range(3 * ROWS_IN_A_LIVE_CHUNK):
        index = index.inserted(chunk([row(10_000 + number, 10_000 + number)]))

    assert index.chunks[0] is large
    assert max(len(piece) for piece in index.chunks[1:]) < 2 * ROWS_IN_A_LIVE_CHUNK


def test_compacting_makes_small_chunks_large(row: Call) -> None:
    index = Index().appended([chunk([row(number, number)]) for number in range(300)])

    compacted = index.compacted(0, (200, b""))

    assert [len(piece) for piece in compacted.chunks] == [200, *[1] * 100]
