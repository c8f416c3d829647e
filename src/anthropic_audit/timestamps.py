"""Read timestamps that others wrote: RFC 3339 and what can mean only one moment.

The reader of activities (`created_at`, the archive's partition) and the normalizer (`@timestamp`) both use this module,
so that they agree on when an activity was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Flag, auto
from types import MappingProxyType
from typing import Final, NamedTuple

MIN_PLAUSIBLE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""No activity is older: Anthropic was founded in 2021."""

MAX_PLAUSIBLE: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""No activity is from this time or later, whatever the clock says."""

CLOCK_TOLERANCE: Final = timedelta(days=1)
"""How far the time of an activity may lie ahead of the time at which it was received."""

MAX_TEXT_CHARS: Final = 256
"""A longer text is no timestamp."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UNITS: Final[Mapping[int, Decimal]] = MappingProxyType(
    {10: Decimal(10**6), 13: Decimal(10**3), 16: Decimal(1), 19: Decimal("0.001")}
)
"""Microseconds in a unit, by the number of digits before the point of a plausible moment in that unit."""

_TOO_LARGE: Final = 10**19
"""No number of so many digits is a moment between MIN_PLAUSIBLE and MAX_PLAUSIBLE."""

_NUMBER: Final = re.compile(r"[0-9]{10,19}(?:\.[0-9]*)?")
_LONG_FRACTION: Final = re.compile(r"([.,][0-9]{6})[0-9]+")
_LEAP_SECOND: Final = re.compile(r"([T ][0-9]{2}:?[0-5][0-9]:?)60(?:[.,][0-9]+)?(?![0-9])")
_END_OF_DAY: Final = re.compile(r"[T ]24(?::?00(?::?00(?:[.,]0+)?)?)?(?![0-9:])")
_NAMED_UTC: Final = re.compile(r" ?(?:UTC|GMT)\Z")


class Quirk(Flag):
    """What about a timestamp had to be interpreted."""

    NONE = 0
    CUT = auto()
    """A fraction of a second had more than six digits: those behind are cut, never rounded."""
    LEAP_SECOND = auto()
    """`:60` is read as the last microsecond before it ends: the order and the minute stay right."""
    END_OF_DAY = auto()
    """`24:00:00` is read as the beginning of the next day, the same moment."""
    NUMBER = auto()
    """A number of seconds, milliseconds, microseconds or nanoseconds since 1970: only one lies in our century."""
    NO_OFFSET = auto()
    """Without an offset it is read as UTC."""


class Timestamp(NamedTuple):
    """A moment, and how it was read."""

    moment: datetime
    """Aware, in UTC."""
    quirks: Quirk = Quirk.NONE


def read_timestamp(value: object) -> Timestamp | None:
    """Return the moment that a value means, or None when it means none or could mean several; never raises.

    Texts are read as RFC 3339 and ISO 8601; numbers (also as texts) as time since 1970 when exactly one unit puts them
    between MIN_PLAUSIBLE and MAX_PLAUSIBLE. Whether the moment is believable is another question: `is_plausible`.
    """
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(f"{Decimal(repr(value)):f}") if abs(value) < _TOO_LARGE else None
    return None


def is_plausible(moment: datetime, received_at: datetime | None = None) -> bool:
    """Say whether an activity can have been made at this moment, if it was received at that one.

    Args:
        moment: The time that an activity tells; aware.
        received_at: By a clock that can be trusted (the server's, if ours differs); None leaves only the fixed bounds.
    """
    if not MIN_PLAUSIBLE <= moment < MAX_PLAUSIBLE:
        return False
    return received_at is None or moment <= received_at + CLOCK_TOLERANCE


def _read_text(text: str) -> Timestamp | None:
    text = text.strip() if len(text) <= MAX_TEXT_CHARS else ""
    if _NUMBER.fullmatch(text):
        return _read_number(text)
    quirks, later = Quirk.NONE, timedelta(0)
    text = _NAMED_UTC.sub("Z", text.upper())
    text, leaps = _LEAP_SECOND.subn(r"\g<1>59.999999", text)
    if leaps:
        quirks |= Quirk.LEAP_SECOND
    text, ends = _END_OF_DAY.subn("T00:00:00", text)
    if ends:
        quirks, later = quirks | Quirk.END_OF_DAY, timedelta(days=1)
    text, cuts = _LONG_FRACTION.subn(r"\1", text)
    if cuts:
        quirks |= Quirk.CUT
    try:
        moment = datetime.fromisoformat(text) + later
        if moment.tzinfo is None:
            return Timestamp(moment.replace(tzinfo=UTC), quirks | Quirk.NO_OFFSET)
        return Timestamp(moment.astimezone(UTC), quirks)
    except (ValueError, OverflowError):
        return None


def _read_number(digits: str) -> Timestamp | None:
    """Read a number of 10, 13, 16 or 19 digits before the point; as many has one unit each in our century."""
    whole = digits.partition(".")[0]
    unit = _UNITS.get(len(whole))
    if unit is None or not _NUMBER.fullmatch(digits):
        return None
    moment = _EPOCH + int(Decimal(digits) * unit) * _MICROSECOND
    return Timestamp(moment, Quirk.NUMBER) if MIN_PLAUSIBLE <= moment < MAX_PLAUSIBLE else None
