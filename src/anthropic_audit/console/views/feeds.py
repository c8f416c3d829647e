"""Feed health: is it working? What is covered, how far behind, what is missing, and who else asks."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import answered, context_of, viewer_of
from anthropic_audit.console.health import Health, gather
from anthropic_audit.console.masking import Masking

from .layout import page as rendered


async def feeds(request: Request) -> Response:
    """Show the page."""
    place = context_of(request)
    shelf = place.library.shelf()
    now = place.now()
    health = await answered(request, lambda connection: gather(connection, place.settings, shelf.reader, now))
    return rendered(request, "feeds.html", title="Feed health", health=_seen(health, viewer_of(request).lens))


def _seen(health: Health, lens: Masking) -> Health:
    """Return it as somebody may see it: filters name users, strangers have addresses, who spends may be a person."""
    if lens.sees_everything:
        return health

    def masked(field: str, value: str | None) -> str:
        return lens.value(field, value) if value else ""

    feeds = []
    for feed in health.feeds:
        filters = masked("user.id", feed.filters) or "{}"
        feeds.append(replace(feed, status=replace(feed.status, filters=filters)))
    found = health.accesses
    strangers = [replace(one, source_ip=masked("source.ip", one.source_ip)) for one in found.strangers]
    spenders = [replace(one, who=masked("anthropic.audit.actor.name", one.who)) for one in found.spenders]
    return replace(health, feeds=feeds, accesses=replace(found, strangers=strangers, spenders=spenders))
