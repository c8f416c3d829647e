"""The laws of set operations on spans, compared with sets of whole minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.model import Window
from anthropic_audit.plan import Spans

_START = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def _window(pair: tuple[int, int]) -> Window:
    return Window(_START + pair[0] * _MINUTE, _START + (pair[0] + pair[1]) * _MINUTE)


windows = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(_window), max_size=8)
spans = windows.map(Spans.of)


def _minutes(of: Spans) -> set[int]:
    return {minute for minute in range(100) if _START + minute * _MINUTE in of}


def _is_canonical(of: Spans) -> bool:
    return all(before.end < after.start for before, after in zip(of.windows, of.windows[1:], strict=False))


@given(windows)
def test_the_set_of_windows_holds_the_minutes_of_each(given_windows: list[Window]) -> None:
    held = _minutes(Spans.of(given_windows))

    assert held == {minute for window in given_windows for minute in _minutes(Spans((window,)))}


@given(spans, spans)
def test_union_holds_what_either_holds(left: Spans, right: Spans) -> None:
    assert _minutes(left | right) == _minutes(left) | _minutes(right)
    assert _is_canonical(left | right)


@given(spans, spans)
def test_intersection_holds_what_both_hold(left: Spans, right: Spans) -> None:
    assert _minutes(left & right) == _minutes(left) & _minutes(right)
    assert _is_canonical(left & right)


@given(spans, spans)
def test_difference_holds_what_only_the_first_holds(left: Spans, right: Spans) -> None:
    assert _minutes(left - right) == _minutes(left) - _minutes(right)
    assert _is_canonical(left - right)


@given(spans, spans)
def test_what_is_taken_away_and_given_back_is_the_union(left: Spans, right: Spans) -> None:
    assert (left - right) | (left & right) == left


@given(spans)
def test_holes_are_what_is_missing_between_the_ends(of: Spans) -> None:
    whole = Spans() if of.start is None or of.end is None else Spans((Window(of.start, of.end),))

    assert of.holes == whole - of
    assert of.length + of.holes.length == whole.length


@given(windows)
def test_the_order_of_windows_does_not_matter(given_windows: list[Window]) -> None:
    assert Spans.of(given_windows) == Spans.of(reversed(given_windows))
    assert list(Spans.of(given_windows)) == list(Spans.of(given_windows).windows)


def test_an_empty_set_has_no_ends() -> None:
    assert (Spans().start, Spans().end, bool(Spans()), "no moment" in Spans()) == (None, None, False, False)
