"""The console as an ASGI application: its routes, behind the access middleware."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib import import_module, resources
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from anthropic_audit.errors import AuditError
from anthropic_audit.ports import Clock

from .auth import AccessLog, AccessMiddleware, LoginRateLimit, Sessions, hardened
from .context import ConsoleContext
from .openid import Attempts, Provider
from .views import entity, event, explore, exporting, feeds, layout, overview, progress, saved
from .views.login import ExternalLogin, LoginMethods, LoginPages, OneTimeTokens
from .views.openid import LOGIN, OpenIdPages

_KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_VEGA: Final = "vega.js"


@dataclass(frozen=True, slots=True)
class ConsoleEnvironment:
    """The URL, the host names and the terminal of a running console."""

    url: str
    """The URL under which browsers reach the console, without a trailing slash."""
    hosts: Collection[str]
    """The values that the `Host` header of a request may have."""
    on_token: Callable[[str], None]
    """Called with each new one-time token."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the console by HTTPS."""
        return self.url.startswith("https:")


def make_app(
    context: ConsoleContext,
    access_log: AccessLog,
    clock: Clock,
    environment: ConsoleEnvironment,
    *,
    provider: Provider | None = None,
) -> tuple[ASGIApp, OneTimeTokens | None]:
    """Return the application, and the one-time tokens of its link; None for the tokens if users have to log in."""
    settings = context.settings.console
    sessions, rate_limit = Sessions(clock, settings.session), LoginRateLimit(clock)
    users = {user.name: user for user in settings.users}
    tokens = None if users or provider else OneTimeTokens(environment.on_token)
    login_methods = LoginMethods(
        users, tokens, ExternalLogin(settings.openid.host, f"{environment.url}{LOGIN}") if provider else None
    )
    login_pages = LoginPages(sessions, rate_limit, login_methods, is_secure=environment.is_secure)
    routes = _routes(login_pages)
    if provider is not None:
        routes += OpenIdPages(provider, Attempts(clock), login_pages, rate_limit).routes()
    app = Starlette(
        routes=routes,
        exception_handlers={
            AuditError: layout.failed,
            HTTPException: layout.missing,
            ClientDisconnect: layout.disconnected,
            Exception: layout.broken,
        },
    )
    app.router.redirect_slashes = False
    app.state.context = context
    guarded = AccessMiddleware(
        layout.reporting_damage(app, context), sessions, access_log, clock, hosts=environment.hosts
    )
    return hardened(guarded, is_secure=environment.is_secure), tokens


def _routes(login_pages: LoginPages) -> list[Route]:
    get, post = ["GET"], ["GET", "POST"]
    return [
        Route("/enter", login_pages.enter, methods=get),
        Route("/login", login_pages.login, methods=post),
        Route("/logout", login_pages.logout, methods=["POST"]),
        Route("/", overview.overview, methods=get),
        Route("/explore", explore.explore, methods=get),
        Route("/event/{seq}", event.event, methods=get),
        Route("/entity/{kind}/{value:path}", entity.entity, methods=get),
        Route("/feeds", feeds.feeds, methods=get),
        Route("/api/overview/{panel}", overview.panel, methods=get),
        Route("/api/progress", progress.progress, methods=get),
        Route("/api/events", explore.events, methods=get),
        Route("/api/over-time", explore.histogram, methods=get),
        Route("/api/fields", explore.fields, methods=get),
        Route("/api/values", explore.values, methods=get),
        Route("/api/completions", explore.completions, methods=get),
        Route("/api/searches", saved.searches, methods=post),
        Route("/api/entity/{part}/{kind}/{value:path}", entity.part, methods=get),
        Route("/export/{format}", exporting.export, methods=get),
        *(
            Route(f"/static/{name}", partial(_static, body=body, kind=kind), methods=get)
            for name, kind, body in _files()
        ),
        Route(f"/static/{_VEGA}", _vega, methods=get),
    ]


def _files() -> list[tuple[str, str, bytes]]:
    folder = resources.files(__package__).joinpath("static")
    files = [file for file in folder.iterdir() if file.is_file()]
    return [(file.name, _KINDS[f".{file.name.rpartition('.')[2]}"], file.read_bytes()) for file in files]


async def _static(request: Request, *, body: bytes, kind: str) -> Response:
    """Return a static file, or 304 if the browser's copy has the same ETag."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)


@cache
def vega() -> bytes:
    """Return Vega, Vega-Lite and Vega-Embed as one script; the first call takes some seconds."""
    bundle: str = import_module("vl_convert").javascript_bundle()
    return bundle.encode()


async def _vega(request: Request) -> Response:
    return await _static(request, body=await anyio.to_thread.run_sync(vega), kind=_KINDS[".js"])
