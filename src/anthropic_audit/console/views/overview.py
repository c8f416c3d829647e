"""The page Overview: a period in charts and numbers, compared with the previous one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.charts import specs as charts
from anthropic_audit.console import entities
from anthropic_audit.console.context import PageRequest, answered, page_request_of
from anthropic_audit.console.truncation import cut, is_linkable
from anthropic_audit.console.url_query import Period
from anthropic_audit.query import (
    CRITICAL,
    FAILURE,
    FIRST_SEEN,
    SIGN_IN,
    AllOf,
    Query,
    SearchRequest,
    SortOrder,
    Values,
    equality,
    first_seen,
    is_everything,
    over_time,
    page,
    top_values_of,
    totals,
)
from anthropic_audit.times import EPOCH, format_time

from .layout import json
from .layout import page as rendered
from .rows import shown_row

Json = dict[str, Any]
Panel = Callable[[duckdb.DuckDBPyConnection, PageRequest], Json]

_MAX_RANKED: Final = 8
_MAX_LATEST: Final = 12
_MAX_CANDIDATES: Final = 4 * _MAX_LATEST
"""Upper bound on the values that are looked up: more than shown, since some may no longer be in the archive."""
_MAX_COUNTED_VALUES: Final = 300
"""Number of values counted per field: all countries, and enough of other fields to compare with the previous period."""
_COUNTRY: Final = "source.geo.country_iso_code"


async def overview(request: Request) -> Response:
    """Return the page; its script requests the panels."""
    panels = {field: name for name, fields in RANKED.items() for field in fields}
    panels["map"] = panels[_COUNTRY]
    sensitive = equality("anthropic.audit.sensitivity", "critical")
    return rendered(request, "overview.html", title="Overview", new=FIRST_SEEN, panels=panels, sensitive=sensitive)


async def panel(request: Request) -> Response:
    """Return the data of one panel as JSON."""
    make = PANELS.get(request.path_params["panel"])
    if make is None:
        raise HTTPException(404)
    page_request = page_request_of(request)
    return json(await answered(request, lambda connection: make(connection, page_request)))


def narrowed(search_request: SearchRequest, *more: Query) -> SearchRequest:
    """Return a search request with further conditions."""
    return replace(search_request, query=AllOf((search_request.query, *more)))


def during(search_request: SearchRequest, period: Period) -> SearchRequest:
    """Return a search request for another period."""
    return replace(search_request, since=period.since, until=period.until)


def span_of(period: Period) -> tuple[float, float]:
    """Return a period in milliseconds since 1970."""
    return period.since.timestamp() * 1000, period.until.timestamp() * 1000


def _numbers(connection: duckdb.DuckDBPyConnection, page_request: PageRequest) -> Json:
    now = totals(connection, page_request.search_request, page_request.now)
    before = totals(connection, during(page_request.search_request, page_request.period.before), page_request.now)
    return {
        "numbers": [
            {"title": title, "value": getattr(now, name), "before": getattr(before, name), "filter": condition}
            for title, name, condition in (
                ("Events", "events", None),
                ("Users", "people", None),
                ("IP addresses", "addresses", None),
                ("Failures", "failures", equality("event.outcome", "failure")),
                ("Critical", "critical", equality("anthropic.audit.sensitivity", "critical")),
                ("Unknown", "unknown", "anthropic.audit.catalogue.known : false"),
            )
        ]
    }


def chart_over_time(
    connection: duckdb.DuckDBPyConnection,
    page_request: PageRequest,
    *,
    by: str,
    more: tuple[Query, ...] = (),
    is_compared: bool = False,
) -> Json:
    """Return a chart of events over time by a field, with the previous period if `is_compared`, as JSON."""
    search_request = narrowed(page_request.search_request, *more)
    step = page_request.period.step
    buckets = over_time(connection, search_request, page_request.now, step=step, by=by)
    line = _before(connection, page_request, search_request) if is_compared else ()
    spec = charts.over_time(
        buckets, step, span_of(page_request.period), title="Events over time", utc=page_request.is_utc, before=line
    )
    return {"spec": spec, "field": by, "events": sum(bucket.events for bucket in buckets)}


def _before(
    connection: duckdb.DuckDBPyConnection, page_request: PageRequest, search_request: SearchRequest
) -> list[tuple[float, int]]:
    """Return the start (moved into this period) and the number of events of each time bucket of the previous period."""
    period = page_request.period
    found = over_time(connection, during(search_request, period.before), page_request.now, step=period.step)
    events = {bucket.start: bucket.events for bucket in found}
    if not events:
        return []
    moved_by = period.since - period.before.since
    starts = [EPOCH + number * period.step for number in _numbers_of(period.before)]
    return [(max(start + moved_by, period.since).timestamp() * 1000, events.get(start, 0)) for start in starts]


def _numbers_of(period: Period) -> range:
    """Return the numbers of a period's time buckets, counted from 1970."""
    return range((period.since - EPOCH) // period.step, -((EPOCH - period.until) // period.step))


def _values(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, *, fields: Sequence[str]) -> Json:
    """Return the most frequent values of fields, compared with the previous period, and the map of countries."""
    before_question = during(page_request.search_request, page_request.period.before)
    found = top_values_of(
        connection, page_request.search_request, page_request.now, fields=fields, limit=_MAX_COUNTED_VALUES
    )
    before = top_values_of(connection, before_question, page_request.now, fields=fields, limit=_MAX_COUNTED_VALUES)
    ranked = {field: _ranked(page_request, field, found[field], dict(before[field].values)) for field in fields}
    return {**ranked, **({"map": _map(found[_COUNTRY])} if _COUNTRY in fields else {})}


def _map(countries: Values) -> Json:
    spec = charts.world(countries.values, title="Source countries")
    placed = sum(events for _, events in countries.values)
    return {"spec": spec, "field": _COUNTRY, "events": placed, "without": countries.without}


def _ranked(page_request: PageRequest, field: str, found: Values, before: Mapping[str, int]) -> Json:
    return {
        "field": field,
        "distinct": found.distinct,
        "without": found.without,
        "values": ranked(
            page_request,
            field,
            [
                {**shown_value(page_request, field, value), "events": events, "before": before.get(value, 0)}
                for value, events in found.values[:_MAX_RANKED]
            ],
        ),
    }


def ranked(page_request: PageRequest, field: str, found: list[Json]) -> list[Json]:
    """Return values by frequency; equally frequent masked values are sorted by mask: their order reveals nothing."""
    if not page_request.viewer.masking.hides(field):
        return found
    return sorted(found, key=lambda one: (-one["events"], one["value"]))


def shown_value(page_request: PageRequest, field: str, value: str) -> Json:
    """Return a value as the role may see it, with its label, filter and link."""
    if page_request.viewer.masking.hides(field):
        return {"value": page_request.viewer.masking.value(field, value), "filter": None, "link": None}
    kind = page_request.viewer.context.catalogue.types.get(value) if field == "event.action" else None
    may_link = is_linkable(value)
    return {
        "value": cut(value),
        "label": charts.country_name(value) if field == _COUNTRY else cut(value),
        "about": kind.description if kind else None,
        "filter": equality(field, value) if may_link else None,
        "link": entities.path(field, value) if may_link else None,
    }


def _first_seen(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, *, field: str) -> Json:
    """Return values that occurred first in the period; earlier events count even if they don't match the query."""
    context = page_request.viewer.context
    context.update_first_seen(connection)
    candidates = context.first_seen.between(field, page_request.period.since, page_request.period.until)
    if is_everything(page_request.search_request.query):  # every candidate matches, so some suffice
        candidates = candidates[:_MAX_CANDIDATES]
    found = first_seen(
        connection, page_request.search_request, page_request.now, field=field, candidates=candidates, limit=_MAX_LATEST
    )
    values = [
        {**shown_value(page_request, field, one.value), "events": one.events, "first": format_time(one.first)}
        for one in found
    ]
    return {"field": field, "values": values}


def _sensitive(connection: duckdb.DuckDBPyConnection, page_request: PageRequest) -> Json:
    found = page(
        connection,
        narrowed(page_request.search_request, CRITICAL),
        page_request.now,
        order=SortOrder(),
        size=_MAX_LATEST,
    )
    return {"rows": [shown_row(page_request.viewer, hit) for hit in found.hits]}


RANKED: Final[Mapping[str, Sequence[str]]] = {
    "values-what": ("event.action", "event.outcome", "user.email", "organization.id"),
    "values-where": (_COUNTRY, "source.as.organization.name", "user_agent.name", "anthropic.audit.actor.type"),
}
"""Fields with ranked values by panel: one pass over the events counts several fields; two passes run in parallel."""

PANELS: Final[Mapping[str, Panel]] = {
    "numbers": _numbers,
    "over-time": partial(chart_over_time, by="event.category", is_compared=True),
    **{name: partial(_values, fields=fields) for name, fields in RANKED.items()},
    "failed-sign-ins": partial(chart_over_time, by="event.action", more=(SIGN_IN, FAILURE)),
    "sensitive": _sensitive,
    **{f"new-{field}": partial(_first_seen, field=field) for field in FIRST_SEEN},
}
"""Functions that return the data of panels, by name in URLs."""
