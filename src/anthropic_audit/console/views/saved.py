"""Saved searches, for the page that shows and changes them."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.place import place_of

from .entrance import form_of
from .shell import json


async def searches(request: Request) -> Response:
    """Answer all saved searches; by POST, save or remove one first."""
    kept = place_of(request).searches
    if request.method == "POST":
        form = await form_of(request)
        name = form.get("name", "")
        if form.get("do") == "remove":
            await anyio.to_thread.run_sync(kept.remove, name)
        else:
            await anyio.to_thread.run_sync(kept.save, name, form.get("query", ""))
    found = await anyio.to_thread.run_sync(kept.all)
    return json([{"name": name, "query": text} for name, text in found.items()])
