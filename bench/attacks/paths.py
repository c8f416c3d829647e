"""Path traversal, odd request targets, and odd methods."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.conftest import Served

from .target import Attack, Grounds, Try, attack, cookie_of, head, raw, statuses, summary

ROOTS = ("", "/static", "/static/page.js", "/login", "/enter", "/event", "/export", "/entity/user", "/api/overview")
STEPS = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "..\\",
    "..%5c",
    "....//",
    "..;/",
    ".%00./",
    "%c0%ae%c0%ae/",
    "..%u2215",
)
GOALS = ("etc/passwd", "app.py", "events/_delta_log/00000000000000000000.json", "console/searches.json")
FOREIGN = (b"root:x:", b"def make_app", b'"protocol":', b"BEGIN ", b"Traceback")
"""Texts that no page of the console contains."""


def paths(grounds: Grounds) -> Iterator[Attack]:
    """Request files, and pages by other names."""
    served = grounds.serve()
    cookie = f"Cookie: {cookie_of(served.inside())}"
    yield attack("files of the machine, the archive and the package", _files(served, cookie))
    yield attack("protected pages by paths that look public, without a session", _renamed(served))
    yield attack("request targets that are not a path", _targets(served))
    yield attack("methods that no page has", _methods(served, cookie))


def _files(served: Served, cookie: str) -> Iterator[Try]:
    for root in ROOTS:
        for step in STEPS:
            for goal in GOALS:
                for depth in (1, 8):
                    path = f"{root}/{step * depth}{goal}"
                    answer = raw(served, head(served, f"GET {path}", cookie).encode())
                    yield Try(path, summary(answer), _has_no_file(answer))


def _has_no_file(answer: bytes) -> bool:
    """Return whether a response contains no file; an unknown path has a page."""
    found = statuses(answer)
    return found != [] and found[0] < 500 and not any(text in answer for text in FOREIGN)  # noqa: PLR2004 - server errors


def _renamed(served: Served) -> Iterator[Try]:
    prefixes = (
        "/static/..",
        "/login/..",
        "/enter/..",
        "/static/%2e%2e",
        "/login/%2e%2e",
        "/login;",
        "/login%2f..",
        "/static\\..",
        "/login%00",
        "//",
    )
    for prefix in prefixes:
        for page in ("/explore", "/feeds", "/api/events", "/export/csv", "/event/1"):
            answer = raw(served, head(served, f"GET {prefix}{page}").encode())
            yield Try(f"{prefix}{page}", summary(answer), statuses(answer)[0] in {303, 400, 401, 404})
    for path in (
        "/Explore",
        "/EXPLORE",
        "/explore/",
        "/explore//",
        "/%65xplore",
        "/./explore",
        "/api//events",
        "/API/events",
        "/explore%20",
    ):
        answer = raw(served, head(served, f"GET {path}").encode())
        yield Try(path, summary(answer), statuses(answer)[0] in {303, 400, 401, 404})


def _targets(served: Served) -> Iterator[Try]:
    targets = [
        "explore",
        "*",
        "?x",
        "#",
        "http://evil.example/explore",
        f"http://{served.host}/explore",
        f"{served.host}",
    ]
    targets += [
        "file:///etc/passwd",
        "//evil.example/explore",
        "/explore?" + "a" * 20_000,
        "/" + "a/" * 10_000,
        "/%",
        "/%zz",
        "/\xff",
        "/\u2028",
    ]
    for target in targets:
        for method in ("GET", "CONNECT", "OPTIONS"):
            answer = raw(served, head(served, f"{method} {target}").encode())
            found = statuses(answer)
            yield Try(f"{method} {target[:40]}", summary(answer), bool(found) and found[0] in {303, 400, 404, 405, 414})


def _methods(served: Served, cookie: str) -> Iterator[Try]:
    for method in (
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "MOVE",
        "get",
        "POSTX",
        "G" * 500,
    ):
        for path in ("/", "/login", "/static/page.js", "/api/searches"):
            answer = raw(served, head(served, f"{method} {path}", cookie).encode())
            yield Try(f"{method[:10]} {path}", summary(answer), statuses(answer) == [405] and b"Cookie" not in answer)
