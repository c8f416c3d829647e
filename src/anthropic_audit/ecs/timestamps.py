"""Times in the format of ECS documents: UTC, milliseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from anthropic_audit.timestamps import MAX_PLAUSIBLE, MIN_PLAUSIBLE, Quirk, is_plausible, read_timestamp

_INTERPRETED: Final = Quirk.NUMBER | Quirk.LEAP_SECOND | Quirk.END_OF_DAY
"""Quirks of a written time that the document's time does not show; the received value is stored as well."""

_USUAL_CHARS: Final = len("2026-11-23T09:00:00.123456Z")
_FROM, _BEFORE = f"{MIN_PLAUSIBLE:%Y}", f"{MAX_PLAUSIBLE:%Y}"


def read_time(value: object) -> str | None:
    """Return a time in the format of documents, or None when the value is not a time."""
    if isinstance(value, str) and len(value) <= _USUAL_CHARS and value.endswith("Z"):
        try:
            return write_time(msgspec.convert(value, datetime))
        except msgspec.ValidationError:
            pass
    stamp = read_timestamp(value)
    return None if stamp is None else write_time(stamp.moment)


def is_interpreted(value: object) -> bool:
    """Return whether a value that was read as a time has an unusual format: a number, `:60`, `24:00`."""
    if isinstance(value, str) and ":" in value and "60" not in value and "24" not in value:
        return False
    stamp = read_timestamp(value)
    return stamp is not None and bool(stamp.quirks & _INTERPRETED)


def is_usual(value: object, moment: str) -> bool:
    """Return whether a time has the usual format and is within the plausible years."""
    return isinstance(value, str) and _FROM <= moment < _BEFORE and not is_interpreted(value)


def is_credible(value: object, received_at: datetime | None) -> bool:
    """Return whether an activity can have happened at the time in a value; True when the value is not a time."""
    stamp = read_timestamp(value)
    return stamp is None or is_plausible(stamp.moment, received_at)


def write_time(moment: datetime) -> str | None:
    """Return a time in the format of documents, or None outside the calendar; a time without offset is UTC."""
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
