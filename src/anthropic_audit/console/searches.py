"""Saved searches: names with their query strings, in one small file in the archive's folder, shared by all users."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from anthropic_audit.atomic import atomic_file
from anthropic_audit.errors import SetupError

MAX_SEARCHES: Final = 500
MAX_NAME_CHARS: Final = 100
MAX_URL_CHARS: Final = 8_000


class Searches:
    """The file of saved searches; safe to be used by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def all(self) -> Mapping[str, str]:
        """Return the query strings of all saved searches by name, sorted by name.

        Raises:
            SetupError: The file exists and can't be read.
        """
        try:
            read = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, orjson.JSONDecodeError) as error:
            message = f"the saved searches can't be read: `{self._path}`: {error}"
            raise SetupError(message, hint="restore the file from a backup, or delete it") from error
        found = read if isinstance(read, dict) else {}
        return {name: text for name, text in sorted(found.items()) if isinstance(text, str)}

    def save(self, name: str, text: str) -> None:
        """Save a search, replacing one of the same name.

        Raises:
            SetupError: The name or the query string is too long, there are too many, or the file can't be written.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
            message = f"the name of a saved search needs 1 to {MAX_NAME_CHARS} printable characters"
            raise SetupError(message)
        if len(text) > MAX_URL_CHARS:
            message = "the search is too long to be saved"
            raise SetupError(message)
        with self._lock:
            found = {**self.all(), name: text}
            if len(found) > MAX_SEARCHES:
                message = f"there are {MAX_SEARCHES} saved searches already"
                raise SetupError(message, hint="delete one that is no longer used")
            self._write(found)

    def remove(self, name: str) -> None:
        """Delete a search, if it exists.

        Raises:
            SetupError: The file can't be written.
        """
        with self._lock:
            found = dict(self.all())
            if found.pop(name, None) is not None:
                self._write(found)

    def _write(self, found: Mapping[str, str]) -> None:
        """Replace the file atomically."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(self._path) as file:
                file.write(orjson.dumps(dict(found), option=orjson.OPT_INDENT_2))
        except OSError as error:
            message = f"the search can't be saved: `{self._path}`: {error.strerror or error}"
            raise SetupError(message, hint="check that the folder is writable and that the disk has space") from error
