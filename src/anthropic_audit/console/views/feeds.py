"""The page "Feed health": coverage, lag, gaps, followers and the request budget."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import answered, context_of, viewer_of
from anthropic_audit.console.health import Health, gather
from anthropic_audit.privacy.masking import Masking

from .layout import page as rendered


async def feeds(request: Request) -> Response:
    """Return the page."""
    context = context_of(request)
    snapshot = context.snapshots.newest()
    now = context.now()
    health = await answered(request, lambda connection: gather(connection, context.settings, snapshot.reader, now))
    return rendered(request, "feeds.html", title="Feed health", health=_seen(health, viewer_of(request).masking))


def _seen(health: Health, masking: Masking) -> Health:
    """Return the data as a role may see it: filters, addresses of foreign requests and actors can be personal data."""
    if masking.sees_everything:
        return health

    def masked(field: str, value: str | None) -> str:
        return masking.value(field, value) if value else ""

    feeds = []
    for feed in health.feeds:
        filters = masked("user.id", feed.filters) or "{}"
        feeds.append(replace(feed, status=replace(feed.status, filters=filters)))
    found = health.accesses
    strangers = [replace(one, source_ip=masked("source.ip", one.source_ip)) for one in found.strangers]
    spenders = [replace(one, who=masked("anthropic.audit.actor.name", one.who)) for one in found.spenders]
    return replace(health, feeds=feeds, accesses=replace(found, strangers=strangers, spenders=spenders))
