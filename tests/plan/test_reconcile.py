from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.model import Purpose, Window
from anthropic_audit.plan import HORIZON, LADDER, Due, Rung, Spans, Walk, due_reconciles

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = (Rung(HOUR, HOUR),)


def window(start: timedelta, end: timedelta) -> Window:
    """Return a window from the ages of its start and end."""
    return Window(NOW - start, NOW - end)


def live(start: timedelta, end: timedelta, step: timedelta) -> list[Walk]:
    """Return the walks of a live tail: each reads the newest time."""
    walks = []
    at = NOW - start + step
    while at <= NOW - end:
        walks.append(Walk(Window(at - step, at), at))
        at += step
    return walks


def test_what_was_read_while_it_was_young_is_read_again_when_it_has_the_age() -> None:
    covered = Spans((window(3 * HOUR, timedelta(0)),))

    (due,) = due_reconciles(covered, live(3 * HOUR, timedelta(0), HOUR / 12), NOW, ONE)

    assert due == Due(window(3 * HOUR, HOUR), Purpose.RECONCILE)


def test_nothing_is_due_before_the_oldest_has_waited_long_enough() -> None:
    covered = Spans((window(2 * HOUR, timedelta(0)),))

    assert list(due_reconciles(covered, live(2 * HOUR, timedelta(0), HOUR / 12), NOW, ONE)) == []


def test_what_was_read_at_that_age_is_not_due_again() -> None:
    covered = Spans((window(3 * HOUR, timedelta(0)),))
    again = Walk(window(3 * HOUR, HOUR), NOW)

    assert list(due_reconciles(covered, [again], NOW, ONE)) == []


def test_history_that_was_read_long_after_it_happened_is_not_due() -> None:
    covered = Spans((window(29 * DAY, 20 * DAY),))
    backfill = Walk(window(29 * DAY, 20 * DAY), NOW - DAY)

    assert list(due_reconciles(covered, [backfill], NOW, LADDER)) == []


def test_what_is_not_covered_is_not_reconciled() -> None:
    assert list(due_reconciles(Spans(), [], NOW, LADDER)) == []


def test_what_lies_beyond_the_horizon_is_left_alone() -> None:
    covered = Spans((window(90 * DAY, timedelta(0)),))

    dues = list(due_reconciles(covered, live(90 * DAY, timedelta(0), DAY / 4), NOW, LADDER))

    assert min(due.window.start for due in dues) == NOW - HORIZON


def test_after_an_outage_all_that_was_missed_is_due_at_once() -> None:
    covered = Spans((window(10 * DAY, timedelta(0)),))
    walks = live(10 * DAY, 2 * DAY, HOUR)

    dues = list(due_reconciles(covered, walks, NOW, ONE))

    assert dues == [Due(window(10 * DAY, HOUR), Purpose.RECONCILE)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 600), min_size=20, max_size=300), st.data())
def test_every_moment_is_read_at_every_rung_in_time_whatever_the_pauses(pauses: list[int], data: st.DataObject) -> None:
    """Let time pass in irregular steps, and walk what is due at each: no moment misses a rung by more than a step."""
    start = at = NOW
    walks: list[Walk] = []
    for minutes in pauses:
        step = timedelta(minutes=minutes)
        at += step
        walks.append(Walk(Window(at - step, at), at))
        covered = Spans((Window(start, at),))
        walks += [Walk(due.window, at) for due in list(due_reconciles(covered, walks, at, LADDER))]
        assert list(due_reconciles(covered, walks, at, LADDER)) == []
    longest = timedelta(minutes=max(pauses))
    for rung in LADDER:
        old = (at - start - rung.age - rung.within - longest) // timedelta(minutes=1)
        if old > 0:
            moment = start + timedelta(minutes=data.draw(st.integers(0, int(old) - 1)))
            ages = [walk.walked_at - moment for walk in walks if walk.window.start <= moment < walk.window.end]
            assert any(rung.age <= age <= rung.age + rung.within + longest for age in ages)


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 48))
def test_a_moment_is_read_a_few_times_and_no_more(hours: int) -> None:
    step, start = timedelta(minutes=30), NOW
    walks: list[Walk] = []
    at = start
    while at < start + 12 * DAY:
        at += step
        walks.append(Walk(Window(at - step, at), at))
        walks += [Walk(due.window, at) for due in list(due_reconciles(Spans((Window(start, at),)), walks, at, LADDER))]
    moment = start + timedelta(hours=hours)

    reads = sum(walk.window.start <= moment < walk.window.end for walk in walks)

    assert reads == 1 + len(LADDER)
