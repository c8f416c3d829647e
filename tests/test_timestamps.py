"""Timestamps of other systems: unambiguous ones are read, with the quirks of their format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.timestamps import (
    CLOCK_TOLERANCE,
    MAX_PLAUSIBLE,
    MIN_PLAUSIBLE,
    Quirk,
    Timestamp,
    is_plausible,
    read_timestamp,
)

NOON = datetime(2026, 5, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected", "quirks"),
    [
        pytest.param("2026-05-22T12:00:00Z", "2026-05-22T12:00:00", Quirk.NONE, id="rfc-3339"),
        pytest.param("2026-05-22T12:00:00.123456Z", "2026-05-22T12:00:00.123456", Quirk.NONE, id="microseconds"),
        pytest.param("2026-05-22T12:00:00.1239999Z", "2026-05-22T12:00:00.123999", Quirk.CUT, id="cut"),
        pytest.param("2026-05-22T12:00:00.9999999Z", "2026-05-22T12:00:00.999999", Quirk.CUT, id="never-rounded-up"),
        pytest.param(f"2026-05-22T12:00:00.{'9' * 200}Z", "2026-05-22T12:00:00.999999", Quirk.CUT, id="200-digits"),
        pytest.param("2026-05-22T12:00:00,9999999Z", "2026-05-22T12:00:00.999999", Quirk.CUT, id="comma"),
        pytest.param("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999", Quirk.CUT, id="end-of-calendar"),
        pytest.param("2026-06-30T23:59:60Z", "2026-06-30T23:59:59.999999", Quirk.LEAP_SECOND, id="leap-second"),
        pytest.param("2026-06-30T23:59:60.25Z", "2026-06-30T23:59:59.999999", Quirk.LEAP_SECOND, id="in-a-leap-second"),
        pytest.param("20260630T235960Z", "2026-06-30T23:59:59.999999", Quirk.LEAP_SECOND, id="basic-leap-second"),
        pytest.param("2026-07-01T01:59:60+02:00", "2026-06-30T23:59:59.999999", Quirk.LEAP_SECOND, id="offset-leap"),
        pytest.param("2026-05-22T24:00:00Z", "2026-05-23T00:00:00", Quirk.END_OF_DAY, id="end-of-day"),
        pytest.param("2026-05-22T24:00:00.000Z", "2026-05-23T00:00:00", Quirk.END_OF_DAY, id="end-of-day-millis"),
        pytest.param("2026-12-31T24:00Z", "2027-01-01T00:00:00", Quirk.END_OF_DAY, id="end-of-year"),
        pytest.param("2026-05-22T24:00:00+02:00", "2026-05-22T22:00:00", Quirk.END_OF_DAY, id="end-of-day-offset"),
        pytest.param(1779451200, "2026-05-22T12:00:00", Quirk.NUMBER, id="seconds"),
        pytest.param(1779451200.25, "2026-05-22T12:00:00.250000", Quirk.NUMBER, id="seconds-and-fraction"),
        pytest.param(1779451200123, "2026-05-22T12:00:00.123", Quirk.NUMBER, id="milliseconds-since-1970"),
        pytest.param(1779451200123456, "2026-05-22T12:00:00.123456", Quirk.NUMBER, id="microseconds-since-1970"),
        pytest.param(1779451200123456789, "2026-05-22T12:00:00.123456", Quirk.NUMBER, id="nanoseconds-since-1970"),
        pytest.param(1.7794512e18, "2026-05-22T12:00:00", Quirk.NUMBER, id="nanoseconds-as-a-float"),
        pytest.param("1779451200", "2026-05-22T12:00:00", Quirk.NUMBER, id="number-as-text"),
        pytest.param("1779451200.9999999", "2026-05-22T12:00:00.999999", Quirk.NUMBER, id="number-is-cut-too"),
        pytest.param("2026-05-22T12:00:00", "2026-05-22T12:00:00", Quirk.NO_OFFSET, id="no-offset"),
        pytest.param("2026-05-22", "2026-05-22T00:00:00", Quirk.NO_OFFSET, id="date"),
        pytest.param("2026-05-22t12:00:00z", "2026-05-22T12:00:00", Quirk.NONE, id="small-letters"),
        pytest.param(" 2026-05-22 12:00:00 UTC\n", "2026-05-22T12:00:00", Quirk.NONE, id="blanks-and-utc"),
        pytest.param("2026-05-22T14:00:00+02:00", "2026-05-22T12:00:00", Quirk.NONE, id="offset"),
        pytest.param("0001-01-01T00:00:00Z", "0001-01-01T00:00:00", Quirk.NONE, id="year-1"),
    ],
)
def test_what_means_one_moment_is_read(value: object, expected: str, quirks: Quirk) -> None:
    assert read_timestamp(value) == Timestamp(datetime.fromisoformat(expected).replace(tzinfo=UTC), quirks)


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "soon", "2026-02-30T12:00:00Z", "2026-05-22T24:00:01Z", "2026-05-22T25:00:00Z"),
        *("2026-05-22T12:60:00Z", "2026-05-22T12:00:61Z", "2026-05-22T12:00:00+24:00", "0000-01-01T00:00:00Z"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T24:00:00Z", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z"),
        *("2026-05-22T12:00:00Z" + " " * 300, "\ud800", "\x00", "٢٠٢٦-05-22T12:00:00Z", "١٧٧٩٤٥١٢٠٠"),
        *(0, -1779451200, 17794512, 20260522, 10**18, 10**400, 1577836799, 4102444800, True, False, None),
        *(float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, [1779451200], {"seconds": 1779451200}),
    ],
)
def test_what_means_no_moment_or_several_is_not_read(value: object) -> None:
    assert read_timestamp(value) is None


@given(st.one_of(st.text(), st.integers(), st.floats()))
def test_reading_never_fails(value: Any) -> None:
    read = read_timestamp(value)

    assert read is None or read.moment.utcoffset() == timedelta(0)


@given(st.datetimes(MIN_PLAUSIBLE.replace(tzinfo=None), MAX_PLAUSIBLE.replace(tzinfo=None) - timedelta(microseconds=1)))
def test_every_unit_of_a_number_means_the_same_moment(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    micros = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert read_timestamp(micros) == read_timestamp(micros * 1000) == Timestamp(aware, Quirk.NUMBER)
    assert read_timestamp(f"{micros // 10**6}.{micros % 10**6:06}") == Timestamp(aware, Quirk.NUMBER)
    assert read_timestamp(moment.isoformat() + "Z") == Timestamp(aware)


@pytest.mark.parametrize(
    ("moment", "received_at", "expected"),
    [
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), None, False, id="year-1"),
        pytest.param(datetime(9999, 12, 31, tzinfo=UTC), None, False, id="year-9999"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), None, False, id="1970"),
        pytest.param(MIN_PLAUSIBLE, None, True, id="earliest"),
        pytest.param(MIN_PLAUSIBLE - timedelta(microseconds=1), None, False, id="before-the-earliest"),
        pytest.param(MAX_PLAUSIBLE, None, False, id="latest"),
        pytest.param(NOON, NOON - timedelta(hours=23), True, id="a-clock-that-is-slow"),
        pytest.param(NOON + CLOCK_TOLERANCE, NOON, True, id="a-day-ahead"),
        pytest.param(NOON + CLOCK_TOLERANCE + timedelta(microseconds=1), NOON, False, id="more-than-a-day-ahead"),
        pytest.param(datetime(2099, 1, 1, tzinfo=UTC), NOON, False, id="2099"),
        pytest.param(datetime(2099, 1, 1, tzinfo=UTC), None, True, id="2099-without-a-clock"),
    ],
)
def test_a_moment_is_plausible_or_not(moment: datetime, received_at: datetime | None, expected: bool) -> None:
    assert is_plausible(moment, received_at) is expected
