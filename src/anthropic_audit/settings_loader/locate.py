"""Find and read the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path

from anthropic_audit.errors import SetupError

CONFIG_VARIABLE = "ANTHROPIC_AUDIT_CONFIG"
FILE_NAME = "anthropic-audit.toml"


def find_file(named: Path | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """Return the settings file: the one named by flag, else by the environment, else in the folder, else the user's.

    Raises:
        SetupError: The file that the flag or the environment names does not exist.
    """
    for place, by in ((named, "--config"), (environ.get(CONFIG_VARIABLE), CONFIG_VARIABLE)):
        if place:
            return _must_exist(Path(place), by)
    candidates = (folder / FILE_NAME, user_config_path("anthropic-audit", appauthor=False) / FILE_NAME)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def read_file(path: Path) -> str:
    """Return the text of the settings file.

    Raises:
        SetupError: The file can't be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the settings file can't be read: {path}: {error.strerror or error}"
        raise SetupError(message, hint="give the user that runs this command read permission") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"the settings file is not valid UTF-8: {path}: line {line}"
        raise SetupError(message, hint="save the file as UTF-8 text") from error


def _must_exist(path: Path, by: str) -> Path:
    if path.is_file():
        return path
    message = f"the settings file that {by} names does not exist: {path}"
    raise SetupError(
        message, hint="correct the path, or write the file: `anthropic-audit settings --help` shows an example"
    )
