"""An address that is too long is refused as such, however long, and so are headers."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from tests.console.conftest import Served


def status(served: Served, request: bytes) -> bytes:
    """Return the status line for a request, which the server need not read completely."""
    host, port = served.host.split(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        with suppress(OSError):
            connection.sendall(request)
        return connection.recv(200).split(b"\r\n")[0]


@pytest.mark.parametrize("size", [17_000, 40_000, 500_000])
@pytest.mark.parametrize("start", ["/explore?q=", "/entity/user/", "/api/events?filter="])
def test_a_long_address_gets_414(shared: Served, start: str, size: int) -> None:
    line = f"GET {start}{'a' * size} HTTP/1.1\r\nHost: {shared.host}\r\n\r\n".encode()

    assert status(shared, line).startswith(b"HTTP/1.1 414 ")


def test_long_headers_get_431(shared: Served) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {shared.host}\r\nX-Long: {'a' * 400_000}\r\n\r\n".encode()

    assert status(shared, request).startswith(b"HTTP/1.1 431 ")


def test_what_is_no_request_is_refused_as_before(shared: Served) -> None:
    assert status(shared, b"\x00\x01 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
