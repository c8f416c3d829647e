"""Where an archive is: a folder, or a URL of one."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import safe_url

from .schema import DAY, TABLES

_ODD = re.compile(r"[*?\[\]\\\x00-\x1f\x7f\ud800-\udfff]")
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
    """Refuse a path that a library below us does not take as it is.

    The Delta library reads `a%20b` as `a b`, a backslash as a slash, and does not take brackets or what is no UTF-8.
    DuckDB reads `*` and `?` as patterns, and a folder `day=5` as the column `day` of all files below it.
    """
    odd = sorted(set(_ODD.findall(str(folder))))
    if odd:
        shown = " ".join(ascii(one)[1:-1] for one in odd)
        message = f"the archive's path has characters that it can't have: {shown}: {ascii(str(folder))[1:-1]}"
        raise SetupError(message, hint=r"name a folder without * ? [ ] \\, control characters, and what is no UTF-8")
    columns = [part for part in folder.parts if part.partition("=")[0].lower() in _COLUMNS and "=" in part]
    if columns:
        message = f"the archive can't be below a folder that is named like a column: {columns[0]}: {folder}"
        raise SetupError(message, hint="everything below it would seem to have this value: choose another folder")
    if _ESCAPE.search(str(folder)):
        message = f"an archive's folder can't have `%` and two digits in its name: {folder}"
        raise SetupError(message, hint="rename the folder")
    return folder
