"""The request tracer: writes every request and response to rotating files, with keys redacted."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import MASK, redact, safe_url
from anthropic_audit.times import format_time

_HIDDEN_HEADERS = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie", "set-cookie"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, or the failure when none came."""

    asked_at: datetime
    seconds: float
    url: str
    request_headers: Iterable[tuple[str, str]]
    status: int | None = None
    response_headers: Iterable[tuple[str, str]] = ()
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None


def trace_line(exchange: Exchange) -> bytes:
    """Return an exchange as one line of JSON; keys and cookies are masked, a body that is not UTF-8 is in base64."""
    try:
        body: Mapping[str, str] = {"text": redact(exchange.body.decode())}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(exchange.body).decode()}
    line = {
        "asked_at": format_time(exchange.asked_at),
        "seconds": round(exchange.seconds, 6),
        "request": {"method": "GET", "url": safe_url(exchange.url), "headers": _shown(exchange.request_headers)},
        "response": {"status": exchange.status, "headers": _shown(exchange.response_headers), "body": body},
        "failure": redact(exchange.failure) if exchange.failure else None,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _shown(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, MASK if name.lower() in _HIDDEN_HEADERS else redact(value)) for name, value in headers]


class Tracer:
    """Writes exchanges to `<folder>/<feed>.ndjson`; full files are renamed to `.1`, `.2`, …, the oldest is replaced.

    Args:
        folder: The folder of the files; it is created if it is missing.
        feed: The feed's name.
        max_bytes: A file that has reached this size is renamed before the next line.
        max_files: The number of renamed files to keep.

    Raises:
        SetupError: The folder can't be written.
    """

    def __init__(self, folder: Path, feed: str, *, max_bytes: int = 64 * 2**20, max_files: int = 4) -> None:
        self._path = folder / f"{feed}.ndjson"
        self._max_bytes = max_bytes
        self._max_files = max_files
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open()
        except OSError as error:
            message = f"the request tracer can't write to `{folder}`: {error.strerror}"
            raise SetupError(message, hint="set request_tracer_folder to a folder that can be written") from error

    def write(self, exchange: Exchange) -> None:
        """Append one exchange; a write error loses the line and never stops collecting."""
        try:
            if os.fstat(self._file).st_size >= self._max_bytes:
                self._rotate()
            os.write(self._file, trace_line(exchange))
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rotate(self) -> None:
        for number in range(self._max_files, 0, -1):
            older = self._path if number == 1 else self._moved(number - 1)
            if older.exists():
                older.replace(self._moved(number))
        self.close()
        self._open()

    def _moved(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
