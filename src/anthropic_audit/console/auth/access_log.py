"""The access log: a line of JSON for each request, append-only."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from anthropic_audit.errors import SetupError


class AccessLog:
    """A log file, readable by its owner only; safe from any thread.

    Raises:
        SetupError: The file can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            message = f"the access log can't be written: `{path}`: {error.strerror or error}"
            raise SetupError(message, hint="set `console.access_log` to a file that can be written") from error
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def note(self, entry: dict[str, object]) -> None:
        """Append an entry as a line.

        Raises:
            OSError: The entry was not written whole; the request must then be refused.
        """
        line = orjson.dumps(entry) + b"\n"
        with self._lock:
            written = os.write(self._file, line)
            if written != len(line):
                message = "the access log's disk is full"
                raise OSError(message)
