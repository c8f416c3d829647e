"""Times and durations in the formats of settings, commands and activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from anthropic_audit.ecs.timestamps import read_time
from anthropic_audit.errors import SetupError
from anthropic_audit.times import format_duration, format_time, moved, parse_duration, parse_time

SHORT_RUNS: Final = 3_000
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKENS: Final = (
    b"now",
    b"-",
    b"+",
    b"/",
    b"1h30m",
    b"0.5ms",
    b"7d",
    b"2w",
    b"/M",
    b"2026-11-23T09:00:00",
    b".123456789",
    b"Z",
    b"+14:00",
    b"0001-01-01",
    b"9999-12-31T23:59:59",
    b"T24:00:00",
    b":60",
    b"9" * 400,
    b"W21-5",
    "٣".encode(),
)


def check(data: bytes) -> None:
    """Parse an input as a time, as a duration, and as the time of an activity."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        span = parse_duration(text)
    except SetupError:
        pass
    else:
        assert span >= timedelta(0), "a duration is negative"
        parse_duration(format_duration(span))
        moved(NOW, span)
    try:
        when = parse_time(text, NOW)
    except SetupError:
        pass
    else:
        assert when.utcoffset() == timedelta(0), "a time outside of UTC"
        assert parse_time(format_time(when), NOW) == when, "another time when written"
    written = read_time(data.decode("utf-8", "replace"))
    if written is not None:
        assert read_time(written) == written, "a document's time is read as another time"
