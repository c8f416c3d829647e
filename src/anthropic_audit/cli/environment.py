"""The one place that reads environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEBUG_VARIABLE = "ANTHROPIC_AUDIT_DEBUG"
_MIN_COLUMNS = 20


def environment() -> Mapping[str, str]:
    """Return the environment's variables as they are now."""
    return dict(os.environ)  # noqa: TID251 - this is the door


def forget_narrow_terminal() -> None:
    """Forget a width (`COLUMNS`) in which nothing could be shown: what prints would print nothing at all."""
    columns = environment().get("COLUMNS", "")
    if columns and (not columns.isdecimal() or int(columns) < _MIN_COLUMNS):
        os.environ.pop("COLUMNS")  # noqa: TID251 - this is the door


def is_debugging() -> bool:
    """Say whether tracebacks are wanted."""
    return environment().get(DEBUG_VARIABLE, "") not in {"", "0"}
