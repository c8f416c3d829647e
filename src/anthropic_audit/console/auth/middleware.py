"""The door: each request passes it, and only who is in gets further.

It compares the host (a page of another site that resolves to us must not read us), the size, the session, and for
whatever changes something: where the form comes from, and the session's own token.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anthropic_audit.ports import Clock
from anthropic_audit.times import format_time

from .access_log import AccessLog
from .sessions import Session, Sessions

MAX_BODY_BYTES: Final = 65_536
MAX_TARGET_BYTES: Final = 16_384
TOLD: Final = "told"
"""What a page has to say beyond that in the access log, in the `state` of its request."""
COOKIE: Final = "anthropic_audit_session"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"

_OPEN: Final = ("/static/", "/login", "/enter", "/openid/")
_UNTOLD: Final = "/openid/"
"""What is asked for below this is for a provider and us only."""
_QUIET: Final = ("/static/", "/api/progress")
_SAFE: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_SECRET: Final = frozenset({"token", "password", "code", "state", "id_token", "access_token", CSRF_FIELD})
_SIGNS: Final = 2_000
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks."""

    address: str
    session: Session | None = None
    cookie: str = ""


class AccessMiddleware:
    """Lets requests through to an application, with the visitor in the scope's `state`."""

    def __init__(
        self, app: ASGIApp, sessions: Sessions, journal: AccessLog, clock: Clock, *, hosts: Collection[str]
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._journal = journal
        self._clock = clock
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        visitor = self._visitor(request)
        scope["state"] = {**scope.get("state", {}), "visitor": visitor}
        sending = self._noting(request, visitor, send)
        refusal = self._refusal(request, visitor)
        if refusal is not None:
            await refusal(scope, receive, sending)
            return
        await self._app(scope, _limited(receive), sending)

    def _visitor(self, request: Request) -> Visitor:
        address = request.client.host if request.client else ""
        cookie = request.cookies.get(COOKIE, "")
        return Visitor(address, self._sessions.of(cookie) if cookie else None, cookie)

    def _refusal(self, request: Request, visitor: Visitor) -> Response | None:
        """Return why a request goes no further, or None."""
        if request.headers.get("host", "") not in self._hosts:
            return _plain("unknown host: use the URL that the console printed", 421)
        if (refusal := _misshapen(request)) is not None:
            return refusal
        if request.method not in _SAFE and not self._comes_from_here(request):
            return _plain("this form was sent by another site", 403)
        if visitor.session is None and not _path(request).startswith(_OPEN):
            return _asking_in(request)
        return None

    def _comes_from_here(self, request: Request) -> bool:
        """Say whether a browser says that one of our pages sent this."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme, _, host = request.headers.get("origin", "").partition("://")
        return scheme in {"http", "https"} and host in self._hosts

    def _noting(self, request: Request, visitor: Visitor, send: Send) -> Send:
        """Write down what was asked when the answer begins; what can't be written down is not shown."""
        is_noted, is_shown = _path(request).startswith(_QUIET), True

        async def sending(message: Message) -> None:
            nonlocal is_noted, is_shown
            if message["type"] == "http.response.start" and not is_noted:
                is_noted = True
                try:
                    self._journal.note(self._line(request, visitor, message["status"]))
                except OSError:
                    is_shown = False
                    await _unwritten()(request.scope, request.receive, send)
            if is_shown:
                await send(message)

        return sending

    def _line(self, request: Request, visitor: Visitor, status: int) -> dict[str, object]:
        session = visitor.session
        return {
            "at": format_time(self._clock.now()),
            "user": session.user if session else None,
            "role": session.role if session else None,
            "session": session.label if session else None,
            "address": visitor.address,
            "method": request.method,
            "path": _path(request)[:_SIGNS],
            "query": _unsaid(request)[:_SIGNS],
            "status": status,
            **request.scope["state"].get(TOLD, {}),
        }


def _misshapen(request: Request) -> Response | None:
    """Return what is said to a request that none of our pages makes, or None."""
    if request.method not in _METHODS:
        return _plain("method not allowed", 405)
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_TARGET_BYTES:
        return _plain("the URL is too long", 414)
    length = request.headers.get("content-length", "0")
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        return _plain("the request has both Content-Length and Transfer-Encoding", 400, {"connection": "close"})
    if not (length.isascii() and length.isdigit()) or len(length) > _DIGITS or int(length) > MAX_BODY_BYTES:
        return _too_large()
    return None


def _path(request: Request) -> str:
    """Return the path that routes are compared with; the one of `request.url` ends at a `#` or `?` that was quoted."""
    return str(request.scope["path"])


def _unsaid(request: Request) -> str:
    """Return the query string without what lets people in, wherever they wrote it."""
    parts = request.scope["query_string"].decode("ascii", "replace").split("&")
    names = [part.partition("=")[0] for part in parts]
    said = zip(names, parts, strict=True)
    if _path(request).startswith(_UNTOLD):
        return "***" if names != [""] else ""
    return "&".join(f"{name}=***" if unquote_plus(name).strip().lower() in _SECRET else part for name, part in said)


def _asking_in(request: Request) -> Response:
    if _path(request).startswith("/api/"):
        body = orjson.dumps({"error": "not logged in", "hint": "reload the page to log in"})
        return Response(body, 401, media_type="application/json")
    return RedirectResponse("/login", 303)


def _limited(receive: Receive) -> Receive:
    left = MAX_BODY_BYTES

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return receiving


def _too_large() -> Response:
    return _plain("the request is too large", 413)


def _unwritten() -> Response:
    return _plain("the access log can't be written: no page is served until it can", 503)


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)
