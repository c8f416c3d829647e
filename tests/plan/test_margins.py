from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.plan import Margins, suggested

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("median", "nearly_all", "expected"),
    [
        pytest.param(timedelta(0), timedelta(0), Margins(MINUTE, 10 * MINUTE), id="nothing is late"),
        pytest.param(70 * SECOND, 25 * MINUTE, Margins(2 * MINUTE, 23 * MINUTE), id="within the bounds"),
        pytest.param(5 * MINUTE, 30 * MINUTE + SECOND, Margins(5 * MINUTE, 26 * MINUTE), id="rounded up"),
        pytest.param(timedelta(days=1), timedelta(days=3), Margins(10 * MINUTE, 120 * MINUTE), id="at the bounds"),
    ],
)
def test_margins_follow_the_median_and_the_99th_percentile(
    median: timedelta, nearly_all: timedelta, expected: Margins
) -> None:
    assert suggested(median, nearly_all) == expected


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_margins_reach_as_far_as_asked_or_as_allowed(median: int, more: int) -> None:
    nearly_all = (median + more) * SECOND

    margins = suggested(median * SECOND, nearly_all)

    assert margins.reach >= min(nearly_all, 121 * MINUTE)
    assert MINUTE <= margins.settle <= 10 * MINUTE <= margins.overlap <= 120 * MINUTE
