"""Fakes for tests of this package and of what is built on it; they keep what they were given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import httpx2

from .errors import InterruptedRunError
from .ports import Clock
from .simulator import Ending, Request, Response, Vendor, respond


class FakeClock:
    """A clock that stands still until somebody waits."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.waited: list[float] = []
        self._is_interrupted = False

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Move on by that long, at once."""
        self.check()
        self.waited.append(seconds)
        self._now += timedelta(seconds=max(0.0, seconds))

    def check(self) -> None:
        """Go on, unless interrupted.

        Raises:
            InterruptedRunError: `interrupt` was called.
        """
        if self._is_interrupted:
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """End every wait from now on."""
        self._is_interrupted = True

    def advance(self, span: timedelta) -> None:
        """Move on without anybody waiting."""
        self._now += span


def simulated_transport(vendor: Vendor, clock: Clock) -> httpx2.MockTransport:
    """Let an HTTP client talk to a simulated vendor without a socket; faults of the network happen as on one.

    A slow answer passes time on the clock; a client that has less patience than that is told of a timeout.
    """

    def answer(request: httpx2.Request) -> httpx2.Response:
        response = respond(vendor, _read(request), clock.now())
        if response.wait_seconds:
            _wait(request, response.wait_seconds, clock)
        if response.ending is Ending.RESET:
            message = "Connection reset by peer"
            raise httpx2.ReadError(message, request=request)
        return _written(request, response)

    return httpx2.MockTransport(answer)


def _read(request: httpx2.Request) -> Request:
    return Request(
        method=request.method,
        path=request.url.path,
        query=tuple(parse_qsl(request.url.query.decode(), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
    )


def _wait(request: httpx2.Request, seconds: float, clock: Clock) -> None:
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and patience < seconds:
        clock.wait(patience)
        message = "The read operation timed out"
        raise httpx2.ReadTimeout(message, request=request)
    clock.wait(seconds)


def _written(request: httpx2.Request, response: Response) -> httpx2.Response:
    body = response.body if response.parts is None else b"".join(response.parts)
    headers = {**response.headers, "content-length": str(len(body))}
    if response.ending is Ending.TRUNCATED:
        return httpx2.Response(response.status, headers=headers, content=_half(body, request))
    return httpx2.Response(response.status, headers=headers, content=body)


def _half(body: bytes, request: httpx2.Request) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    message = "peer closed connection without sending complete message body"
    raise httpx2.RemoteProtocolError(message, request=request)
