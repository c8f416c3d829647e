"""Excessive load: requests that are too large, too deep, too slow or too many, while other clients are served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
from tests.console.conftest import Served

from .target import Attack, Grounds, Try, attack, cookie_of, head, raw, statuses, still_works, summary

IDLE = 600
BYTES = 14
SLOW = 120
QUICK_SECONDS = 4.0


def loads(grounds: Grounds) -> Iterator[Attack]:
    """Send requests that are too large, too deep, too slow or too many."""
    served = grounds.serve()
    yield attack("bodies, headers and URLs that are too large", _large(served))
    yield attack("queries that are too long, too deep or too many", _deep(served))
    yield attack("120 requests of one byte per second, and requests of other clients", _slowly(served))
    yield attack(f"{IDLE} idle connections, and requests of other clients", _idle(served))
    yield attack("responses that no client reads, and requests of other clients", _untaken(served))


def _large(served: Served) -> Iterator[Try]:
    form = "Sec-Fetch-Site: same-origin"
    for name, sent in (
        ("1 GB, announced", head(served, "POST /login", form, "Content-Length: 999999999")),
        ("65,537 bytes, announced", head(served, "POST /login", form, "Content-Length: 65537")),
        (
            "10 MB, in chunks",
            head(served, "POST /login", form, "Transfer-Encoding: chunked")
            + "10000\r\n"
            + "a" * 0x10000
            + "\r\n10000\r\n"
            + "a" * 0x10000,
        ),
        ("a header of 100 kB", head(served, "GET /login", "X: " + "a" * 100_000)),
        ("5,000 headers", head(served, "GET /login", *(f"X-{number}: y" for number in range(5_000)))),
        ("a cookie of 30 kB", head(served, "GET /api/events", "Cookie: a=" + "b" * 30_000)),
        ("a URL of 17 kB", head(served, "GET /explore?q=" + "a" * 17_000)),
        ("a URL of 1 MB", head(served, "GET /explore?q=" + "a" * 1_000_000)),
        ("3,000 parameters", head(served, "GET /login?" + "&".join(f"a{number}=" for number in range(3_000)))),
        ("a form of 30,000 fields", head(served, "POST /login", form, "Content-Length: 60000") + "a&" * 30_000),
    ):
        answer = raw(served, sent.encode(), seconds=2)
        found = statuses(answer)
        is_fine = all(status in {200, 303, 400, 401, 403, 413, 414, 431} for status in found)
        yield Try(name, summary(answer), is_fine and still_works(served))


def _deep(served: Served) -> Iterator[Try]:
    client = served.inside()
    many = " or ".join(f"anthropic.* : *{number}" for number in range(20))
    stars = 'user_agent.original : "' + "*W" * 400 + '*x"'
    for name, path, asked in (
        ("51 filters", "/api/events", [("filter", f"event.action : a{number}") for number in range(51)]),
        ("900 filters", "/api/events", [("filter", f"a{number}") for number in range(900)]),
        ("2,400 parentheses", "/api/events", [("q", "(" * 2_400 + "a" + ")" * 2_400)]),
        ("49 parentheses", "/api/events", [("q", "(" * 49 + "a" + ")" * 49)]),
        ("2,400 times not", "/api/events", [("q", "not " * 2_400 + "a")]),
        ("1,000 words", "/api/over-time", [("q", " or ".join(f"w{number}" for number in range(1_000)))]),
        ("400 stars in a value", "/api/over-time", [("q", stars)]),
        ("40 stars in a field", "/api/over-time", [("q", "*" * 40 + "z : x")]),
        ("20 patterns of 400 fields", "/api/over-time", [("q", many)]),
        ("40 filters of a word each", "/api/over-time", [("filter", f"w{number}") for number in range(40)]),
        ("5,000 quotes", "/api/events", [("q", '"' * 5_000)]),
        ("2,500 quotes that are escaped", "/api/events", [("q", '"' + '\\"' * 2_500)]),
        ("31 columns", "/api/events", [("columns", ",".join(["event.action"] * 31))]),
        ("a word of 15,000 characters to complete", "/api/completions", [("text", "a" * 15_000)]),
        ("all of time", "/api/over-time", [("from", "0001-01-01"), ("to", "9999-12-31")]),
        ("an invalid position", "/api/events", [("after", "9" * 18 + "." + "9" * 18)]),
        ("a number of 5,000 digits", "/api/events", [("q", "http.response.status_code >= " + "9" * 5_000)]),
        ("an event of 5,000 digits", "/event/" + "9" * 5_000, []),
    ):
        began = time.monotonic()
        answer = client.get(f"{path}?{urlencode(asked)}")
        took = time.monotonic() - began
        yield Try(name, f"{answer.status_code}", answer.status_code in {200, 400, 404, 414} and took < QUICK_SECONDS)


def _connected(served: Served, number: int) -> list[socket.socket]:
    host, _, port = served.host.rpartition(":")
    return [socket.create_connection((host, int(port)), timeout=5) for _ in range(number)]


def _other_client(served: Served, client: httpx2.Client) -> Try:
    """Send requests as another client, and return whether they were answered in time."""
    began = time.monotonic()
    found = [client.get("/api/events").status_code, served.client().get("/login").status_code]
    took = time.monotonic() - began
    return Try("other client", f"other client: {found[0]}", found == [200, 200] and took < QUICK_SECONDS)


def _slowly(served: Served) -> Iterator[Try]:
    client = served.inside()
    connections = _connected(served, SLOW)
    is_over = threading.Event()

    def drip() -> None:
        sent = head(served, "GET /login", "X: " + "a" * 100).encode()
        for place in range(BYTES):
            for one in connections:
                _send(one, sent[place : place + 1])
            is_over.wait(1)

    thread = threading.Thread(target=drip)
    thread.start()
    for _ in range(BYTES):
        time.sleep(0.8)
        yield _other_client(served, client)
    thread.join()
    for one in connections:
        is_closed = _is_closed(one)
        yield Try("slow connection", "closed by the server" if is_closed else "still open", is_closed)


def _send(one: socket.socket, some: bytes) -> None:
    try:
        one.sendall(some)
    except OSError:
        return


def _is_closed(one: socket.socket) -> bool:
    with one:
        one.settimeout(0.05)
        try:
            return one.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


def _idle(served: Served) -> Iterator[Try]:
    client = served.inside()
    connections = _connected(served, IDLE)
    for _ in range(3):
        yield _other_client(served, client)
    closed = sum(_is_closed(one) for one in connections)
    yield Try("idle connections", f"{closed} closed at once", closed >= IDLE - 400)


def _untaken(served: Served) -> Iterator[Try]:
    client = served.inside()
    cookie = f"Cookie: {cookie_of(client)}"
    connections = _connected(served, 45)
    for number, one in enumerate(connections):
        path = ("/export/ndjson?from=now-30d", "/static/vega.js", "/export/parquet?from=now-30d")[number % 3]
        one.sendall(head(served, f"GET {path}", cookie).encode())
    for _ in range(4):
        yield _other_client(served, client)
        time.sleep(0.3)
    for one in connections:
        one.close()
