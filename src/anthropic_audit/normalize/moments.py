"""Times as ECS documents have them: UTC, milliseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

_WITH_SECONDS = len("2026-11-23T09:00:00Z")
_WITH_MILLISECONDS = len("2026-11-23T09:00:00.000Z")


def read_time(value: object) -> str | None:
    """Return an ISO 8601 time in the documents' form, or None when the value is no time."""
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text raises a TypeError
    except (ValueError, TypeError):
        return None
    text = cast("str", value)
    if text[7:17:3] == "-T::" and text[-1] == "Z" and (moment.hour or text[11] == "0"):
        if len(text) == _WITH_SECONDS:
            return text[:19] + ".000Z"
        if len(text) >= _WITH_MILLISECONDS and text[19] == ".":
            return text[:23] + "Z"
    return write_time(moment)


def write_time(moment: datetime) -> str | None:
    """Write a time in the documents' form, or None when it lies outside of the calendar; without offset it is UTC."""
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
