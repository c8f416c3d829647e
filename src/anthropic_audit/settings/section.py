"""What all settings have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from anthropic_audit.errors import SetupError
from anthropic_audit.times import format_duration, parse_duration


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except SetupError as error:
        raise ValueError(str(error)) from error


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration)]


class Section(BaseModel):
    """A table of the settings: frozen, and without settings that do not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
