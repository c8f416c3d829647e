"""Where an archive is: a folder, or a URL of one."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import safe_url

_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")


def folder_of(location: str) -> Path:
    """Return the folder that a setting names: a path, with or without `file://`.

    Raises:
        SetupError: The location is empty, or a URL of another kind.
    """
    parts = urlsplit(location)
    if not location:
        message = "the archive's location is empty"
        raise SetupError(message, hint='set archive = "./archive"')
    if not parts.scheme:
        return _usable(Path(location).expanduser().absolute())
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return _usable(Path(unquote(parts.path)))
    message = f"archives are kept in local folders for now, not at: {safe_url(location)}"
    raise SetupError(message, hint='set archive to a path or a file:// URL, such as archive = "./archive"')


def _usable(folder: Path) -> Path:
    """Refuse a name that the Delta library reads as an escaped one (`a%20b` as `a b`)."""
    if _ESCAPE.search(str(folder)):
        message = f"an archive's folder can't have `%` and two digits in its name: {folder}"
        raise SetupError(message, hint="rename the folder")
    return folder
