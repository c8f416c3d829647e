"""The coverage calendar: the state of each day follows from the walks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.console.coverage_calendar import WEEKS, Day, State, calendar
from anthropic_audit.model import Window
from anthropic_audit.plan import Spans

NOW = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
"""A Thursday."""
HOUR = timedelta(hours=1)


def when(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def days(covered: Spans, late: dict[date, int] | None = None, now: datetime = NOW) -> dict[date, Day]:
    rows = calendar(covered, late or {}, now).rows
    return {day.date: day for _, row in rows for day in row if day is not None}


@pytest.mark.parametrize(
    ("day", "state"),
    [
        pytest.param(date(2026, 11, 19), "before", id="before the feed began"),
        pytest.param(date(2026, 11, 20), "complete", id="the day of its beginning, from there on"),
        pytest.param(date(2026, 11, 21), "complete", id="all of it"),
        pytest.param(date(2026, 11, 22), "partial", id="with an hour missing"),
        pytest.param(date(2026, 11, 23), "missing", id="none of it"),
        pytest.param(date(2026, 11, 25), "partial", id="up to the evening"),
        pytest.param(date(2026, 11, 26), "missing", id="nothing of today, though the last hour may be open"),
    ],
)
def test_a_day_is_what_was_read_of_it(day: date, state: State) -> None:
    covered = Spans(
        (
            Window(when("2026-11-20T09:00"), when("2026-11-22T10:00")),
            Window(when("2026-11-22T11:00"), when("2026-11-23T00:00")),
            Window(when("2026-11-24T00:00"), when("2026-11-25T20:00")),
        )
    )

    assert days(covered)[day].state == state


def test_the_last_hour_of_today_may_be_open() -> None:
    covered = Spans((Window(when("2026-11-20T00:00"), NOW - HOUR),))

    assert days(covered)[NOW.date()].state == "complete"
    assert days(covered, now=NOW + timedelta(minutes=1))[NOW.date()].state == "partial"


def test_a_new_day_is_not_missing_in_its_first_hour() -> None:
    midnight = when("2026-11-27T00:10")

    assert days(Spans((Window(when("2026-11-20T00:00"), when("2026-11-26T23:00")),)), now=midnight)[
        midnight.date()
    ].state == ("complete")


def test_late_finds_are_told_of_the_day_on_which_it_happened() -> None:
    found = days(Spans((Window(when("2026-11-20T00:00"), NOW),)), {date(2026, 11, 21): 1_234})

    assert found[date(2026, 11, 21)].words == "2026-11-21: complete, 1,234 late"
    assert found[date(2026, 11, 22)].words == "2026-11-22: complete"


@given(st.integers(0, 4_000))
def test_weekdays_are_rows_months_span_all_weeks_and_no_day_is_in_the_future(hours: int) -> None:
    now = NOW + hours * HOUR
    made = calendar(Spans((Window(NOW - HOUR, NOW),)), {}, now)

    assert [row[0] for row in made.rows] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert all(day is None or day.date.weekday() == place for place, (_, row) in enumerate(made.rows) for day in row)
    assert sum(weeks for _, weeks in made.months) == WEEKS
    assert max(day.date for _, row in made.rows for day in row if day) == now.date()
    assert sum(made.count(state) for state in ("complete", "partial", "missing", "before")) == len(
        {day.date for _, row in made.rows for day in row if day}
    )
