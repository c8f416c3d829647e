"""Resolve the location of an archive: a folder, or the URL of one."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import safe_url

from .schema import DAY, TABLES

_FORBIDDEN = re.compile(r"[*?\[\]\\\x00-\x1f\x7f\ud800-\udfff]")
_COLUMNS = frozenset(name for table in TABLES.values() for name in table.schema.names) | {DAY}
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
    """Return the folder, or raise if a library that reads the archive would take its path for another.

    The Delta library reads `a%20b` as `a b` and a backslash as a slash, and refuses brackets and names that
    are not UTF-8. DuckDB reads `*` and `?` as patterns, and a folder `day=5` as the column `day` of all files below it.
    """
    forbidden = sorted(set(_FORBIDDEN.findall(str(folder))))
    if forbidden:
        shown = " ".join(ascii(one)[1:-1] for one in forbidden)
        message = f"the archive's path has characters that are not allowed: {shown}: {ascii(str(folder))[1:-1]}"
        hint = r"name a folder without * ? [ ] \\, control characters and bytes that are not UTF-8"
        raise SetupError(message, hint=hint)
    columns = [part for part in folder.parts if part.partition("=")[0].lower() in _COLUMNS and "=" in part]
    if columns:
        message = f"the archive can't be below a folder that is named like a column: {columns[0]}: {folder}"
        raise SetupError(message, hint="choose another folder: all rows below this one would seem to have its value")
    if _ESCAPE.search(str(folder)):
        message = f"an archive's folder can't have `%` and two digits in its name: {folder}"
        raise SetupError(message, hint="rename the folder")
    return folder
