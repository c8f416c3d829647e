"""Write a query as the parameters of a request (Compliance API, List activities)."""

from __future__ import annotations

from anthropic_audit.model import Query
from anthropic_audit.times import format_time

PATH = "/v1/compliance/activities"


def parameters(query: Query) -> list[tuple[str, str]]:
    """Return the parameters of a query as pairs, in a fixed order: equal queries make equal URLs."""
    filters = query.filters
    pairs = [("created_at.gte", format_time(query.window.start)), ("created_at.lt", format_time(query.window.end))]
    pairs += [("activity_types[]", name) for name in filters.activity_types]
    pairs += [("exclude_activity_types[]", name) for name in filters.exclude_activity_types]
    pairs += [("actor_ids[]", actor) for actor in filters.actor_ids]
    pairs += [("organization_ids[]", organization) for organization in filters.organization_ids]
    pairs.append(("limit", str(query.limit)))
    if query.order is not None:
        pairs.append(("order", query.order.value))
    if query.after_id is not None:
        pairs.append(("after_id", query.after_id))
    return pairs
