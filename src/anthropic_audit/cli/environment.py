"""The one place that looks at the environment and the settings file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from anthropic_audit.redact import Secret
from anthropic_audit.settings import ConsoleSettings
from anthropic_audit.settings_sources import Loaded, find_file, load, read_file, resolve_client_secret

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


def load_settings(config: Path | None, flags: Mapping[str, object]) -> Loaded:
    """Find, read and merge everything that sets something.

    Raises:
        SetupError: With every problem of every source.
    """
    environ = environment()
    path = find_file(config, environ, Path.cwd())
    return load(None if path is None else read_file(path), environ, flags, path)


def client_secret(settings: ConsoleSettings, warn: Callable[[str], None]) -> Secret | None:
    """Find what proves to the console's OpenID Connect provider who we are; None: there is no provider.

    Raises:
        SetupError: There is no secret at the place that the settings name.
    """
    if not settings.openid.is_set:
        return None
    key = resolve_client_secret(settings.openid, environment())
    if key.warning:
        warn(key.warning)
    return key.secret
