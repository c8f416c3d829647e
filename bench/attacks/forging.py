"""Cross-site request forgery and foreign hosts, sent without a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import httpx2
from tests.console.conftest import HEADERS, Served, csrf

from .target import ANSWERS, PAGES, Attack, Grounds, Try, attack, cookie_of, head, raw, statuses, summary

FORMS = ("/login", "/logout", "/api/searches")


def forms(grounds: Grounds) -> Iterator[Attack]:
    """Send forms as other sites do."""
    served = grounds.serve(has_users=True)
    yield attack("forms that another site sends", _foreign(served))
    yield attack("forms without the session's token, or with another session's", _tokens(served))
    yield attack("forms sent by GET, and pages requested by POST", _methods(served))


def hosts(grounds: Grounds) -> Iterator[Attack]:
    """Send requests for a host name that an attacker resolves to this machine."""
    served = grounds.serve()
    yield attack("requests for another host", _hosts(served))


def _foreign(served: Served) -> Iterator[Try]:
    client = served.inside("investigator")
    form = {"csrf": csrf(client), "name": "viewer", "password": "x", "query": "q=x"}
    del client.headers["sec-fetch-site"]
    for path in FORMS:
        for headers in _foreign_headers(served):
            answer = client.post(path, data=form, headers=headers)
            has_changed = client.get("/api/searches").json() != []
            is_refused = answer.status_code == httpx2.codes.FORBIDDEN and not has_changed
            yield Try(f"{path} {headers}", f"{answer.status_code}", is_refused)


def _foreign_headers(served: Served) -> Iterator[Mapping[str, str]]:
    for site in ("cross-site", "same-site", "none", "", "same-origin, cross-site", "SAME-ORIGIN"):
        yield {"sec-fetch-site": site}
        yield {"sec-fetch-site": site, "origin": served.url}
    port = served.host.rpartition(":")[2]
    for origin in (
        "null",
        "https://evil.example",
        f"http://evil.example:{port}",
        f"http://{served.host}.evil.example",
        f"http://{served.host}@evil.example",
        f"http://evil.example/{served.url}",
        f"http://127.0.0.1:{int(port) + 1}",
        f"ftp://{served.host}",
        "http://127.0.0.1",
        "",
    ):
        yield {"origin": origin}
    yield {"referer": served.url}
    yield {}


def _tokens(served: Served) -> Iterator[Try]:
    client, others = served.inside("investigator"), csrf(served.inside("viewer"))
    mine = csrf(client)
    for token in ("", "x", others, mine[:-1], mine.swapcase(), f"{mine} ", "é", "null", mine * 2):
        for headers, form in ((HEADERS, {"csrf": token}), ({**HEADERS, "x-csrf-token": quote(token)}, {})):
            for path in ("/logout", "/api/searches"):
                answer = client.post(path, data={**form, "name": "n", "query": "q=x"}, headers=headers)
                is_unchanged = client.get("/api/searches").json() == []
                is_refused = answer.status_code == httpx2.codes.BAD_REQUEST and is_unchanged
                yield Try(f"{path} {token[:20]}", f"{answer.status_code}", is_refused)


def _methods(served: Served) -> Iterator[Try]:
    client = served.inside("investigator")
    token = csrf(client)
    for path in (f"/logout?csrf={token}", f"/api/searches?do=save&name=n&query=q&csrf={token}"):
        for headers in ({}, {"x-http-method-override": "POST"}, {"x-method-override": "POST"}):
            answer = client.get(path, headers=headers)
            is_unchanged = client.get("/api/searches").json() == []
            yield Try(f"GET {path}", f"{answer.status_code}", is_unchanged)
    for path in (*PAGES, *ANSWERS):
        if path != "/api/searches":
            answer = client.post(path, data={"csrf": token})
            yield Try(f"POST {path}", f"{answer.status_code}", answer.status_code == httpx2.codes.METHOD_NOT_ALLOWED)


def _hosts(served: Served) -> Iterator[Try]:
    cookie = cookie_of(served.inside())
    port = served.host.rpartition(":")[2]
    names = [
        "evil.example",
        f"evil.example:{port}",
        f"{served.host}.evil.example",
        f"{served.host}@evil.example",
        "127.0.0.1",
    ]
    names += [
        f"127.0.0.1:{int(port) + 1}",
        f"0.0.0.0:{port}",
        f"127.1:{port}",
        f"2130706433:{port}",
        f"[::ffff:127.0.0.1]:{port}",
    ]
    names += [
        "",
        "[",
        " ",
        f"{served.host}, evil.example",
        f"LOCALHOST.:{port}",
        f"{served.host}/static/",
        f"{served.host}#",
        "a" * 5_000,
    ]
    for name in names:
        for path in ("/", "/login", "/static/page.js", "/api/events", "/enter?token=x"):
            request = f"GET {path} HTTP/1.1\r\nHost: {name}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            answer = raw(served, request.encode())
            yield Try(f"{name[:40]} {path}", summary(answer), statuses(answer) in ([421], [400]))
    for more in ("X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Original-URL: /login"):
        answer = raw(served, head(served, "GET /api/events", more).encode())
        yield Try(more, summary(answer), statuses(answer) == [401])
