"""The frame of all pages, JSON responses, and error pages."""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

import orjson
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anthropic_audit import __version__
from anthropic_audit.console.auth import Visitor
from anthropic_audit.console.context import ConsoleContext
from anthropic_audit.errors import AuditError, InterruptedRunError, QueryError, SetupError, TransientError
from anthropic_audit.times import format_duration, format_time
from anthropic_audit.visible import visible, visible_json

_TEMPLATES: Final = resources.files("anthropic_audit.console").joinpath("templates")
_MESSAGES: Final = {404: "page not found", 413: "the request is too large"}
_CLIENT_CLOSED_REQUEST: Final = 499
"""The status "client closed request", as nginx logs it."""

DAMAGE_HEADER: Final = "x-archive-damage"
"""Response header with the number of damaged or missing files, for `answered` in `page.js`."""

PAGES: Final = (("/", "Overview"), ("/explore", "Explore"), ("/feeds", "Feed health"))


def _source(name: str) -> str | None:
    file = _TEMPLATES.joinpath(name)
    return file.read_text("utf-8") if file.is_file() else None


def _shown(value: object) -> object:
    """Return a template's text with invisible characters made visible; JSON and markup are already prepared."""
    return visible(value, "\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


_environment = Environment(
    loader=FunctionLoader(_source),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_shown,
)
_environment.filters |= {
    "exact": escape,
    "json_shown": visible_json,
    "moment": format_time,
    "duration": format_duration,
    "thousands": "{:,}".format,
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - what templates show
    """Render a template as a page; `values` are its variables."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    session = visitor.session if visitor else None
    shown = {
        "version": __version__,
        "pages": PAGES,
        "path": request.url.path,
        "session": session,
        "damage": damage_shown(request) if session else [],
        **values,
    }
    return HTMLResponse(_environment.get_template(template).render(shown), status)


def damage_shown(request: Request) -> list[str]:
    """Return a description of each damaged file that is left out of all pages."""
    context: ConsoleContext | None = getattr(request.app.state, "context", None)
    return [str(one) for one in context.snapshots.damage] if context else []


def reporting_damage(app: ASGIApp, context: ConsoleContext) -> ASGIApp:
    """Wrap an application so that its responses below `/api/` have `DAMAGE_HEADER` if files are left out."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and context.snapshots.damage:
                MutableHeaders(scope=message)[DAMAGE_HEADER] = str(len(context.snapshots.damage))
            await send(message)

        is_of_script = scope["type"] == "http" and scope["path"].startswith("/api/")
        await app(scope, receive, sending if is_of_script else send)

    return answer


def json(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - whatever JSON holds
    """Return a JSON response to a page's script."""
    return Response(orjson.dumps(value), status, media_type="application/json")


async def failed(request: Request, error: Exception) -> Response:
    """Return the response to an expected error: JSON below `/api/`, a page otherwise."""
    if not isinstance(error, AuditError):
        raise TypeError from error
    column = error.column if isinstance(error, QueryError) else None
    answer = _error_response(request, _status(error), str(error), hint=error.hint, column=column)
    if isinstance(error, TransientError) and error.retry_after is not None:
        answer.headers["retry-after"] = f"{error.retry_after:.0f}"
    return answer


async def missing(request: Request, error: Exception) -> Response:
    """Return the response to an HTTP error, such as 404."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _error_response(
        request,
        status,
        _MESSAGES.get(status, "the request is not supported"),
        hint="check the URL: it may be incomplete, or the page may no longer exist",
    )


async def disconnected(request: Request, error: Exception) -> Response:
    """Return the response to a client that disconnected while it sent a request; only the access log shows it."""
    del request, error
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


async def broken(request: Request, error: Exception) -> Response:
    """Return the response to an unexpected error; its details go to the log only."""
    del error
    return _error_response(request, 500, "internal error: please report it with the messages in the console's log")


def _error_response(
    request: Request, status: int, message: str, *, hint: str | None = None, column: int | None = None
) -> Response:
    body = {"error": message, "hint": hint, "column": column}
    if request.scope["path"].startswith("/api/"):
        return json(body, status)
    return page(request, "failure.html", status, title="Something is wrong", **body)


def _status(error: AuditError) -> int:
    if isinstance(error, SetupError):
        return 400
    return _CLIENT_CLOSED_REQUEST if isinstance(error, InterruptedRunError) else 503
