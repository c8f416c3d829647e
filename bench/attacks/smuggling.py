"""Request smuggling, and protocols other than HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.conftest import Served

from .target import Attack, Grounds, Try, attack, cookie_of, raw, statuses, summary

SWITCHED = 101


def smuggling(grounds: Grounds) -> Iterator[Attack]:
    """Hide a request in another one, and speak protocols other than HTTP."""
    served = grounds.serve()
    yield attack("a request hidden in the body of another one", _hidden(served))
    yield attack("upgrades and other protocols", _protocols(served))


def _hidden(served: Served) -> Iterator[Try]:
    hidden = f"GET /hidden HTTP/1.1\r\nHost: {served.host}\r\n\r\n"
    chunked = "Transfer-Encoding: chunked"
    for lengths, body in (
        (f"Content-Length: {5 + len(hidden)}\r\n{chunked}", f"0\r\n\r\n{hidden}"),
        (f"{chunked}\r\nContent-Length: 5", f"0\r\n\r\n{hidden}"),
        (f"Content-Length: 0\r\nContent-Length: {len(hidden)}", hidden),
        (f"Content-Length: {len(hidden)}\r\nContent-Length: 0", hidden),
        (f"Content-Length: +{len(hidden)}", hidden),
        (f"Content-Length: 0, {len(hidden)}", hidden),
        (f"Content-Length : {len(hidden)}", hidden),
        (f"Content-Length:\v{len(hidden)}", hidden),
        ("Content-Length: 0x0", hidden),
        ("Content-Length: -1", hidden),
        ("Transfer-Encoding: xchunked", f"0\r\n\r\n{hidden}"),
        ("Transfer-Encoding: chunked, identity", f"0\r\n\r\n{hidden}"),
        ("Transfer-Encoding: identity, chunked", f"0\r\n\r\n{hidden}"),
        (f"{chunked}\r\n{chunked}", f"0\r\n\r\n{hidden}"),
        ("Transfer-Encoding : chunked", f"0\r\n\r\n{hidden}"),
        ("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5", f"0\r\n\r\n{hidden}"),
        (chunked, f"-1\r\n\r\n{hidden}"),
        (chunked, f"ffffffffffffffffffff\r\n{hidden}"),
        (chunked, f"0x0\r\n\r\n{hidden}"),
        (chunked, f"2\r\nabc\r\n0\r\n\r\n{hidden}"),
        (f"X: y\nContent-Length: {len(hidden)}\r\nContent-Length: 0", hidden),
        (f"Bad Header: x\r\nContent-Length: {len(hidden)}", hidden),
        ("X: \0\r\nContent-Length: 0", hidden),
    ):
        count_before = len(served.noted())
        line = f"POST /login HTTP/1.1\r\nHost: {served.host}\r\nSec-Fetch-Site: same-origin\r\n{lengths}\r\n\r\n"
        answer = raw(served, f"{line}{body}".encode(), seconds=1)
        paths = [one["path"] for one in served.noted()[count_before:]]
        yield Try(lengths[:60], summary(answer), "/hidden" not in paths and len(statuses(answer)) <= 1)


def _protocols(served: Served) -> Iterator[Try]:
    socket_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    cookie = f"Cookie: {cookie_of(served.inside())}"
    for path in ("/", "/api/events"):
        line = f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\nConnection: Upgrade\r\n{cookie}\r\nOrigin: http://evil.example\r\n"
        for upgrade in (
            f"Upgrade: websocket\r\n{socket_key}",
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
            "Upgrade: TLS/1.0",
        ):
            answer = raw(served, f"{line}{upgrade}\r\n\r\n".encode(), seconds=0.5)
            yield Try(upgrade[:20], f"{summary(answer)}, not upgraded", SWITCHED not in statuses(answer))
    for name, sent in (
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/1.0 without a host", b"GET / HTTP/1.0\r\n\r\n"),
        ("HTTP/1.1 without a host", b"GET / HTTP/1.1\r\n\r\n"),
        ("two hosts", f"GET / HTTP/1.1\r\nHost: {served.host}\r\nHost: evil.example\r\n\r\n".encode()),
        ("HTTP/0.9", b"GET /\r\n\r\n"),
        ("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ("noise", bytes(range(256)) * 10),
        ("only line ends", b"\r\n" * 5_000),
    ):
        answer = raw(served, sent, seconds=0.5)
        yield Try(name, summary(answer), statuses(answer) in ([], [400], [421]))
