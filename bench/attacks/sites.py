"""Pages of other sites in the browser of a logged-in user, in real Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page
from scripts.chromium import chromium
from tests.console.conftest import Served

from .target import Attack, Grounds, Try, attack

REBOUND = "rebound.example"
PAGE = Path(__file__).with_name("evil.html")
HELD = ("not readable", "refused", "blocked", "no response", "aborted")
FORBIDDEN, MISDIRECTED = 403, 421
OPTIONS = (
    {"mode": "cors"},
    {"mode": "no-cors"},
    {"mode": "cors", "method": "POST"},
    {"mode": "no-cors", "method": "POST", "body": "do=save&name=n&query=q"},
    {"method": "PUT"},
    {"headers": {"x-csrf-token": "x"}},
)
EMBEDDED = (
    ("img", "src", "/static/icon.svg"),
    ("script", "src", "/static/page.js"),
    ("script", "src", "/api/searches"),
    ("script", "src", "/export/csv"),
    ("link", "href", "/static/console.css"),
    ("video", "src", "/export/csv"),
)


class _Evil(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        with suppress(BrokenPipeError):
            self.wfile.write(PAGE.read_bytes())

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def evil_site() -> Iterator[int]:
    """Serve the page of an attacker's site, and yield its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Evil) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def sites(grounds: Grounds) -> Iterator[Attack]:
    """Visit an attacker's site in the browser of a logged-in user."""
    served = grounds.serve()
    with evil_site() as port, chromium(f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1") as browser:
        for name, origin in (("port", f"http://127.0.0.1:{port}"), ("host", f"http://localhost:{port}")):
            context = browser.new_context()
            context.new_page().goto(served.console.link())
            yield attack(f"a page on another {name}: forms", _forms(context, served, origin))
            yield attack(f"a page on another {name}: fetch, beacons, channels", _fetches(context, served, origin))
            yield attack(
                f"a page on another {name}: images, scripts, frames, windows", _embeds(context, served, origin)
            )
            yield attack(
                f"a page on another {name}: afterwards the session is valid, and nothing has changed",
                _after(context, served),
            )
            context.close()
        yield attack("a page on a host name that now resolves to this machine", _rebound(browser, served))


def _evil_page(context: BrowserContext, origin: str) -> Page:
    page = context.new_page()
    page.goto(origin)
    return page


def _forms(context: BrowserContext, served: Served, origin: str) -> Iterator[Try]:
    for path in ("/logout", "/api/searches", "/login"):
        for enctype in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
            page = _evil_page(context, origin)
            with page.expect_navigation() as navigation:
                page.evaluate("(asked) => post(...asked)", [f"{served.url}{path}", enctype])
            status = navigation.value.status
            yield Try(f"{path} {enctype}", f"{status}", status == FORBIDDEN)
            page.close()


def _fetches(context: BrowserContext, served: Served, origin: str) -> Iterator[Try]:
    page = _evil_page(context, origin)
    for path in ("/", "/api/events", "/api/searches", "/export/ndjson", "/static/page.js", "/logout"):
        for options in OPTIONS:
            result = page.evaluate("(asked) => ask(...asked)", [f"{served.url}{path}", options])
            yield Try(f"{path} {options}", result, result in HELD)
    page.evaluate("(url) => navigator.sendBeacon(url, 'csrf=')", f"{served.url}/logout")
    for url in (f"{served.url}/api/events", f"ws://{served.host}/", f"ws://{served.host}/api/events"):
        result = page.evaluate("(url) => channel(url)", url)
        yield Try(url, result, result == "refused")
    page.close()


def _embeds(context: BrowserContext, served: Served, origin: str) -> Iterator[Try]:
    page = _evil_page(context, origin)
    for tag, attribute, path in EMBEDDED:
        attributes = {attribute: f"{served.url}{path}", **({"rel": "stylesheet"} if tag == "link" else {})}
        result = page.evaluate("(asked) => embed(...asked)", [tag, attributes])
        yield Try(f"{tag} {path}", result, result in HELD)
    for path in ("/", "/explore", "/login", "/api/events"):
        result = page.evaluate("(url) => frame(url)", f"{served.url}{path}")
        is_empty = urlsplit(page.frames[-1].url).scheme == "chrome-error"
        yield Try(f"frame {path}", "an empty frame" if is_empty else result, is_empty and result in HELD)
    for path in ("/", "/explore"):
        result = page.evaluate("(url) => opened(url)", f"{served.url}{path}")
        yield Try(f"window {path}", result, result in HELD)
    page.close()


def _after(context: BrowserContext, served: Served) -> Iterator[Try]:
    page = context.new_page()
    for path in ("/", "/api/searches"):
        answer = page.goto(f"{served.url}{path}")
        is_same = answer is not None and answer.ok and (path == "/" or answer.text() == "[]")
        yield Try(path, f"{answer.status if answer else 0}", is_same)


def _rebound(browser: Browser, served: Served) -> Iterator[Try]:
    page = browser.new_page()
    port = served.host.rpartition(":")[2]
    token = served.console.link().partition("token=")[2]
    for path in ("/", "/login", "/static/page.js", "/api/events", f"/enter?token={token}"):
        answer = page.goto(f"http://{REBOUND}:{port}{path}")
        status = answer.status if answer else 0
        yield Try(path, f"{status}", status == MISDIRECTED)
