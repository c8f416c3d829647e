"""Attacks on output: exported tables, response headers, and the access log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import httpx2
import orjson
from tests.console.archives import EVIL
from tests.console.conftest import PASSWORD, Served

from .target import ANSWERS, COOKIE, PAGES, Attack, Grounds, Try, attack

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
COLUMNS = (
    "user.email,user.id,user_agent.original,source.ip,organization.id,url.path,source.as.organization.name,"
    "anthropic.audit.mcp_server_name,anthropic.audit.session_id,anthropic.audit.changes,event.original,tags"
)
BREAKS = (
    "%0d%0aX-Injected: 1",
    "%0aX-Injected: 1",
    "%0dX-Injected: 1",
    "%E5%98%8A%E5%98%8DX-Injected: 1",
    '";X-Injected: 1',
    "%00",
)
FORGED = '{"at":"2026-01-01T00:00:00Z","user":"mallory"}'
NOTED = 400
KEYS = {"at", "user", "role", "session", "address", "method", "path", "query", "status"}


def exports(grounds: Grounds) -> Iterator[Attack]:
    """Inject formulas into exported tables, and headers into responses."""
    served = grounds.serve()
    client = served.inside()
    yield attack("formulas in cells of an exported table", _cells(client))
    yield attack("line breaks in exported tables", _lines(client))
    yield attack("line breaks in parameters, to inject headers and file names", _headers(client))


def journals(grounds: Grounds) -> Iterator[Attack]:
    """Forge entries of the access log, avoid it, or find secrets in it."""
    served = grounds.serve(has_users=True)
    yield attack("forged entries of the access log", _forging(served))
    yield attack("requests without an entry in the access log", _missing(served))
    yield attack("passwords, tokens and cookies in the access log", _secrets(served, grounds.serve()))


def _cells(client: httpx2.Client) -> Iterator[Try]:
    answer = client.get("/export/csv", params={"from": "now-30d", "columns": COLUMNS})
    head, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    for row in rows:
        formulas = [cell for cell in row if cell.startswith(FORMULA)]
        yield Try(f"{formulas[:3]}", f"{len(head)} texts", not formulas)


def _lines(client: httpx2.Client) -> Iterator[Try]:
    parameters = {"from": "now-30d", "columns": COLUMNS}
    table = list(csv.reader(io.StringIO(client.get("/export/csv", params=parameters).text, newline="")))
    lines = client.get("/export/ndjson", params=parameters).content.splitlines()
    events = client.get("/api/over-time", params=parameters).json()["events"]
    yield Try("csv", f"{events:,} events and lines", len(table) - 1 == events)
    yield Try("ndjson", f"{events:,} events and lines", len(lines) == events and all(map(orjson.loads, lines)))


def _headers(client: httpx2.Client) -> Iterator[Try]:
    for text in BREAKS:
        paths = [f"/export/csv?{name}={text}" for name in ("from", "to", "q", "columns", "sort", text)]
        paths += [f"/export/{text}", f"/enter?token={text}", f"/entity/user/{text}", f"/{text}", f"/login?next={text}"]
        paths += [f"/explore?q={text}", f"/static/{text}"]
        for path in paths:
            answer = client.get(path.replace(" ", "%20"))
            names = {name.lower() for name in answer.headers}
            has_name = "injected" in answer.headers.get("content-disposition", "").lower()
            yield Try(path, f"{answer.status_code}", "x-injected" not in names and not has_name)


def _forging(served: Served) -> Iterator[Try]:
    client = served.client()
    texts = [
        f"x\n{FORGED}\n",
        f"x\r\n{FORGED}",
        f"x\u2028{FORGED}",
        f"x\x85{FORGED}",
        '","user":"mallory',
        "\x1b[2J\x1b]0;x\x07",
        *EVIL,
    ]
    for text in texts:
        before = len(served.noted())
        quoted = quote(text[:1500], safe="")
        client.get(f"/{quoted}?q={quoted}", headers={"referer": quote(text[:500]), "user-agent": quote(text[:500])})
        client.post("/login", data={"name": text, "password": "x"})
        lines = served.noted()[before:]
        is_one_each = len(lines) == 2 and all(one["user"] is None and set(one) == KEYS for one in lines)  # noqa: PLR2004
        has_controls = any(char in served.log.read_bytes() for char in (b"\x1b", b"\r", b"\x00"))
        yield Try(text[:30], "one line each", is_one_each and not has_controls)


def _missing(served: Served) -> Iterator[Try]:
    served.clock.advance(timedelta(minutes=5))
    client, before = served.inside("investigator"), len(served.noted())
    paths = (*PAGES, *ANSWERS, "/nothing", "/login", "/logout", "/%00", "/static/../x", "/enter?token=x")
    plan = [(("GET", "POST", "PUT", "HEAD")[number % 4], paths[number % len(paths)]) for number in range(NOTED)]

    def ask(one: tuple[str, str]) -> tuple[str, str, int]:
        method, path = one
        host = {"host": "evil.example"} if hash(one) % 7 == 0 else {}
        return method, path, client.request(method, path, headers=host).status_code

    with ThreadPoolExecutor(8) as threads:
        asked = list(threads.map(ask, plan))
    lines = served.noted()[before:]
    noted = sorted((one["method"], one["status"]) for one in lines)
    is_same = noted == sorted((method, status) for method, _, status in asked)
    for _ in asked:
        yield Try("a request", f"{len(lines)} lines of {len(asked)} requests", is_same)


def _secrets(with_users: Served, by_link: Served) -> Iterator[Try]:
    with_users.clock.advance(timedelta(minutes=5))
    token = by_link.console.link().partition("token=")[2]
    client = with_users.inside("viewer")
    for path in ("/login", "/", "/enter", "/nothing", "//login", "/api/events"):
        for name in ("password", "PASSWORD", "%70assword", "token", "csrf"):
            client.get(f"{path}?a=b&{name}={quote(PASSWORD)}")
            yield Try(f"{path} {name}", "not in the log", not _is_noted(with_users, PASSWORD))
    yield Try("cookie", "not in the log", not _is_noted(with_users, client.cookies[COOKIE]))
    by_link.client().get(f"/enter?token={token}")
    yield Try("token", "not in the log", not _is_noted(by_link, token))


def _is_noted(served: Served, secret: str) -> bool:
    written = served.log.read_text()
    return any(text in written for text in (secret, quote(secret), secret.replace(" ", "+")))
