"""A request to the console, from its path and query string to the whole response: no request is a server error."""

from __future__ import annotations

import asyncio
import atexit
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_from_bytes, unquote

from tests.collecting import NOW
from tests.console.archives import enemies, received

from anthropic_audit.archive import open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.console.app import ConsoleEnvironment, make_app
from anthropic_audit.console.auth import AccessLog
from anthropic_audit.console.context import ConsoleContext
from anthropic_audit.console.snapshots import SnapshotPool
from anthropic_audit.ecs import Normalizer
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.progress import ignore_progress
from anthropic_audit.settings import Settings
from anthropic_audit.testing import FakeClock

SHORT_RUNS: Final = 40
HOST: Final = "127.0.0.1:8000"
TOKENS: Final = (
    b"/explore?",
    b"/api/events?",
    b"/api/over-time?",
    b"/api/values?field=",
    b"/api/completions?text=",
    b"/api/overview/actors?",
    b"/api/entity/seen/user/",
    b"/entity/user/",
    b"/event/",
    b"/export/csv?",
    b"&from=",
    b"&to=",
    b"&q=",
    b"&filter=",
    b"&sort=-",
    b"&after=",
    b"&columns=",
    b"&limit=",
    b"now-7d",
    b"%00",
    b"%ff",
    b"%F0%9F%98",
    b"9" * 30,
    b"event.action",
    b"@timestamp",
    b" : ",
    b"*",
)
_SERVER_ERRORS: Final = (500, 503)


def check(data: bytes) -> None:
    """Request a page."""
    path, _, query = quote_from_bytes(data, safe="/?&=%+:.,-_").encode().partition(b"?")
    if not path.startswith(b"/") or path.startswith((b"/enter", b"/logout", b"/login")):
        path = b"/explore"
    app, cookie = _console()
    status = asyncio.run(_ask(app, path, query, cookie))
    assert status not in _SERVER_ERRORS, f"answered {status}"


@cache
def _console() -> tuple[Any, bytes]:
    """Open a console on a small archive; return it with the cookie of a logged-in user."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    clock = FakeClock(NOW)
    with open_writer(str(folder / "archive"), clock) as archive:
        archive.append([received(raw) for raw in (*enemies(), b"\xff{no activity")])
        normalize_pending(archive, Normalizer(load()), NormalizeRules({}), ignore_progress)
    settings = Settings.model_validate({"archive": str(folder / "archive"), "console": {"session": "100d"}})
    context = ConsoleContext(settings, SnapshotPool(settings.archive, clock), clock)
    access_log = stack.enter_context(AccessLog(folder / "access.ndjson"))
    links: list[str] = []
    app, tokens = make_app(context, access_log, clock, ConsoleEnvironment(f"http://{HOST}", {HOST}, links.append))
    assert tokens is not None
    answer: dict[str, Any] = {}
    asyncio.run(_ask(app, b"/enter", f"token={tokens.current}".encode(), b"", answer=answer))
    cookie: bytes = dict(answer["headers"])[b"set-cookie"].partition(b";")[0]
    clock.advance(timedelta(seconds=1))
    return app, cookie


async def _ask(app: Any, path: bytes, query: bytes, cookie: bytes, *, answer: dict[str, Any] | None = None) -> int:
    """Send a request to an ASGI application, read the whole response, and return its status."""
    found: dict[str, Any] = {} if answer is None else answer
    is_sent = False

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if is_sent:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        found.update({name: value for name, value in message.items() if name in {"status", "headers"}})

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path.decode()),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", HOST.encode()), (b"cookie", cookie), (b"sec-fetch-site", b"same-origin")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_000),
    }
    await app(scope, receive, send)
    return int(found["status"])
