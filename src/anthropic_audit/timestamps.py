"""Parse timestamps of activities: RFC 3339, and other notations that can mean only one moment.

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
"""Earliest plausible time of an activity: Anthropic was founded in 2021."""

MAX_PLAUSIBLE: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Every plausible time of an activity is before this one, whatever the clock says."""

CLOCK_TOLERANCE: Final = timedelta(days=1)
"""How far the time of an activity may lie ahead of the time at which it was received."""

MAX_TEXT_CHARS: Final = 256
"""Longest text that is parsed as a timestamp."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UNITS: Final[Mapping[int, Decimal]] = MappingProxyType(
    {10: Decimal(10**6), 13: Decimal(10**3), 16: Decimal(1), 19: Decimal("0.001")}
)
"""Microseconds in a unit, by the number of digits that a plausible moment has in that unit before the point."""

_TOO_LARGE: Final = 10**19
"""Numbers from here on mean no moment between MIN_PLAUSIBLE and MAX_PLAUSIBLE in any unit."""

_NUMBER: Final = re.compile(r"[0-9]{10,19}(?:\.[0-9]*)?")
_LONG_FRACTION: Final = re.compile(r"([.,][0-9]{6})[0-9]+")
_LEAP_SECOND: Final = re.compile(r"([T ][0-9]{2}:?[0-5][0-9]:?)60(?:[.,][0-9]+)?(?![0-9])")
_END_OF_DAY: Final = re.compile(r"[T ]24(?::?00(?::?00(?:[.,]0+)?)?)?(?![0-9:])")
_NAMED_UTC: Final = re.compile(r" ?(?:UTC|GMT)\Z")


class Quirk(Flag):
    """The ways in which a timestamp had to be interpreted."""

    NONE = 0
    CUT = auto()
    """A fraction of a second had more than six digits: the others are cut, never rounded."""
    LEAP_SECOND = auto()
    """`:60` is read as the last microsecond of its minute: the order and the minute stay right."""
    END_OF_DAY = auto()
    """`24:00:00` is read as the beginning of the next day, the same moment."""
    NUMBER = auto()
    """A number since 1970, in the one unit (seconds, milli-, micro-, nanoseconds) that gives a plausible time."""
    NO_OFFSET = auto()
    """A timestamp without an offset is read as UTC."""


class Timestamp(NamedTuple):
    """A moment, and how its text was interpreted."""

    moment: datetime
    """Aware, in UTC."""
    quirks: Quirk = Quirk.NONE


def read_timestamp(value: object) -> Timestamp | None:
    """Return the moment that a value means, or None if it means none or could mean several; never raises.

    Texts are read as RFC 3339 and ISO 8601; numbers (also as texts) as time since 1970 when exactly one unit puts them
    between MIN_PLAUSIBLE and MAX_PLAUSIBLE. Texts may give implausible moments: see `is_plausible`.
    """
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(f"{Decimal(repr(value)):f}") if abs(value) < _TOO_LARGE else None
    return None


def is_plausible(moment: datetime, received_at: datetime | None = None) -> bool:
    """Return whether an activity that was received at one moment can have been created at another.

    Args:
        moment: The activity's own time; aware.
        received_at: By a reliable clock (the server's, if ours differs); None checks only the fixed bounds.
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
    """Read a number of 10, 13, 16 or 19 digits before the point: each length is that of one unit in our century."""
    whole = digits.partition(".")[0]
    unit = _UNITS.get(len(whole))
    if unit is None or not _NUMBER.fullmatch(digits):
        return None
    moment = _EPOCH + int(Decimal(digits) * unit) * _MICROSECOND
    return Timestamp(moment, Quirk.NUMBER) if MIN_PLAUSIBLE <= moment < MAX_PLAUSIBLE else None
