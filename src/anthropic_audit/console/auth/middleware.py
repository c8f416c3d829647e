"""The access middleware: every request passes it, and only requests within a session reach the pages.

It checks the host (against DNS rebinding), the size, the session, and for requests that change something, that the form
comes from the same site. The session's CSRF token is checked where the form is read.
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
LOG_FIELDS: Final = "log_fields"
"""Key in a request's `state` of additional fields for its line in the access log."""
COOKIE: Final = "anthropic_audit_session"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"

_PUBLIC_PATHS: Final = ("/static/", "/login", "/enter", "/openid/")
_PROVIDER_PATHS: Final = "/openid/"
"""Query strings below this path are not logged: they hold the provider's codes."""
_UNLOGGED_PATHS: Final = ("/static/", "/api/progress")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_SECRET_PARAMETERS: Final = frozenset({"token", "password", "code", "state", "id_token", "access_token", CSRF_FIELD})
_MAX_LOGGED_CHARS: Final = 2_000
_MAX_LENGTH_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Visitor:
    """The client of a request: its address, and its session if it has one."""

    address: str
    session: Session | None = None
    cookie: str = ""


class AccessMiddleware:
    """Pass permitted requests to an application, with the visitor in the scope's `state`."""

    def __init__(
        self, app: ASGIApp, sessions: Sessions, access_log: AccessLog, clock: Clock, *, hosts: Collection[str]
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._access_log = access_log
        self._clock = clock
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it to the application; log it in both cases."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        visitor = self._visitor(request)
        scope["state"] = {**scope.get("state", {}), "visitor": visitor}
        logged_send = self._logging(request, visitor, send)
        refusal = self._refusal(request, visitor)
        if refusal is not None:
            await refusal(scope, receive, logged_send)
            return
        await self._app(scope, _limited(receive), logged_send)

    def _visitor(self, request: Request) -> Visitor:
        address = request.client.host if request.client else ""
        cookie = request.cookies.get(COOKIE, "")
        return Visitor(address, self._sessions.of(cookie) if cookie else None, cookie)

    def _refusal(self, request: Request, visitor: Visitor) -> Response | None:
        """Return the response that refuses a request, or None if it is permitted."""
        if request.headers.get("host", "") not in self._hosts:
            return _plain("unknown host: use the URL that the console printed", 421)
        if (refusal := _invalid(request)) is not None:
            return refusal
        if request.method not in _SAFE_METHODS and not self._comes_from_here(request):
            return _plain("this form was sent by another site", 403)
        if visitor.session is None and not _path(request).startswith(_PUBLIC_PATHS):
            return _login_required(request)
        return None

    def _comes_from_here(self, request: Request) -> bool:
        """Return whether the browser's headers say that a page of the console sent the request."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme, _, host = request.headers.get("origin", "").partition("://")
        return scheme in {"http", "https"} and host in self._hosts

    def _logging(self, request: Request, visitor: Visitor, send: Send) -> Send:
        """Log the request when its response begins; replace the response by an error if that fails."""
        is_noted, is_shown = _path(request).startswith(_UNLOGGED_PATHS), True

        async def logged_send(message: Message) -> None:
            nonlocal is_noted, is_shown
            if message["type"] == "http.response.start" and not is_noted:
                is_noted = True
                try:
                    self._access_log.note(self._line(request, visitor, message["status"]))
                except OSError:
                    is_shown = False
                    await _not_logged()(request.scope, request.receive, send)
            if is_shown:
                await send(message)

        return logged_send

    def _line(self, request: Request, visitor: Visitor, status: int) -> dict[str, object]:
        session = visitor.session
        return {
            "at": format_time(self._clock.now()),
            "user": session.user if session else None,
            "role": session.role if session else None,
            "session": session.label if session else None,
            "address": visitor.address,
            "method": request.method,
            "path": _path(request)[:_MAX_LOGGED_CHARS],
            "query": _logged_query(request)[:_MAX_LOGGED_CHARS],
            "status": status,
            **request.scope["state"].get(LOG_FIELDS, {}),
        }


def _invalid(request: Request) -> Response | None:
    """Return the response to a request that no page of the console sends, or None."""
    if request.method not in _METHODS:
        return _plain("method not allowed", 405)
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_TARGET_BYTES:
        return _plain("the URL is too long", 414)
    length = request.headers.get("content-length", "0")
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        return _plain("the request has both Content-Length and Transfer-Encoding", 400, {"connection": "close"})
    if not (length.isascii() and length.isdigit()) or len(length) > _MAX_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
        return _too_large()
    return None


def _path(request: Request) -> str:
    """Return the path that routes are matched with; that of `request.url` is cut at a quoted `#` or `?`."""
    return str(request.scope["path"])


def _logged_query(request: Request) -> str:
    """Return the query string with the values of secret parameters replaced."""
    parts = request.scope["query_string"].decode("ascii", "replace").split("&")
    names = [part.partition("=")[0] for part in parts]
    parameters = zip(names, parts, strict=True)
    if _path(request).startswith(_PROVIDER_PATHS):
        return "***" if names != [""] else ""
    return "&".join(
        f"{name}=***" if unquote_plus(name).strip().lower() in _SECRET_PARAMETERS else part for name, part in parameters
    )


def _login_required(request: Request) -> Response:
    if _path(request).startswith("/api/"):
        body = orjson.dumps({"error": "not logged in", "hint": "reload the page to log in"})
        return Response(body, 401, media_type="application/json")
    return RedirectResponse("/login", 303)


def _limited(receive: Receive) -> Receive:
    left = MAX_BODY_BYTES

    async def limited_receive() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return limited_receive


def _too_large() -> Response:
    return _plain("the request is too large", 413)


def _not_logged() -> Response:
    return _plain("the access log can't be written: no page is served until it can", 503)


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)
