"""`related.*`: every address, user and host of an event in one place, so that one search finds them."""

from __future__ import annotations

from .draft import Draft
from .values import Json


def place_related(draft: Draft) -> None:
    """Gather what identifies addresses, users and hosts, each once, in the published order."""
    related: dict[str, Json] = {}
    document = draft.document
    url, source, user = document.get("url"), document.get("source"), document.get("user")
    if url and "domain" in url:
        related["hosts"] = [url["domain"]]
    if source:
        related["ip"] = [source["ip"]]
    found: list[Json] = []
    if user:
        target = user.get("target") or {}
        found = [user.get("email"), user.get("id"), target.get("email"), target.get("id")]
    found += draft.related_users
    users = list(dict.fromkeys(one for one in found if one and isinstance(one, str)))
    if users:
        related["user"] = users
    if related:
        document["related"] = related
