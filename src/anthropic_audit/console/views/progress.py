"""How far a question is that takes long."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import context_of, session_of

from .layout import json


async def progress(request: Request) -> Response:
    """Answer how many percent of the visitor's own question with this ticket are done; null when nobody knows."""
    tickets, ticket = context_of(request).tickets, request.query_params.get("ticket", "")
    return json({"percent": tickets.percent(session_of(request).label, ticket)})
