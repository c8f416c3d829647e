"""Times and durations as people write them: `24h`, `7d`, `2026-11-23T09:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .errors import SetupError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")

_MATH = re.compile(rf"now(?:([+-])({_DURATION.pattern}))?(?:/([smhdwMy]))?")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def parse_duration(text: str) -> timedelta:
    """Read `90s`, `5m`, `1h30m`, `24h`, `7d` or `2w`.

    Raises:
        SetupError: The text is no duration.
    """
    if not _DURATION.fullmatch(text):
        message = f"this is no duration: `{text}`"
        raise SetupError(message, hint="write a number and a unit, such as 90s, 5m, 24h, 7d or 2w")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    except OverflowError as error:
        message = f"this duration is too long: `{text}`"
        raise SetupError(message) from error


def parse_time(text: str, now: datetime) -> datetime:
    """Read an RFC 3339 time, a date (UTC), a duration before `now`, or date math as Kibana has it (`now-7d/d`).

    Raises:
        SetupError: The text is no time, or lies outside of what a clock can show.
    """
    math = _MATH.fullmatch(text)
    if math is not None:
        return _reckon(math, now)
    if _DURATION.fullmatch(text):
        try:
            return now - parse_duration(text)
        except OverflowError as error:
            message = f"this time lies before the calendar: `{text}`"
            raise SetupError(message) from error
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"this is no time: `{text}`"
        hint = "write 24h or 7d for that long ago, or RFC 3339: 2026-11-23T09:00:00Z"
        raise SetupError(message, hint=hint) from error
    try:
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError as error:
        message = f"this time lies outside of the calendar: `{text}`"
        raise SetupError(message) from error


def _reckon(math: re.Match[str], now: datetime) -> datetime:
    """Add or subtract, then go back to the start of the unit that is named, in UTC."""
    sign, duration, unit = math.group(1), math.group(2), math.group(math.re.groups)
    try:
        span = parse_duration(duration) if duration else timedelta(0)
        when = (now + span if sign == "+" else now - span).astimezone(UTC)
        return _start_of(unit, when) if unit else when
    except OverflowError as error:
        message = f"this time lies outside of the calendar: `{math.group()}`"
        raise SetupError(message) from error


def _start_of(unit: str, when: datetime) -> datetime:
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "y":
            return midnight.replace(month=1, day=1)
        case "M":
            return midnight.replace(day=1)
        case "w":
            return midnight - timedelta(days=when.weekday())
        case "d":
            return midnight
    return midnight + (when - midnight) // timedelta(seconds=_UNITS[unit]) * timedelta(seconds=_UNITS[unit])


def moved(when: datetime, span: timedelta) -> datetime:
    """Return the time that lies a span later (earlier, if it is negative), or the calendar's end on the way."""
    try:
        return when + span
    except OverflowError:
        return _LAST if span > timedelta(0) else _FIRST


def format_duration(span: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, in its two largest units: `1h30m`, `45s`, `0s`."""
    left = round(span.total_seconds())
    sign, left = ("-", -left) if left < 0 else ("", left)
    parts: list[str] = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts[:2]) or "0s")


def format_time(when: datetime) -> str:
    """Write a time as RFC 3339 in UTC, with as many digits as it has."""
    text = when.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"
