"""Saved searches, for the page that shows and changes them."""

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
    """Answer all saved searches that may be seen; by POST, save or remove one first."""
    kept, viewer = context_of(request).searches, viewer_of(request)
    if request.method == "POST":
        form = await form_of(request)
        await anyio.to_thread.run_sync(_change, viewer, form)
    found = await anyio.to_thread.run_sync(kept.all)
    return json([{"name": name, "query": text} for name, text in found.items() if _may_see(viewer, text)])


def _change(viewer: Viewer, form: Mapping[str, str]) -> None:
    """Save or remove a search.

    Raises:
        SetupError: One that the visitor may not see is meant; or it can't be kept as it is.
    """
    kept = viewer.place.searches
    name, text = " ".join(form.get("name", "").split()), form.get("query", "")
    if not (_may_see(viewer, text) and _may_see(viewer, kept.all().get(name, ""))):
        message = "this search queries personal data"
        raise SetupError(message, hint="an investigator can save, change and delete it")
    if form.get("do") == "remove":
        kept.remove(name)
    else:
        kept.save(name, text)


def _may_see(viewer: Viewer, text: str) -> bool:
    """Say whether somebody may see what a search asks for; what can't be read may name anybody."""
    if viewer.lens.sees_everything:
        return True
    place, parameters = viewer.place, parse_qsl(text, keep_blank_values=True)
    try:
        viewer.lens.check(query(read_url_query(parameters), place.known, place.now()))
        order_by(dict(parameters).get("sort", ""), viewer.lens)
    except SetupError:
        return False
    return True
