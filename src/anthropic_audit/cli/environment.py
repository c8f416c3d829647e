"""Read environment variables; no other module does."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEBUG_VARIABLE = "ANTHROPIC_AUDIT_DEBUG"
_MIN_COLUMNS = 20


def environment() -> Mapping[str, str]:
    """Return the current environment variables."""
    return dict(os.environ)  # noqa: TID251 - this module reads the environment


def forget_narrow_terminal() -> None:
    """Remove an unusable width from the environment (`COLUMNS`), at which `rich` would print nothing."""
    columns = environment().get("COLUMNS", "")
    if columns and (not columns.isdecimal() or int(columns) < _MIN_COLUMNS):
        os.environ.pop("COLUMNS")  # noqa: TID251 - this module reads the environment


def is_debugging() -> bool:
    """Return whether tracebacks should be printed (`ANTHROPIC_AUDIT_DEBUG`)."""
    return environment().get(DEBUG_VARIABLE, "") not in {"", "0"}
