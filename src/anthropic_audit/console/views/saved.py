"""Saved searches: listing, saving and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import Viewer, context_of, viewer_of
from anthropic_audit.console.url_query import query, read_url_query
from anthropic_audit.errors import SetupError

from .explore import order_by
from .layout import json
from .login import form_of


async def searches(request: Request) -> Response:
    """Return all saved searches that the role may see as JSON; on POST, save or delete one first."""
    saved_searches, viewer = context_of(request).searches, viewer_of(request)
    if request.method == "POST":
        form = await form_of(request)
        await anyio.to_thread.run_sync(_change, viewer, form)
    found = await anyio.to_thread.run_sync(saved_searches.all)
    return json([{"name": name, "query": text} for name, text in found.items() if _may_see(viewer, text)])


def _change(viewer: Viewer, form: Mapping[str, str]) -> None:
    """Save or delete a search.

    Raises:
        SetupError: The role may not see the search, or the search can't be saved.
    """
    saved_searches = viewer.context.searches
    name, text = " ".join(form.get("name", "").split()), form.get("query", "")
    if not (_may_see(viewer, text) and _may_see(viewer, saved_searches.all().get(name, ""))):
        message = "this search queries personal data"
        raise SetupError(message, hint="an investigator can save, change and delete it")
    if form.get("do") == "remove":
        saved_searches.remove(name)
    else:
        saved_searches.save(name, text)


def _may_see(viewer: Viewer, text: str) -> bool:
    """Return whether a role may see a search; one that can't be parsed may hold personal data."""
    if viewer.masking.sees_everything:
        return True
    context, parameters = viewer.context, parse_qsl(text, keep_blank_values=True)
    try:
        viewer.masking.check(query(read_url_query(parameters), context.known, context.now()))
        order_by(dict(parameters).get("sort", ""), viewer.masking)
    except SetupError:
        return False
    return True
