"""Load the settings of a command: file, environment and flags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from anthropic_audit.application import Application
from anthropic_audit.settings_loader import Loaded, find_file, load, read_file

from .environment import environment
from .output import notes


def load_settings(config: Path | None, flags: Mapping[str, object]) -> Loaded:
    """Load the settings from file, environment and flags.

    Raises:
        SetupError: The settings are invalid; the message lists all problems of all layers.
    """
    environ = environment()
    path = find_file(config, environ, Path.cwd())
    return load(None if path is None else read_file(path), environ, flags, path)


def open_application(config: Path | None, flags: Mapping[str, object]) -> Application:
    """Load the settings for use in this process; warnings go to standard error.

    Raises:
        SetupError: The settings are invalid; the message lists all problems of all layers.
    """
    return Application(load_settings(config, flags).settings, environment(), print_warning)


def print_warning(text: str) -> None:
    """Print a warning on standard error."""
    notes().print(f"warning: {text}", markup=False, soft_wrap=True)
