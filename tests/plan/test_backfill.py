from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.model import Window
from anthropic_audit.plan import Backfill, BackfillRules, Spans

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RULES = BackfillRules(target=1000, first=DAY, shortest=HOUR, longest=30 * DAY)


def ago(start: timedelta, end: timedelta = timedelta(0)) -> Window:
    return Window(NOW - start, NOW - end)


def test_the_newest_window_comes_first() -> None:
    window, rest = Backfill(Spans((ago(9 * DAY, 5 * DAY), ago(3 * DAY))), RULES).take()

    assert window == ago(DAY)
    assert rest.left == Spans((ago(9 * DAY, 5 * DAY), ago(3 * DAY, DAY)))


def test_a_window_never_reaches_over_what_is_covered() -> None:
    window, _ = Backfill(Spans((ago(9 * DAY, 5 * DAY), ago(HOUR))), RULES).take()

    assert window == ago(HOUR)


def test_a_small_rest_is_taken_along() -> None:
    window, rest = Backfill(Spans((ago(DAY + HOUR / 2),)), RULES).take()

    assert window == ago(DAY + HOUR / 2)
    assert not rest.left


def test_full_windows_get_shorter_and_empty_ones_longer() -> None:
    backfill = Backfill(Spans((ago(300 * DAY),)), RULES)

    assert backfill.learn(ago(DAY), 2000).length == DAY / 2
    assert backfill.learn(ago(DAY), 500).length == 2 * DAY
    assert backfill.learn(ago(DAY), 0).length == 4 * DAY
    assert backfill.learn(ago(DAY), 1).length == 4 * DAY
    assert backfill.learn(ago(20 * DAY), 0).length == 30 * DAY
    assert backfill.learn(ago(2 * HOUR), 10**9).length == HOUR


def test_what_was_not_read_is_left_again() -> None:
    backfill = Backfill(Spans((ago(3 * DAY),)), RULES)

    window, rest = backfill.take()

    assert window is not None
    assert rest.give_back(window).left == backfill.left


spans = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 500)), min_size=1, max_size=5).map(
    lambda pairs: Spans.of(ago((start + length) * HOUR, start * HOUR) for start, length in pairs)
)


@given(spans, st.data())
def test_every_moment_is_handed_out_once_whatever_the_density_and_the_failures(
    left: Spans, data: st.DataObject
) -> None:
    backfill = Backfill(left, RULES)
    done: list[Window] = []
    failures = 0
    while True:
        window, backfill = backfill.take()
        if window is None:
            break
        assert Spans((window,)) - left == Spans()
        if failures < 20 and data.draw(st.booleans()):
            failures += 1
            backfill = backfill.give_back(window)
            continue
        assert all(window.end <= other.start or window.start >= other.end for other in done)
        done.append(window)
        backfill = backfill.learn(window, data.draw(st.integers(0, 10_000)))

    assert Spans.of(done) == left


@given(st.integers(1, 2000))
def test_with_an_even_density_windows_come_to_have_the_wanted_size(per_day: int) -> None:
    backfill = Backfill(Spans((ago(3650 * DAY),)), RULES)
    sizes = []
    for _ in range(12):
        window, backfill = backfill.take()
        assert window is not None
        found = int((window.end - window.start) / DAY * per_day)
        sizes.append(found)
        backfill = backfill.learn(window, found)

    assert sizes[-1] <= RULES.target * 1.2
    assert sizes[-1] >= min(RULES.target * 0.6, per_day * 30 * 0.9)
