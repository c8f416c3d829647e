"""The difference between our clock and the server's, and its description in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.clock_difference import (
    ClockComparison,
    clock_difference,
    difference_in_words,
    effect_in_words,
    validity_hint,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("shown", "took", "difference"),
    [
        pytest.param(0, 0, 0, id="the same"),
        pytest.param(-5, 0, 0, id="ahead by no more than the tolerance"),
        pytest.param(-6, 0, 6, id="ahead by more"),
        pytest.param(5, 0, 0, id="behind by no more than the tolerance"),
        pytest.param(6, 0, -6, id="behind by more"),
        pytest.param(-30, 30, 0, id="read at the beginning of a long request"),
        pytest.param(-59, 30, 0, id="less than a long request takes"),
        pytest.param(-630, 30, 600, id="counted from the question"),
        pytest.param(600, 30, -600, id="counted from the answer"),
        pytest.param(29, 30, 0, id="behind by less than a long request takes"),
    ],
)
def test_clocks_differ_beyond_the_tolerance_and_the_requests_own_time(shown: int, took: int, difference: int) -> None:
    assert clock_difference(NOW + shown * SECOND, NOW, took * SECOND) == difference * SECOND


@given(st.floats(0, 3600), st.floats(0, 1), st.integers(0, 999_999))
def test_clocks_that_agree_never_differ_however_long_a_request_takes(took: float, share: float, cut: int) -> None:
    asked_at = NOW + timedelta(microseconds=cut)
    shown = (asked_at + timedelta(seconds=took * share)).replace(microsecond=0)

    assert clock_difference(shown, asked_at + timedelta(seconds=took), timedelta(seconds=took)) == timedelta(0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (600, "our clock is 10m ahead of the server's"),
        (-600, "our clock is 10m behind the server's"),
        (7, "our clock is 7s ahead of the server's"),
        (-90061, "our clock is 1d1h behind the server's"),
        (59, "our clock is 59s ahead of the server's"),
        (-601, "our clock is 10m behind the server's"),
        (3599, "our clock is 1h ahead of the server's"),
        (-7201, "our clock is 2h behind the server's"),
        (0, "our clock agrees with the server's"),
    ],
)
def test_a_difference_is_worded_with_its_direction(seconds: int, words: str) -> None:
    assert difference_in_words(seconds * SECOND) == words


def test_what_a_difference_means_depends_on_its_direction() -> None:
    assert "younger than `settle` by the server's clock" in effect_in_words(600 * SECOND)
    assert "the last 10m by the server's clock are not requested yet" in effect_in_words(-600 * SECOND)
    assert effect_in_words(0 * SECOND) == ""


def told(*seconds: int) -> list[int]:
    """Return the progress events for responses with these differences."""
    comparison = ClockComparison("acme")
    news = [comparison.take(NOW - one * SECOND, NOW, one * SECOND) for one in seconds]
    return [round(one.difference.total_seconds()) for one in news if one is not None]


@pytest.mark.parametrize(
    ("seconds", "news"),
    [
        pytest.param([0] * 20, [], id="no difference"),
        pytest.param([600] * 20, [600], id="reported once"),
        pytest.param([600, 630, 660, 600], [600], id="changes of a minute are none"),
        pytest.param([600, 661, 600, 661], [600, 661], id="a change by more"),
        pytest.param([60, -60], [60, -60], id="the other direction"),
        pytest.param([600, *[0] * 20], [600, 0], id="agrees again"),
        pytest.param([600, *[0] * 5, 600], [600, 0, 600], id="differs again"),
        pytest.param([0, 600] * 20, [600], id="one of two servers"),
        pytest.param([-300, 600] * 20, [-300, 600], id="two servers"),
    ],
)
def test_a_difference_is_reported_when_it_appears_or_changes_by_more_than_a_minute(
    seconds: list[int], news: list[int]
) -> None:
    assert told(*seconds) == news


@pytest.mark.parametrize(
    "problem",
    [
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
        "certificate verify failed: CRL has expired",
    ],
)
def test_a_certificate_that_is_refused_for_its_dates_may_be_our_clocks_fault(problem: str) -> None:
    assert validity_hint(problem, NOW) == "; or our clock is wrong: it shows 2026-11-23T12:00:00Z"


@pytest.mark.parametrize("problem", ["Connection refused", "certificate verify failed: self-signed certificate", ""])
def test_other_refusals_are_not(problem: str) -> None:
    assert validity_hint(problem, NOW) == ""
