"""A receiver of HTTP requests on loopback, which can be slow, refuse requests, and be stopped."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Heard:
    """An accepted request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Accepts bodies with status 200 unless a fault is set."""

    def __init__(self, answer: bytes = b"{}", tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.heard: list[Heard] = []
        self.refused: list[Heard] = []
        self.status: Callable[[bytes], int] = lambda _: 200
        self.delay_seconds = 0.0
        self.answer = answer
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._answering())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def _answering(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers["content-encoding"] == "gzip":
                    body = gzip.decompress(body)
                time.sleep(receiver.delay_seconds)
                status = receiver.status(body)
                heard = Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                (receiver.heard if status == 200 else receiver.refused).append(heard)
                answer = receiver.answer if status == 200 else b"no"
                self.send_response(status)
                self.send_header("content-type", "application/json" if status == 200 else "text/plain")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST  # noqa: N815 - the standard library's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                """Log nothing."""

        return Answering
