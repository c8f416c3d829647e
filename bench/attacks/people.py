"""Guessing passwords and user names, and personal data that a viewer must not see."""

from __future__ import annotations

import re
import resource
import socket
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote, urlencode

import httpx2
from tests.console.conftest import PASSWORD, Served, csrf

from anthropic_audit.archive import open_reader
from anthropic_audit.console.views.overview import PANELS

from .target import ANSWERS, PAGES, Attack, Grounds, Try, attack

MAX_TIME_RATIO = 1.25
"""Upper bound on the ratio of the median times of two responses that must not be distinguishable."""
ROUNDS = 15
MAX_GROWTH_MB = 700
PERSONAL = (
    "user.email",
    "user.id",
    "user.target.email",
    "source.ip",
    "client.ip",
    "related.user",
    "event.original",
    "message",
)
QUESTIONS = (
    "{}",
    '"*{}*"',
    'user.email : "{}"',
    'not user.email : "{}"',
    'user.* : "{}"',
    '*.email : "{}"',
    '* : "{}"',
    'event.action : x or (event.outcome : y and not source.ip : "{}")',
    'related.user : "{}"',
    'event.original : "*{}*"',
    'user : "{}"',
    'source.ip > "{}"',
)


def passwords(grounds: Grounds) -> Iterator[Attack]:
    """Guess passwords, and find out the names of users."""
    served = grounds.serve(has_users=True)
    yield attack("300 passwords for one user", _guessing(served))
    served.clock.advance(timedelta(minutes=5))
    yield attack("60 passwords for one user, at once, from 60 addresses", _from_everywhere(served))
    served.clock.advance(timedelta(minutes=5))
    yield attack("forged addresses, and names that look like a user's", _disguised(served))
    yield attack("whether a user exists, by the time of a refusal", _timing(served))
    yield attack("whether a user exists, by the text of a refusal", _wording(served))


def viewers(grounds: Grounds) -> Iterator[Attack]:
    """See personal data as a viewer."""
    served = grounds.serve(has_users=True)
    client, secrets = served.inside("viewer"), _secrets(grounds)
    yield attack("every page, API endpoint and export, with personal columns", _looking(client, secrets))
    yield attack("queries that would reveal personal data by their results", _asking(client, secrets))
    yield attack("saved searches that ask for personal data", _saving(client, served.inside("investigator")))


def _guess(served: Served, name: str, password: str, **headers: str) -> httpx2.Response:
    return served.client().post("/login", data={"name": name, "password": password}, headers=headers)


def _guessing(served: Served) -> Iterator[Try]:
    for number in range(300):
        status = _guess(served, "viewer", f"password {number}").status_code
        yield Try("one after the other", f"{status}", status == (403 if number < 8 else 429))  # noqa: PLR2004 - the documented limit
    status = _guess(served, "viewer", PASSWORD).status_code
    yield Try("the right password then", f"the right password then: {status}", status == httpx2.codes.TOO_MANY_REQUESTS)


def _from_everywhere(served: Served) -> Iterator[Try]:
    def guess(number: int) -> int:
        form = urlencode({"name": "viewer", "password": f"password {number}"})
        head = f"POST /login HTTP/1.1\r\nHost: {served.host}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        port = int(served.host.rpartition(":")[2])
        with socket.create_connection(
            ("127.0.0.1", port), timeout=30, source_address=(f"127.0.1.{number + 1}", 0)
        ) as one:
            one.sendall(f"{head}Content-Length: {len(form)}\r\n\r\n{form}".encode())
            return int(one.recv(100).split(b" ")[1])

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ThreadPoolExecutor(60) as threads:
        found = list(threads.map(guess, range(60)))
    for status in found:
        yield Try("at once", f"{status}", found.count(403) <= 8)  # noqa: PLR2004 - the documented limit
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield Try("memory", "memory is bounded", more < MAX_GROWTH_MB)


def _disguised(served: Served) -> Iterator[Try]:
    for number in range(40):
        headers = {"x-forwarded-for": f"203.0.113.{number}", "forwarded": f"for=203.0.113.{number}", "x-real-ip": "::1"}
        status = _guess(served, f"nobody {number}", "x", **headers).status_code
        yield Try("X-Forwarded-For", f"{status}", status == (403 if number < 8 else 429))  # noqa: PLR2004 - the documented limit
    served.clock.advance(timedelta(minutes=5))
    names = ("viewer ", " viewer", "VIEWER", "viewer\0", "\uff56iewer", "viewer\u200b")
    for name in names:
        answer = _guess(served, name, PASSWORD)
        yield Try(name, f"{answer.status_code}", answer.status_code == httpx2.codes.FORBIDDEN)


def _timing(served: Served) -> Iterator[Try]:
    took: dict[str, list[float]] = {"viewer": [], "nobody": []}
    for _ in range(ROUNDS):
        for name, times in took.items():
            served.clock.advance(timedelta(minutes=5))
            client = served.client()
            client.get("/login")
            began = time.perf_counter()
            client.post("/login", data={"name": name, "password": "not the password"})
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    ratio = known / unknown
    is_alike = 1 / MAX_TIME_RATIO < ratio < MAX_TIME_RATIO
    words = f"medians {1000 * known:.0f} and {1000 * unknown:.0f} ms, ratio {ratio:.2f}"
    yield Try("an existing user, and an unknown one", words, is_alike)


def _wording(served: Served) -> Iterator[Try]:
    served.clock.advance(timedelta(minutes=5))
    known, unknown = _guess(served, "viewer", "x"), _guess(served, "nobody", "x")
    is_alike = (known.status_code, known.content) == (unknown.status_code, unknown.content)
    yield Try("both", "the same bytes", is_alike and known.headers.keys() == unknown.headers.keys())


def _secrets(grounds: Grounds) -> Sequence[str]:
    """Return email addresses, user ids and IP addresses of the archive."""
    with open_reader(str(grounds.archive)).connect() as connection:
        rows = connection.sql("SELECT DISTINCT unnest([user_email, user_id, source_ip]) FROM events").fetchall()
    return [text for (text,) in rows if text and re.fullmatch(r"[\w.-]+@acme\.example|user_\w{10,}|[\d.]{8,}", text)]


def _looking(client: httpx2.Client, secrets: Sequence[str]) -> Iterator[Try]:
    columns = ",".join(PERSONAL)
    paths = [*PAGES, *ANSWERS, f"/api/events?from=now-30d&columns={columns}"]
    paths += [f"/export/{kind}?from=now-30d&columns={columns}" for kind in ("csv", "ndjson", "parquet")]
    paths += [f"/api/values?from=now-30d&field={field}" for field in PERSONAL]
    paths += [f"/api/overview/{panel}?from=now-30d" for panel in PANELS]
    paths += [f"/api/completions?text={quote(f'{field} : ')}" for field in PERSONAL]
    paths += [f"/event/{number}" for number in range(1, 1_500, 25)]
    for path in paths:
        answer = client.get(path)
        seen = [one for one in secrets if one.encode() in answer.content]
        yield Try(path, f"{answer.status_code}", not seen)


def _asking(client: httpx2.Client, secrets: Sequence[str]) -> Iterator[Try]:
    for secret in secrets[:6]:
        for query in (form.replace("{}", secret) for form in QUESTIONS):
            for name in ("q", "filter"):
                for path in ("/api/events", "/api/over-time", "/api/overview/numbers", "/export/ndjson"):
                    yield _refused(client, path, {name: query, "from": "now-30d"})
        for path in (f"/entity/user/{secret}", f"/entity/address/{secret}", f"/api/entity/seen/user/{secret}"):
            answer = client.get(path)
            yield Try(path, f"{answer.status_code}", not answer.is_success)
    for field in PERSONAL:
        for path in ("/api/events", "/export/ndjson"):
            yield _refused(client, path, {"sort": field})
            yield _refused(client, path, {"sort": f"-{field}"})


def _refused(client: httpx2.Client, path: str, parameters: Mapping[str, str]) -> Try:
    answer = client.get(path, params=parameters)
    return Try(f"{path} {parameters}", f"{answer.status_code}", answer.status_code == httpx2.codes.BAD_REQUEST)


def _saving(viewer: httpx2.Client, investigator: httpx2.Client) -> Iterator[Try]:
    secret = "q=" + quote("user.email : alice@acme.example")
    investigator.post("/api/searches", data={"name": "theirs", "query": secret, "csrf": csrf(investigator)})
    token = csrf(viewer)
    for form in (
        {"name": "mine", "query": secret},
        {"name": "theirs", "query": "q=x"},
        {"name": "theirs", "do": "remove"},
        {"name": "sorted", "query": "sort=user.email"},
    ):
        answer = viewer.post("/api/searches", data={**form, "csrf": token})
        yield Try(str(form), f"{answer.status_code}", answer.status_code == httpx2.codes.BAD_REQUEST)
    shown = viewer.get("/api/searches").json()
    yield Try("shown", "not shown", shown == [])
    investigator.post("/api/searches", data={"name": "theirs", "do": "remove", "csrf": csrf(investigator)})
