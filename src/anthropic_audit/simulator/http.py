"""What goes in and out of the simulated vendor: a request, a response, and what the network does to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

import orjson


class Ending(StrEnum):
    """What becomes of a response on its way."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    """The connection breaks off in the middle of the body."""
    RESET = "reset"
    """The connection is reset before the first byte."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it reached the vendor; header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = "127.0.0.1"
    """The address it came from."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole, and what is to be done to it on its way."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wait_seconds: float = 0.0
    """How long the answer is held back."""
    ending: Ending = Ending.WHOLE
    parts: Iterable[bytes] | None = None
    """The body piece by piece, instead of `body`, when it is too large for that (the ground truth)."""


class RefusalError(Exception):
    """A request that the vendor refuses, as the contract words it: status, `error.type`, message."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.headers = headers or {}

    def response(self) -> Response:
        """Return the answer that tells of it."""
        return problem(self.status, self.kind, str(self), self.headers)


def bad_request(message: str) -> RefusalError:
    """Return the refusal of a question that is wrong."""
    return RefusalError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)


def not_found() -> RefusalError:
    """Return the refusal that tells nothing."""
    return RefusalError(HTTPStatus.NOT_FOUND, "not_found_error", "Not found")


def problem(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error's response; what the edge of the network says carries a `type` at its top."""
    body: dict[str, object] = {"error": {"type": kind, "message": message}}
    if status >= HTTPStatus.TOO_MANY_REQUESTS:
        body = {"type": "error", **body}
    return Response(status, json_headers(headers), orjson.dumps(body))


def json_headers(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of a JSON body, and more."""
    return {"content-type": "application/json", **(more or {})}
