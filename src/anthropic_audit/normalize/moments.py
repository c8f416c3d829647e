"""Times as ECS documents have them: UTC, milliseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


def read_time(value: object) -> str | None:
    """Return an ISO 8601 time in the documents' form, or None when the value is no time."""
    if not isinstance(value, str):
        return None
    try:
        moment = msgspec.convert(value, datetime)  # RFC 3339, read as `shapes` reads it
    except msgspec.ValidationError:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    return write_time(moment)


def write_time(moment: datetime) -> str | None:
    """Write a time in the documents' form, or None when it lies outside of the calendar; without offset it is UTC."""
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
