"""Supervised streams: plain, with TLS, and with TLS inside TLS (an https proxy)."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

import httpcore2

from .supervisor import Supervisor

_SEND_BYTES: Final = 256 * 1024
_TLS_RECORD_BYTES: Final = 16 * 1024

_Result = TypeVar("_Result")


class SocketStream(httpcore2.NetworkStream):
    """A non-blocking socket that waits in slices, and ends when the supervisor raises."""

    def __init__(self, sock: socket.socket, supervisor: Supervisor) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._supervisor = supervisor

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes, at most `max_bytes`; none at the end of the stream.

        Raises:
            httpcore2.ReadTimeout, httpcore2.ReadError: No bytes came in time, or the connection is broken.
            DeadlineExceededError, InterruptedRunError: As `Supervisor.tick` raises them.
        """
        self._supervisor.tick()
        try:
            return self._when_ready(partial(self._socket.recv, max_bytes), select.POLLIN, timeout)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes.

        Raises:
            httpcore2.WriteTimeout, httpcore2.WriteError: The peer takes no bytes in time, or the connection is broken.
            DeadlineExceededError, InterruptedRunError: As `Supervisor.tick` raises them.
        """
        left = memoryview(buffer)
        try:
            while left:
                self._supervisor.tick()
                some = left[:_SEND_BYTES]
                sent = self._when_ready(partial(self._socket.send, some), select.POLLOUT, timeout)
                left = left[sent:]
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Return the same connection with TLS.

        Raises:
            httpcore2.ConnectTimeout, httpcore2.ConnectError: The handshake takes too long, or fails.
            DeadlineExceededError, InterruptedRunError: As `Supervisor.tick` raises them.
        """
        if isinstance(self._socket, ssl.SSLSocket):
            return InnerTlsStream(self, ssl_context, server_hostname, timeout)
        try:
            secured = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._socket = secured
            self._when_ready(secured.do_handshake, select.POLLIN, timeout)
        except TimeoutError as error:
            self.close()
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            self.close()
            raise httpcore2.ConnectError(str(error)) from error
        except BaseException:
            self.close()
            raise
        return SocketStream(secured, self._supervisor)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        """Return a property of the connection by the library's name for it, or None."""
        match info:
            case "ssl_object":
                return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
            case "client_addr":
                return self._socket.getsockname()
            case "server_addr":
                return self._socket.getpeername()
            case "socket":
                return self._socket
            case "is_readable":
                return self._is_readable()
            case _:
                return None

    def _is_readable(self) -> bool:
        if self._socket.fileno() < 0:
            return True
        poller = select.poll()
        poller.register(self._socket.fileno(), select.POLLIN)
        return bool(poller.poll(0))

    def _when_ready(self, action: Callable[[], _Result], events: int, timeout: float | None) -> _Result:
        """Run an action on the socket, as soon as the socket is ready for it, and return its result.

        Raises:
            TimeoutError: The socket was not ready for `timeout` seconds.
        """
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                wanted = select.POLLIN
            except ssl.SSLWantWriteError:
                wanted = select.POLLOUT
            except BlockingIOError:
                wanted = events
            if not self._supervisor.wait(self._socket.fileno(), wanted, timeout):
                message = f"nothing moved for {timeout:g} seconds"
                raise TimeoutError(message)


class InnerTlsStream(httpcore2.NetworkStream):
    """TLS inside a connection that already has TLS: to a server behind a proxy with an https URL."""

    def __init__(
        self,
        outer: httpcore2.NetworkStream,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None,
        timeout: float | None,
    ) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = ssl_context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        try:
            self._exchange(self._tls.do_handshake, timeout)
        except BaseException as error:
            self.close()
            if isinstance(error, ssl.SSLError | httpcore2.ReadError | httpcore2.WriteError):
                raise httpcore2.ConnectError(str(error)) from error
            if isinstance(error, httpcore2.ReadTimeout | httpcore2.WriteTimeout):
                raise httpcore2.ConnectTimeout(str(error)) from error
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes, at most `max_bytes`; none at the end of the stream."""
        try:
            return self._exchange(partial(self._tls.read, max_bytes), timeout)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        left = memoryview(buffer)
        try:
            while left:
                some = left[:_SEND_BYTES]
                left = left[self._exchange(partial(self._tls.write, some), timeout) :]
        except ssl.SSLError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._outer.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Raise NotImplementedError: no connection needs a third layer of TLS."""
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        """Return a property of the connection by the library's name for it, or None."""
        return self._tls if info == "ssl_object" else self._outer.get_extra_info(info)

    def _exchange(self, action: Callable[[], _Result], timeout: float | None) -> _Result:
        """Run an action of TLS, exchange the bytes that it needs with the peer, and return its result."""
        while True:
            result: _Result | None = None
            wanted: type[ssl.SSLError] | None = None
            try:
                result = action()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                wanted = type(error)
            if sending := self._outgoing.read():
                self._outer.write(sending, timeout)
            if wanted is None:
                return cast("_Result", result)
            if wanted is ssl.SSLWantReadError:
                self._receive(timeout)

    def _receive(self, timeout: float | None) -> None:
        """Read bytes from the outer stream, and pass them to TLS."""
        received = self._outer.read(_TLS_RECORD_BYTES, timeout)
        if received:
            self._incoming.write(received)
        else:
            self._incoming.write_eof()
