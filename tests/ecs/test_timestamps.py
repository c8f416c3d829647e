"""Times in the format of documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.ecs.timestamps import read_time, write_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-05-22T09:00:00Z", "2026-05-22T09:00:00.000Z", id="seconds"),
        pytest.param("2026-05-22T09:00:00.1Z", "2026-05-22T09:00:00.100Z", id="tenths"),
        pytest.param("2026-05-22T09:00:00.123Z", "2026-05-22T09:00:00.123Z", id="milliseconds"),
        pytest.param("2026-05-22T09:00:00.123456Z", "2026-05-22T09:00:00.123Z", id="microseconds"),
        pytest.param("2026-05-22T09:00:00.123456789Z", "2026-05-22T09:00:00.123Z", id="nanoseconds"),
        pytest.param("2026-05-22T09:00:00,123Z", "2026-05-22T09:00:00.123Z", id="comma"),
        pytest.param("2026-05-22T11:00:00+02:00", "2026-05-22T09:00:00.000Z", id="offset"),
        pytest.param("2026-05-22T09:00:00", "2026-05-22T09:00:00.000Z", id="no-offset-is-utc"),
        pytest.param("2026-05-22 09:00:00Z", "2026-05-22T09:00:00.000Z", id="space"),
        pytest.param("2026-05-22", "2026-05-22T00:00:00.000Z", id="date"),
        pytest.param("2026-W21-5T09:00:00Z", "2026-05-22T09:00:00.000Z", id="week"),
        pytest.param("20260522T090000Z", "2026-05-22T09:00:00.000Z", id="basic"),
        pytest.param("2026-05-22T090000.5Z", "2026-05-22T09:00:00.500Z", id="half-basic"),
        pytest.param("2026-02-30T09:00:00Z", None, id="no-such-day"),
        pytest.param("2026-05-22T09:00:60Z", "2026-05-22T09:00:59.999Z", id="leap-second"),
        pytest.param("soon", None, id="no-time"),
        pytest.param("", None, id="empty"),
        pytest.param("0001-01-01T00:00:00+01:00", None, id="before-the-calendar"),
        pytest.param(1779440400, "2026-05-22T09:00:00.000Z", id="number"),
        pytest.param(None, None, id="null"),
        pytest.param(["2026-05-22"], None, id="list"),
    ],
)
def test_a_time_is_read(text: object, expected: str | None) -> None:
    assert read_time(text) == expected


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_back_the_same(moment: datetime) -> None:
    written = write_time(moment)

    assert written is not None
    assert read_time(written) == written
    assert datetime.fromisoformat(written) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
