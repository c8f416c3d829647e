from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.model import Purpose, Window
from anthropic_audit.plan import Due, Spans, TailRules, due_windows, is_covered

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
RULES = TailRules(initial_interval=24 * HOUR, overlap=10 * MINUTE)


def test_the_first_run_starts_the_initial_interval_ago() -> None:
    assert list(due_windows(Spans(), NOW, RULES)) == [Due(Window(NOW - 24 * HOUR, NOW), Purpose.TAIL)]


def test_the_tail_reads_the_overlap_again() -> None:
    covered = Spans((Window(NOW - 5 * HOUR, NOW - 6 * MINUTE),))

    assert list(due_windows(covered, NOW, RULES)) == [Due(Window(NOW - 16 * MINUTE, NOW), Purpose.TAIL)]


def test_an_outage_longer_than_the_initial_interval_is_made_up_for() -> None:
    covered = Spans((Window(NOW - 200 * HOUR, NOW - 100 * HOUR),))

    (due,) = due_windows(covered, NOW, RULES)

    assert due.window == Window(NOW - 100 * HOUR - 10 * MINUTE, NOW)


def test_a_hole_comes_before_the_tail() -> None:
    covered = Spans((Window(NOW - 9 * HOUR, NOW - 8 * HOUR), Window(NOW - 7 * HOUR, NOW - HOUR)))

    hole, tail = due_windows(covered, NOW, RULES)

    assert hole == Due(Window(NOW - 8 * HOUR, NOW - 7 * HOUR), Purpose.GAP)
    assert tail.purpose is Purpose.TAIL


def test_a_clock_that_was_set_back_walks_the_overlap_only() -> None:
    covered = Spans((Window(NOW - HOUR, NOW + 3 * HOUR),))

    assert list(due_windows(covered, NOW, RULES)) == [Due(Window(NOW - 10 * MINUTE, NOW), Purpose.TAIL)]


def test_nothing_is_due_without_an_overlap_when_the_clock_stands_behind_the_coverage() -> None:
    covered = Spans((Window(NOW - HOUR, NOW + 3 * HOUR),))

    assert list(due_windows(covered, NOW, TailRules(24 * HOUR, timedelta(0)))) == []


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        pytest.param((), False, id="nothing"),
        pytest.param(((60, 1),), True, id="up to settle"),
        pytest.param(((60, 2),), False, id="older than settle"),
        pytest.param(((60, 30), (20, 1)), False, id="with a hole"),
    ],
)
def test_covered_means_up_to_settle_and_without_holes(covered: tuple[tuple[int, int], ...], expected: bool) -> None:
    spans = Spans.of(Window(NOW - start * MINUTE, NOW - end * MINUTE) for start, end in covered)

    assert is_covered(spans, NOW, MINUTE) is expected


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 400)), max_size=6))
def test_walking_what_is_due_covers_everything_from_the_first_claim_to_now(pairs: list[tuple[int, int]]) -> None:
    claims = [Window(NOW - start * MINUTE, NOW - start * MINUTE + length * MINUTE) for start, length in pairs]
    covered = Spans.of(claims) & Spans((Window(NOW - 10_000 * MINUTE, NOW),))

    walked = covered | Spans.of(due.window for due in due_windows(covered, NOW, RULES))

    assert walked.end == NOW
    assert not walked.holes
