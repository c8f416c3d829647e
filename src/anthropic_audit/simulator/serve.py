"""HTTP/1.1 server of the simulated vendor, with persistent connections; it listens on this machine by default."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Protocol, Self
from urllib.parse import parse_qsl, unquote

from .http import Ending, Request, Response, problem
from .respond import respond
from .vendor import Vendor

_MAX_BODY_BYTES = 2**20
_AHEAD = timedelta(minutes=1)
_PREPARE_INTERVAL_SECONDS = 1.0
_IDLE_SECONDS = 300.0


class Now(Protocol):
    """A source of the current time, such as every clock."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...


Answer = Callable[[Vendor, Request, datetime], Response]
"""Makes the response to a request; functions other than `respond` serve measurements."""


class Server:
    """A simulator that listens while its context is open; `url` is the URL for a feed's settings."""

    def __init__(self, vendor: Vendor, clock: Now, host: str, port: int, *, answer: Answer = respond) -> None:
        self._listener = _Listener(vendor, clock, (host, port), answer)
        self.vendor = vendor
        self.port: int = self._listener.server_address[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._threads = (
            threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator"),
            threading.Thread(target=self._listener.prepare_ahead, name="simulator-ahead"),
        )

    def __enter__(self) -> Self:
        """Start to answer requests."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Abort all requests, close all connections, and wait for the threads to end."""
        self._listener.stopping.set()
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        for thread in self._threads:
            thread.join()


def serve(vendor: Vendor, clock: Now, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Bind to an address, and return a server that answers there while its context is open; port 0 picks a free one.

    Raises:
        OSError: The address is in use or not available.
    """
    return Server(vendor, clock, host, port)


class _Listener(ThreadingMixIn, TCPServer):
    """A server with one thread for each connection, so that a slow response does not delay others."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, vendor: Vendor, clock: Now, address: tuple[str, int], answer: Answer) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.vendor = vendor
        self.answer = answer
        self.clock = clock
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _ConnectionHandler)

    def prepare_ahead(self) -> None:
        """Generate activities one minute in advance until the server stops, so that no request waits for them."""
        while not self.stopping.wait(_PREPARE_INTERVAL_SECONDS):
            self.vendor.prepare(self.clock.now() + _AHEAD)

    def track(self, connection: socket.socket) -> None:
        """Add a connection to those that are closed at the end."""
        with self._lock:
            self._open.add(connection)
            if self.stopping.is_set():
                _hang_up(connection)

    def untrack(self, connection: socket.socket) -> None:
        """Remove a connection that has ended."""
        with self._lock:
            self._open.discard(connection)

    def hang_up(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._open:
                _hang_up(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that clients close; report any other error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed knows sockets only


class _ConnectionHandler(BaseHTTPRequestHandler):
    """Answer the requests of one connection, until either side closes it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Listener

    def setup(self) -> None:
        """Open the connection."""
        super().setup()
        self.server.track(self.connection)

    def finish(self) -> None:
        """Close the connection."""
        self.server.untrack(self.connection)
        super().finish()

    def log_message(self, *_: object) -> None:
        """Log nothing; the feed itself records all requests."""

    def answer(self) -> None:
        """Read one request, and send the vendor's response."""
        response = self._response()
        self.close_connection |= response.ending is not Ending.WHOLE
        if response.wait_seconds and self.server.stopping.wait(response.wait_seconds):
            self.close_connection = True
        elif response.ending is Ending.RESET:
            _reset(self.connection)
        elif response.parts is not None:
            self._send_parts(response, response.parts)
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815 (names that the library calls)

    def _response(self) -> Response:
        length = self.headers.get("content-length", "0")
        is_length = length.isascii() and length.isdigit() and "transfer-encoding" not in self.headers
        if not is_length or int(length) > _MAX_BODY_BYTES:
            self.close_connection = True
            return problem(413, "request_too_large", "The body is too large")
        body = self.rfile.read(int(length))
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=unquote(path),
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            client=self.client_address[0],
        )
        return self.server.answer(self.server.vendor, request, self.server.clock.now())

    def _send(self, response: Response) -> None:
        head = self._head(response, {"content-length": str(len(response.body))})
        if self.command == "HEAD":
            self.connection.sendall(head)
            return
        body = response.body
        if response.ending is Ending.TRUNCATED:
            body = body[: len(body) // 2]
        sent = self.connection.sendmsg([head, body])
        if sent < len(head):
            self.connection.sendall(head[sent:])
        self.connection.sendall(memoryview(body)[max(0, sent - len(head)) :])

    def _send_parts(self, response: Response, parts: Iterable[bytes]) -> None:
        self.connection.sendall(self._head(response, {"transfer-encoding": "chunked"}))
        for part in parts:
            self.connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        self.connection.sendall(b"0\r\n\r\n")

    def _head(self, response: Response, more: dict[str, str]) -> bytes:
        headers = {**response.headers, **more, "connection": "close" if self.close_connection else "keep-alive"}
        lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Overloaded"


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """Close a connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())
