"""Load the settings of a command: file, environment and flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from anthropic_audit.redact import Secret
from anthropic_audit.settings import ConsoleSettings
from anthropic_audit.settings_loader import Loaded, find_file, load, read_file, resolve_client_secret

from .environment import environment


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
