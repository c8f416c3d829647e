"""Fakes for tests of this package and of code that uses it; they record their calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import httpx2

from .errors import InterruptedRunError
from .ports import Clock
from .simulator import Ending, Request, Response, Vendor, respond


class FakeClock:
    """A clock that advances only by waits and by `advance`; `waited` has the seconds of each wait."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.waited: list[float] = []
        self._is_interrupted = False

    def now(self) -> datetime:
        """Return the clock's current time."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Advance the clock by these seconds, without waiting; raise InterruptedRunError after `interrupt`."""
        self.check()
        self.waited.append(seconds)
        self._now += timedelta(seconds=max(0.0, seconds))

    def check(self) -> None:
        """Return at once, or raise if `interrupt` was called.

        Raises:
            InterruptedRunError: `interrupt` was called.
        """
        if self._is_interrupted:
            message = "stopped on request"
            raise InterruptedRunError(message)

    def interrupt(self) -> None:
        """Make every later `wait` and `check` raise."""
        self._is_interrupted = True

    def advance(self, span: timedelta) -> None:
        """Advance the clock without recording a wait."""
        self._now += span


def simulated_transport(vendor: Vendor, clock: Clock) -> httpx2.MockTransport:
    """Return a transport that connects an HTTP client to a simulated vendor without a socket, network faults included.

    A slow response advances the clock; if it takes longer than the client's read timeout, `ReadTimeout` is raised.
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
    timeout = request.extensions.get("timeout", {}).get("read")
    if timeout is not None and timeout < seconds:
        clock.wait(timeout)
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
