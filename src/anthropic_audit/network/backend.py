"""Supervised connections: look up names, connect, and return streams that end at the deadline or a stop."""

from __future__ import annotations

import errno
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Iterable
from typing import Final

import httpcore2

from .streams import SocketStream
from .supervisor import SLICE_SECONDS, Supervisor

_IN_PROGRESS: Final = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EINTR)

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
_Address = tuple[socket.AddressFamily, socket.SocketKind, int, tuple[object, ...]]


class SupervisedBackend(httpcore2.NetworkBackend):
    """Connects for an HTTP client; a name look-up that takes too long is left to a daemon thread without waiting."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def connect_tcp(  # noqa: PLR0917 - the library's own signature
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            httpcore2.ConnectTimeout, httpcore2.ConnectError: No address answers in time, or all refuse.
            DeadlineExceededError, InterruptedRunError: As `Supervisor.tick` raises them.
        """
        self._supervisor.tick()
        try:
            addresses = self._resolve(host, port, timeout)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        failure: OSError = OSError(errno.EADDRNOTAVAIL, f"no address of {host}")
        for candidate in addresses:
            try:
                sock = self._connect(candidate, timeout, local_address)
            except OSError as error:
                failure = error
                continue
            for option in socket_options or ():
                sock.setsockopt(*option)
            return SocketStream(sock, self._supervisor)
        if isinstance(failure, TimeoutError):
            raise httpcore2.ConnectTimeout(str(failure)) from failure
        raise httpcore2.ConnectError(str(failure)) from failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[_SocketOption] | None = None
    ) -> httpcore2.NetworkStream:
        """Raise NotImplementedError: no setting names a Unix socket."""
        raise NotImplementedError

    def _connect(self, candidate: _Address, timeout: float | None, local_address: str | None) -> socket.socket:
        family, kind, protocol, address = candidate
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(0)
            if local_address is not None:
                sock.bind((local_address, 0))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._finish(sock, sock.connect_ex(address), timeout)
        except BaseException:
            sock.close()
            raise
        return sock

    def _finish(self, sock: socket.socket, code: int, timeout: float | None) -> None:
        """Wait until a connection is made.

        Raises:
            OSError: The connection fails; `TimeoutError` when no answer comes in time.
        """
        if code in _IN_PROGRESS:
            if not self._supervisor.wait(sock.fileno(), select.POLLOUT, timeout):
                message = "no connection in time"
                raise TimeoutError(message)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def _resolve(self, host: str, port: int, timeout: float | None) -> list[_Address]:
        """Return the addresses of a host; the system's look-up can't be interrupted, so it runs in a thread.

        Raises:
            OSError: The host is unknown; `TimeoutError` when the look-up takes too long.
        """
        try:
            return _addresses(host, port, socket.AI_NUMERICHOST)
        except socket.gaierror:
            pass
        found: queue.SimpleQueue[list[_Address] | Exception] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                found.put(_addresses(host, port))
            except Exception as error:  # noqa: BLE001 - the waiting thread raises it
                found.put(error)

        threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                result = found.get(timeout=SLICE_SECONDS)
            except queue.Empty:
                self._supervisor.tick()
                if ends is not None and time.monotonic() >= ends:
                    message = f"the name {host} was not found in time"
                    raise TimeoutError(message) from None
                continue
            if isinstance(result, Exception):
                raise result
            return result


def _addresses(host: str, port: int, flags: int = 0) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]
