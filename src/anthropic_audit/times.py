"""Parse and format times and durations such as `24h`, `7d` or `2026-11-23T09:00:00Z`."""

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
    """Return the duration that a text such as `90s`, `5m`, `1h30m`, `24h`, `7d` or `2w` means.

    Raises:
        SetupError: The text is not a duration, or is one that is too long.
    """
    if not _DURATION.fullmatch(text):
        message = f"not a duration: `{text}`"
        raise SetupError(message, hint="write a number and a unit, such as 90s, 5m, 24h, 7d or 2w")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    except OverflowError as error:
        message = f"the duration is too long: `{text}`"
        raise SetupError(message) from error


def parse_time(text: str, now: datetime) -> datetime:
    """Return the UTC time of a text: RFC 3339, a date (UTC), a duration before `now`, or date math (`now-7d/d`).

    Raises:
        SetupError: The text is not a time, or its time is out of range.
    """
    math = _MATH.fullmatch(text)
    if math is not None:
        return _evaluate(math, now)
    if _DURATION.fullmatch(text):
        try:
            return now - parse_duration(text)
        except OverflowError as error:
            message = f"the time is out of range: `{text}`"
            raise SetupError(message) from error
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"not a time: `{text}`"
        hint = "write a duration before now (24h, 7d), or RFC 3339: 2026-11-23T09:00:00Z"
        raise SetupError(message, hint=hint) from error
    try:
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError as error:
        message = f"the time is out of range: `{text}`"
        raise SetupError(message) from error


def _evaluate(math: re.Match[str], now: datetime) -> datetime:
    """Evaluate date math: add or subtract a duration, then round down to the start of the named unit, in UTC."""
    sign, duration, unit = math.group(1), math.group(2), math.group(math.re.groups)
    try:
        span = parse_duration(duration) if duration else timedelta(0)
        when = (now + span if sign == "+" else now - span).astimezone(UTC)
        return _start_of(unit, when) if unit else when
    except OverflowError as error:
        message = f"the time is out of range: `{math.group()}`"
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
    """Return a time plus a span (which may be negative), limited to the range that a datetime can hold."""
    try:
        return when + span
    except OverflowError:
        return _LAST if span > timedelta(0) else _FIRST


def format_duration(span: timedelta) -> str:
    """Format a duration, as `parse_duration` reads it, in its two largest units: `1h30m`, `45s`, `0s`."""
    left = round(span.total_seconds())
    sign, left = ("-", -left) if left < 0 else ("", left)
    parts: list[str] = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts[:2]) or "0s")


def format_time(when: datetime) -> str:
    """Format a time as RFC 3339 in UTC, with microseconds if it has any."""
    text = when.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"
