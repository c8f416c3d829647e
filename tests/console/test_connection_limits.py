"""Connections that are idle or accept no response are closed in time, and block no others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from anthropic_audit.console.auth import ConnectionLimits

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"


class Hasty(ConnectionLimits):
    """The same with less patience."""

    request_timeout_seconds = 1.5
    response_timeout_seconds = 1.5
    max_connections = 5


async def answer(request: Request) -> Response:
    if request.url.path == "/large":
        return StreamingResponse(b"x" * 100_000 for _ in range(300))
    return PlainTextResponse((await request.body()) or b"nothing")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        yield connection


def received(connection: socket.socket) -> bytes:
    """Return the next bytes, or none when the other side is gone."""
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        return b""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("begun", [b"", b"G", HEAD, POST, POST + b"12345678"])
def test_what_is_not_asked_in_time_is_asked_no_more(connection: socket.socket, begun: bytes) -> None:
    connection.sendall(begun)

    assert received(connection) == b""


def test_a_byte_now_and_then_buys_no_time(connection: socket.socket) -> None:
    sent = 0
    with suppress(OSError):
        for sign in HEAD * 4:
            connection.sendall(bytes([sign]))
            time.sleep(0.05)
            sent += 1

    assert 0 < sent < len(HEAD * 4)


def test_an_answer_before_it_buys_no_time(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    first = received(connection)
    while not first.endswith(b"nothing"):
        first += connection.recv(100)
    connection.sendall(b"GET")

    assert first.startswith(b"HTTP/1.1 200")
    assert received(connection) == b""


def test_one_who_asks_again_and_again_is_answered(connection: socket.socket) -> None:
    for _ in range(8):
        connection.sendall(POST + b"123456789")
        told = received(connection)
        while not told.endswith(b"123456789"):
            told += connection.recv(100)
        time.sleep(0.1)


def test_an_answer_that_nobody_takes_is_given_up(connection: socket.socket) -> None:
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(3)

    taken = 0
    while some := received(connection):
        taken += len(some)

    assert 0 < taken < 30_000_000


def test_an_answer_that_is_taken_slowly_is_given_whole(connection: socket.socket) -> None:
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    taken = 0
    while some := received(connection):
        taken += len(some)
        time.sleep(0.002)

    assert taken > 30_000_000


def test_of_too_many_the_one_that_waits_for_the_longest_goes(port: int) -> None:
    there = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(5)]
    time.sleep(0.1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as late:
            late.sendall(HEAD + b"\r\n")
            assert received(late).startswith(b"HTTP/1.1 200")
            there[0].settimeout(0.5)
            assert received(there[0]) == b""
            there[1].sendall(HEAD + b"\r\n")
            assert received(there[1]).startswith(b"HTTP/1.1 200")
    finally:
        for one in there:
            one.close()
