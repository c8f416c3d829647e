"""The console as an ASGI application: routes, and the door in front of them."""

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
    """Where the console runs."""

    url: str
    """Where browsers reach it."""
    hosts: Collection[str]
    """What the `Host` of a request may say."""
    told: Callable[[str], None]
    """Is given each new one-time token."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.url.startswith("https:")


def make_app(
    place: ConsoleContext,
    journal: AccessLog,
    clock: Clock,
    surroundings: ConsoleEnvironment,
    *,
    provider: Provider | None = None,
) -> tuple[ASGIApp, OneTimeTokens | None]:
    """Return the application, and the tokens of the link if nobody has to log in."""
    settings = place.settings.console
    sessions, throttle = Sessions(clock, settings.session), LoginRateLimit(clock)
    users = {user.name: user for user in settings.users}
    tokens = None if users or provider else OneTimeTokens(surroundings.told)
    ways = LoginMethods(
        users, tokens, ExternalLogin(settings.openid.host, f"{surroundings.url}{LOGIN}") if provider else None
    )
    entrance = LoginPages(sessions, throttle, ways, is_secure=surroundings.is_secure)
    routes = _routes(entrance)
    if provider is not None:
        routes += OpenIdPages(provider, Attempts(clock), entrance, throttle).routes()
    app = Starlette(
        routes=routes,
        exception_handlers={
            AuditError: layout.failed,
            HTTPException: layout.missing,
            ClientDisconnect: layout.gone,
            Exception: layout.broken,
        },
    )
    app.router.redirect_slashes = False
    app.state.place = place
    door = AccessMiddleware(layout.reporting_damage(app, place), sessions, journal, clock, hosts=surroundings.hosts)
    return hardened(door, is_secure=surroundings.is_secure), tokens


def _routes(entrance: LoginPages) -> list[Route]:
    get, post = ["GET"], ["GET", "POST"]
    return [
        Route("/enter", entrance.enter, methods=get),
        Route("/login", entrance.login, methods=post),
        Route("/logout", entrance.logout, methods=["POST"]),
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
    """Answer a file; a browser that has it already is told so."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)


@cache
def vega() -> bytes:
    """Return Vega, Vega-Lite and Vega-Embed in one script; the first time takes some seconds."""
    bundle: str = import_module("vl_convert").javascript_bundle()
    return bundle.encode()


async def _vega(request: Request) -> Response:
    return await _static(request, body=await anyio.to_thread.run_sync(vega), kind=_KINDS[".js"])
