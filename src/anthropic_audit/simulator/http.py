"""Requests and responses of the simulated vendor, with the network faults of a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

import orjson


class Ending(StrEnum):
    """How the connection of a response ends."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    """The connection is closed in the middle of the body."""
    RESET = "reset"
    """The connection is reset before the first byte."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as received; header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = "127.0.0.1"
    """The address of the client."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response, and how it is sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wait_seconds: float = 0.0
    """The delay before the response is sent."""
    ending: Ending = Ending.WHOLE
    parts: Iterable[bytes] | None = None
    """The body in pieces, instead of `body`, if it is too large for one (the ground truth)."""


class RefusalError(Exception):
    """A request that the vendor refuses, with the status, `error.type` and message of the API's contract."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.headers = headers or {}

    def response(self) -> Response:
        """Return the error response."""
        return problem(self.status, self.kind, str(self), self.headers)


def bad_request(message: str) -> RefusalError:
    """Return the refusal of an invalid request (400)."""
    return RefusalError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)


def not_found() -> RefusalError:
    """Return the refusal that gives no reason (404)."""
    return RefusalError(HTTPStatus.NOT_FOUND, "not_found_error", "Not found")


def problem(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response of an error; errors from 429 on also have a `type` at the top level of the body."""
    body: dict[str, object] = {"error": {"type": kind, "message": message}}
    if status >= HTTPStatus.TOO_MANY_REQUESTS:
        body = {"type": "error", **body}
    return Response(status, json_headers(headers), orjson.dumps(body))


def json_headers(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of a JSON body, with additional headers."""
    return {"content-type": "application/json", **(headers or {})}
