from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import SetupError
from anthropic_audit.times import format_duration, format_time, moved, parse_duration, parse_time

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("24h", 86400),
        ("7d", 604800),
        ("2w", 1209600),
        ("0.5h", 1800),
        ("250ms", 0.25),
    ],
)
def test_a_duration_reads_as_written(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5y", "1h30", "five minutes", "9" * 400 + "d"])
def test_what_is_no_duration_says_so(text: str) -> None:
    with pytest.raises(SetupError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("24h", NOW - timedelta(hours=24)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00+02:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
    ],
)
def test_a_time_reads_as_written(text: str, expected: datetime) -> None:
    assert parse_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "9999999d"])
def test_what_is_no_time_says_so(text: str) -> None:
    with pytest.raises(SetupError, match="time"):
        parse_time(text, NOW)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_time_survives_being_written_and_read(when: datetime) -> None:
    assert parse_time(format_time(when), NOW) == when


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=45), "45s"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4), "1d2h"),
        (-timedelta(minutes=5), "-5m"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(span: timedelta, expected: str) -> None:
    assert format_duration(span) == expected


@given(st.integers(0, 10**7))
def test_whole_seconds_of_two_units_survive_being_written_and_read(seconds: int) -> None:
    written = format_duration(timedelta(seconds=seconds))

    assert format_duration(parse_duration(written)) == written


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas())
def test_a_moved_time_stays_on_its_side_and_on_the_calendar(when: datetime, span: timedelta) -> None:
    found = moved(when, span)

    assert found.tzinfo is UTC
    assert (found > when) == (span > timedelta(0)) or found == when
    assert found - when == span or found in {datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)}
