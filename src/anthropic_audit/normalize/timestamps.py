"""Times as ECS documents have them: UTC, milliseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from anthropic_audit.timestamps import MAX_PLAUSIBLE, MIN_PLAUSIBLE, Quirk, is_plausible, read_timestamp

_INTERPRETED: Final = Quirk.NUMBER | Quirk.LEAP_SECOND | Quirk.END_OF_DAY
"""What reads otherwise than it was written; the received value is kept beside the time."""

_USUAL_CHARS: Final = len("2026-11-23T09:00:00.123456Z")
_FROM, _BEFORE = f"{MIN_PLAUSIBLE:%Y}", f"{MAX_PLAUSIBLE:%Y}"


def read_time(value: object) -> str | None:
    """Return a time in the documents' form, or None when the value is no time."""
    if isinstance(value, str) and len(value) <= _USUAL_CHARS and value.endswith("Z"):
        try:
            return write_time(msgspec.convert(value, datetime))
        except msgspec.ValidationError:
            pass
    stamp = read_timestamp(value)
    return None if stamp is None else write_time(stamp.moment)


def is_interpreted(value: object) -> bool:
    """Say whether a value that was read as a time is written otherwise than times are: a number, `:60`, `24:00`."""
    if isinstance(value, str) and ":" in value and "60" not in value and "24" not in value:
        return False
    stamp = read_timestamp(value)
    return stamp is not None and bool(stamp.quirks & _INTERPRETED)


def is_usual(value: object, moment: str) -> bool:
    """Say whether nothing needs to be said of a time that was read: written as times are, within our century."""
    return isinstance(value, str) and _FROM <= moment < _BEFORE and not is_interpreted(value)


def is_credible(value: object, received_at: datetime | None) -> bool:
    """Say whether an activity can have been made at the time that a value means; true when it means none."""
    stamp = read_timestamp(value)
    return stamp is None or is_plausible(stamp.moment, received_at)


def write_time(moment: datetime) -> str | None:
    """Write a time in the documents' form, or None when it lies outside of the calendar; without offset it is UTC."""
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
