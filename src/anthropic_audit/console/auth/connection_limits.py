"""How long a connection may keep us waiting, and how many may: without that, some hundred idle ones stop everything."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle


class ConnectionLimits(H11Protocol):
    """A connection that is closed when it brings no whole request, or takes no answer, in time.

    When there are too many, one goes that has never asked anything, else the one that waits for the longest.
    """

    seconds_for_a_request: ClassVar[float] = 10.0
    seconds_for_an_answer: ClassVar[float] = 120.0
    """So long we wait for room when an answer is not taken."""
    most: ClassVar[int] = 400

    waits_until: float | None = None
    """When we give up waiting for a request, by the loop's clock; None while it is us who are waited for."""
    _asking: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its parent says it
        """Begin to wait."""
        super().connection_made(transport)
        self._watch()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._wait_no_more()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Wait no more when it is a whole request, and else no longer."""
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; an address or headers that are too long are called by their name."""
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
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Begin to wait until some of the answer is taken."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(self.seconds_for_an_answer, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no more until some of the answer is taken."""
        super().resume_writing()
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _watch(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_waiting = cycle is None or cycle.response_complete or cycle.more_body
        if not is_waiting or self.transport.is_closing():
            self._wait_no_more()
        elif self._asking is None:
            self.waits_until = self.loop.time() + self.seconds_for_a_request
            self._asking = self.loop.call_at(self.waits_until, self.transport.abort)

    def _wait_no_more(self) -> None:
        self.waits_until = None
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _make_room(self) -> None:
        """End a connection when there are too many; this one waits, too, so there is always one."""
        there = [
            one for one in self.connections if isinstance(one, ConnectionLimits) and not one.transport.is_closing()
        ]
        if len(there) > self.most:
            waiting = [one for one in there if one.waits_until is not None]
            first = min(waiting, key=lambda one: (cast("object", one.cycle) is not None, one.waits_until))
            first.transport.abort()
