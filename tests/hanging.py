"""Hanging servers: one for each way in which a response may never end."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

_TICK_SECONDS = 0.1
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class Connection:
    """One connection of a hanging server; every method ends when the server is stopped."""

    def __init__(self, sock: socket.socket, ending: threading.Event) -> None:
        self.socket = sock
        self._ending = ending

    def send(self, content: bytes) -> None:
        """Send bytes, and wait until the client has taken them."""
        self.socket.sendall(content)

    def request(self) -> bytes:
        """Read and return the head of a request.

        Raises:
            ConnectionError: The client closes the connection.
        """
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError
            head += part
        return head

    def pause(self, seconds: float = _TICK_SECONDS) -> None:
        """Wait for a number of seconds.

        Raises:
            ConnectionError: The server is stopped.
        """
        if self._ending.wait(seconds):
            raise ConnectionError

    def trickle(self, parts: Iterator[bytes]) -> None:
        """Send parts one by one, with pauses."""
        for part in parts:
            self.send(part)
            self.pause()

    def hang(self) -> None:
        """Do nothing until the server is stopped."""
        self.pause(3600)


def _endlessly(part: bytes) -> Iterator[bytes]:
    while True:
        yield part


def _silent(connection: Connection) -> None:
    connection.request()
    connection.hang()


def _unread(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.hang()


def _after_request(first: bytes, part: bytes) -> Callable[[Connection], None]:
    def answer(connection: Connection) -> None:
        connection.request()
        connection.send(first)
        connection.trickle(_endlessly(part))

    return answer


def _flood(first: bytes, part: bytes) -> Callable[[Connection], None]:
    def answer(connection: Connection) -> None:
        connection.request()
        connection.send(first)
        while True:
            connection.send(part)

    return answer


def _headers(connection: Connection) -> None:
    connection.request()
    connection.send(_HEAD)
    connection.trickle(f"x-{number}: more\r\n".encode() for number in range(10**9))


def _bomb(connection: Connection) -> None:
    connection.request()
    connection.send(_HEAD + b"content-encoding: gzip\r\n\r\n")
    connection.send(gzip.compress(b'{"data":[' + b" " * 20_000_000)[:-8])
    connection.hang()


def _tls(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.send(b"\x16\x03\x03\x40\x00")  # the head of a record of 16 KiB
    connection.trickle(_endlessly(b"\x02"))


def _silent_tls(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.hang()


def _proxy(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    connection.hang()


WAYS: Mapping[str, Callable[[Connection], None]] = MappingProxyType(
    {
        "silent": _silent,
        "unread": _unread,
        "status": _after_request(b"H", b""),
        "headers": _headers,
        "header": _after_request(_HEAD + b"x-long: ", b"x"),
        "informational": _after_request(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "informational-flood": _flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 500),
        "body": _after_request(_HEAD + b"content-length: 50000000\r\n\r\n", b" "),
        "chunks": _after_request(_HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "chunk-size": _after_request(_HEAD + b"transfer-encoding: chunked\r\n\r\n", b"0"),
        "trailers": _after_request(_HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
        "gzip": _bomb,
        "refusal": _after_request(b"HTTP/1.1 503 Busy\r\ncontent-length: 50000000\r\n\r\n", b" "),
        "tls": _tls,
        "silent-tls": _silent_tls,
        "proxy": _proxy,
    }
)
"""The ways in which a response may never end; `unaccepted` is a server that does not accept connections."""


@contextmanager
def hanging(way: str, reached: threading.Event | None = None) -> Iterator[int]:
    """Run a server that hangs in the given way, and yield its port on loopback; each connection sets `reached`."""
    ending, reached = threading.Event(), reached or threading.Event()
    listening = socket.create_server(("127.0.0.1", 0), backlog=0 if way == "unaccepted" else 64)
    open_ones: list[socket.socket] = []

    def serve(sock: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError), sock:
            WAYS[way](Connection(sock, ending))

    def accept() -> None:
        with suppress(OSError):
            while not ending.is_set():
                sock, _ = listening.accept()
                open_ones.append(sock)
                reached.set()
                threading.Thread(target=serve, args=(sock,), daemon=True).start()

    port = int(listening.getsockname()[1])
    if way == "unaccepted":
        open_ones += _fill(port)
    else:
        threading.Thread(target=accept, daemon=True).start()
    try:
        yield port
    finally:
        ending.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for sock in open_ones:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _fill(port: int) -> list[socket.socket]:
    """Fill the queue of connections that are not accepted, so that further connections get no answer."""
    filling = []
    for _ in range(4):
        sock = socket.socket()
        sock.settimeout(0)
        sock.connect_ex(("127.0.0.1", port))
        filling.append(sock)
    return filling


@contextmanager
def echoing(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server that returns the body of each POST, with TLS if there is a context, and yield its port."""

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def relaying(context: ssl.SSLContext) -> Iterator[int]:
    """Run a proxy that is reached by TLS and connects to any port of loopback, and yield its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def relay(plain: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
            head = b""
            while b"\r\n\r\n" not in head:
                head += secured.recv(65536)
            port = int(head.split(b" ", 2)[1].rpartition(b":")[2])
            with socket.create_connection(("127.0.0.1", port)) as target:
                secured.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(target, secured), daemon=True)
                back.start()
                pump(secured, target)
                back.join(5)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=relay, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
