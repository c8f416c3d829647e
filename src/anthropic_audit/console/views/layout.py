"""What all pages have in common: their frame, and how failures look."""

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
from anthropic_audit.console.url_query import UrlQuery
from anthropic_audit.errors import AuditError, InterruptedRunError, QueryError, SetupError, TransientError
from anthropic_audit.times import format_duration, format_time
from anthropic_audit.visible import visible, visible_json

_TEMPLATES: Final = resources.files("anthropic_audit.console").joinpath("templates")
_WORDS: Final = {404: "page not found", 413: "the request is too large"}
_GONE: Final = 499
"""What nginx calls an answer that nobody waits for."""

DAMAGE_HEADER: Final = "x-archive-damage"
"""Says to a page's script how many damaged or missing files were found; see `answered` in `page.js`."""

PAGES: Final = (("/", "Overview"), ("/explore", "Explore"), ("/feeds", "Feed health"))


def _source(name: str) -> str | None:
    file = _TEMPLATES.joinpath(name)
    return file.read_text("utf-8") if file.is_file() else None


def _shown(value: object) -> object:
    """Make visible what can't be seen in any text that a template shows; JSON and markup come ready."""
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
    """Return a page."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    session = visitor.session if visitor else None
    shown = {
        "version": __version__,
        "pages": PAGES,
        "path": request.url.path,
        "session": session,
        "asked": UrlQuery(),
        "damage": damage_shown(request) if session else [],
        **values,
    }
    return HTMLResponse(_environment.get_template(template).render(shown), status)


def damage_shown(request: Request) -> list[str]:
    """Return what is said of damaged files that are left out of all pages."""
    place: ConsoleContext | None = getattr(request.app.state, "place", None)
    return [str(one) for one in place.library.damage] if place else []


def reporting_damage(app: ASGIApp, place: ConsoleContext) -> ASGIApp:
    """Wrap an application so that what it answers to scripts says in a header how many files are left out."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and place.library.damage:
                MutableHeaders(scope=message)[DAMAGE_HEADER] = str(len(place.library.damage))
            await send(message)

        is_of_script = scope["type"] == "http" and scope["path"].startswith("/api/")
        await app(scope, receive, sending if is_of_script else send)

    return answer


def json(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - whatever JSON holds
    """Return an answer to a page's script."""
    return Response(orjson.dumps(value), status, media_type="application/json")


async def failed(request: Request, error: Exception) -> Response:
    """Tell what went wrong: a script as JSON, people as a page."""
    if not isinstance(error, AuditError):
        raise TypeError from error
    column = error.column if isinstance(error, QueryError) else None
    answer = _told(request, _status(error), str(error), hint=error.hint, column=column)
    if isinstance(error, TransientError) and error.retry_after is not None:
        answer.headers["retry-after"] = f"{error.retry_after:.0f}"
    return answer


async def missing(request: Request, error: Exception) -> Response:
    """Tell that there is nothing of this name."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _told(
        request,
        status,
        _WORDS.get(status, "the request is not supported"),
        hint="check the URL: it may be incomplete, or the page may no longer exist",
    )


async def gone(request: Request, error: Exception) -> Response:
    """Tell nobody: who asked went away before all was asked, and only the access log hears of it."""
    del request, error
    return Response(status_code=_GONE)


async def broken(request: Request, error: Exception) -> Response:
    """Tell that we made a mistake; what it was is for the log."""
    del error
    return _told(request, 500, "internal error: please report it with the messages in the console's log")


def _told(request: Request, status: int, words: str, *, hint: str | None = None, column: int | None = None) -> Response:
    told = {"error": words, "hint": hint, "column": column}
    if request.scope["path"].startswith("/api/"):
        return json(told, status)
    return page(request, "failure.html", status, title="Something is wrong", **told)


def _status(error: AuditError) -> int:
    if isinstance(error, SetupError):
        return 400
    return _GONE if isinstance(error, InterruptedRunError) else 503
