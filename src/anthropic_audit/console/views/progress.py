"""The progress of a running query."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import context_of, session_of

from .layout import json


async def progress(request: Request) -> Response:
    """Return the progress in percent of the session's own query with a ticket as JSON; null if it is unknown."""
    tickets, ticket = context_of(request).tickets, request.query_params.get("ticket", "")
    return json({"percent": tickets.percent(session_of(request).label, ticket)})
