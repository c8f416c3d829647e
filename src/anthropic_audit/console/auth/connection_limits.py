"""Limits on connections: their number, and their idle time; without them, some hundred could block the console."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle


class ConnectionLimits(H11Protocol):
    """An HTTP connection that is closed if it sends no complete request, or accepts no part of a response, in time.

    Beyond `max_connections`, one that never sent a request is closed first, otherwise the one that is idle for longest.
    """

    request_timeout_seconds: ClassVar[float] = 10.0
    response_timeout_seconds: ClassVar[float] = 120.0
    """Longest time without accepting a part of a response."""
    max_connections: ClassVar[int] = 400

    waits_until: float | None = None
    """When the request times out, by the loop's clock; None while the client waits for a response."""
    _request_timer: asyncio.TimerHandle | None = None
    _response_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # same type as the parent
        """Start the request timeout."""
        super().connection_made(transport)
        self._watch()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timeouts."""
        super().connection_lost(exc)
        self._stop_waiting()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Stop the request timeout if the request is complete; do not extend it otherwise."""
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse an invalid request: 414 if its URL is too long, 431 if its headers are too long, otherwise 400."""
        error, too_large = sys.exc_info()[1], HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if not isinstance(error, h11.RemoteProtocolError) or error.error_status_hint != too_large:
            super().send_400_response(msg)
            return
        received, _ = self.conn.trailing_data
        is_line = b"\n" not in received.lstrip(b"\r\n")
        status = HTTPStatus.REQUEST_URI_TOO_LONG if is_line else too_large
        body = b"the URL is too long\n" if is_line else b"the request headers are too long\n"
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        """Start the timeout of the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Start the response timeout."""
        super().pause_writing()
        if self._response_timer is None:
            self._response_timer = self.loop.call_later(self.response_timeout_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the response timeout."""
        super().resume_writing()
        if self._response_timer is not None:
            self._response_timer.cancel()
            self._response_timer = None

    def _watch(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_waiting = cycle is None or cycle.response_complete or cycle.more_body
        if not is_waiting or self.transport.is_closing():
            self._stop_waiting()
        elif self._request_timer is None:
            self.waits_until = self.loop.time() + self.request_timeout_seconds
            self._request_timer = self.loop.call_at(self.waits_until, self.transport.abort)

    def _stop_waiting(self) -> None:
        self.waits_until = None
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _make_room(self) -> None:
        """Close a connection if there are too many; as this one waits for a request, there is always a candidate."""
        open_connections = [
            one for one in self.connections if isinstance(one, ConnectionLimits) and not one.transport.is_closing()
        ]
        if len(open_connections) > self.max_connections:
            waiting = [one for one in open_connections if one.waits_until is not None]
            first = min(waiting, key=lambda one: (cast("object", one.cycle) is not None, one.waits_until))
            first.transport.abort()
