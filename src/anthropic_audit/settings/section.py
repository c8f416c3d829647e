"""The base class of all tables of settings, and types of durations."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from anthropic_audit.errors import SetupError
from anthropic_audit.times import format_duration, parse_duration

MAX_DURATION: Final = timedelta(days=36_525)
"""Longest duration of a setting: subtracted from now, it gives a valid time."""

MAX_TIMEOUT: Final = timedelta(days=1)
"""Longest timeout of a request: sockets take no more than 2**31 milliseconds."""


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except SetupError as error:
        raise ValueError(str(error)) from error


def _bounded(span: timedelta) -> timedelta:
    if span < timedelta(0):
        message = "must not be negative"
        raise ValueError(message)
    if span > MAX_DURATION:
        message = f"must not be longer than {format_duration(MAX_DURATION)} (100 years)"
        raise ValueError(message)
    return span


def _bounded_timeout(span: timedelta) -> timedelta:
    if span > MAX_TIMEOUT:
        message = f"must not be longer than {format_duration(MAX_TIMEOUT)}, the limit for one request"
        raise ValueError(message)
    return span


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_bounded), PlainSerializer(format_duration)]
"""A span of time from 0 to `MAX_DURATION`, written as `90s`, `5m` or `7d`."""

Timeout = Annotated[Duration, AfterValidator(_bounded_timeout)]
"""A timeout of one request, at most `MAX_TIMEOUT`."""


class Section(BaseModel):
    """A table of the settings: frozen, and unknown settings are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
