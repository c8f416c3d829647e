"""The overview: a period at a glance, beside the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console import charts, entities
from anthropic_audit.console.context import PageRequest, answered, page_request_of
from anthropic_audit.console.truncation import cut, is_linkable
from anthropic_audit.console.url_query import Period
from anthropic_audit.search import (
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

_TOP: Final = 8
_MAX_LATEST: Final = 12
_MAX_READ: Final = 4 * _MAX_LATEST
"""More than are told, as some may not be in the archive any more."""
_COUNTED: Final = 300
"""So many values are counted: all countries, and of other fields enough to compare with the period before."""
_COUNTRY: Final = "source.geo.country_iso_code"


async def overview(request: Request) -> Response:
    """Show the page; its panels ask for themselves."""
    panels = {field: name for name, fields in RANKED.items() for field in fields}
    panels["map"] = panels[_COUNTRY]
    sensitive = equality("anthropic.audit.sensitivity", "critical")
    return rendered(request, "overview.html", title="Overview", new=FIRST_SEEN, panels=panels, sensitive=sensitive)


async def panel(request: Request) -> Response:
    """Answer one panel."""
    make = PANELS.get(request.path_params["panel"])
    if make is None:
        raise HTTPException(404)
    wish = page_request_of(request)
    return json(await answered(request, lambda connection: make(connection, wish)))


def narrowed(question: SearchRequest, *more: Query) -> SearchRequest:
    """Return a question for fewer events."""
    return replace(question, query=AllOf((question.query, *more)))


def during(question: SearchRequest, period: Period) -> SearchRequest:
    """Return the same question about another time."""
    return replace(question, since=period.since, until=period.until)


def span_of(period: Period) -> tuple[float, float]:
    """Return a period in milliseconds since 1970."""
    return period.since.timestamp() * 1000, period.until.timestamp() * 1000


def _numbers(connection: duckdb.DuckDBPyConnection, wish: PageRequest) -> Json:
    now = totals(connection, wish.question, wish.now)
    before = totals(connection, during(wish.question, wish.period.before), wish.now)
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
    wish: PageRequest,
    *,
    by: str,
    more: tuple[Query, ...] = (),
    is_compared: bool = False,
) -> Json:
    """Return a chart of events over time by a field, with the period before if wanted, and how a click narrows it."""
    question = narrowed(wish.question, *more)
    step = wish.period.step
    buckets = over_time(connection, question, wish.now, step=step, by=by)
    line = _before(connection, wish, question) if is_compared else ()
    spec = charts.over_time(buckets, step, span_of(wish.period), title="Events over time", utc=wish.is_utc, before=line)
    return {"spec": spec, "field": by, "events": sum(bucket.events for bucket in buckets)}


def _before(
    connection: duckdb.DuckDBPyConnection, wish: PageRequest, question: SearchRequest
) -> list[tuple[float, int]]:
    """Return how many events each stretch of the period before had, where it lies in this one."""
    period = wish.period
    found = over_time(connection, during(question, period.before), wish.now, step=period.step)
    events = {bucket.start: bucket.events for bucket in found}
    if not events:
        return []
    moved_by = period.since - period.before.since
    starts = [EPOCH + number * period.step for number in _numbers_of(period.before)]
    return [(max(start + moved_by, period.since).timestamp() * 1000, events.get(start, 0)) for start in starts]


def _numbers_of(period: Period) -> range:
    """Return which multiples of its step, counted from 1970, lie in a period."""
    return range((period.since - EPOCH) // period.step, -((EPOCH - period.until) // period.step))


def _values(connection: duckdb.DuckDBPyConnection, wish: PageRequest, *, fields: Sequence[str]) -> Json:
    """Return the most frequent values of some fields, beside the period before, and the map of countries."""
    before_question = during(wish.question, wish.period.before)
    found = top_values_of(connection, wish.question, wish.now, fields=fields, limit=_COUNTED)
    before = top_values_of(connection, before_question, wish.now, fields=fields, limit=_COUNTED)
    ranked = {field: _ranked(wish, field, found[field], dict(before[field].values)) for field in fields}
    return {**ranked, **({"map": _map(found[_COUNTRY])} if _COUNTRY in fields else {})}


def _map(countries: Values) -> Json:
    spec = charts.world(countries.values, title="Source countries")
    placed = sum(events for _, events in countries.values)
    return {"spec": spec, "field": _COUNTRY, "events": placed, "without": countries.without}


def _ranked(wish: PageRequest, field: str, found: Values, before: Mapping[str, int]) -> Json:
    return {
        "field": field,
        "distinct": found.distinct,
        "without": found.without,
        "values": ranked(
            wish,
            field,
            [
                {**told(wish, field, value), "events": events, "before": before.get(value, 0)}
                for value, events in found.values[:_TOP]
            ],
        ),
    }


def ranked(wish: PageRequest, field: str, found: list[Json]) -> list[Json]:
    """Return values by how frequent they are; equally frequent ones tell no order of what is masked."""
    if not wish.viewer.lens.hides(field):
        return found
    return sorted(found, key=lambda one: (-one["events"], one["value"]))


def told(wish: PageRequest, field: str, value: str) -> Json:
    """Return a value as it may be seen, with what a click on it does."""
    if wish.viewer.lens.hides(field):
        return {"value": wish.viewer.lens.value(field, value), "filter": None, "link": None}
    kind = wish.viewer.place.catalogue.types.get(value) if field == "event.action" else None
    may_link = is_linkable(value)
    return {
        "value": cut(value),
        "label": charts.country_name(value) if field == _COUNTRY else cut(value),
        "about": kind.description if kind else None,
        "filter": equality(field, value) if may_link else None,
        "link": entities.path(field, value) if may_link else None,
    }


def _new(connection: duckdb.DuckDBPyConnection, wish: PageRequest, *, field: str) -> Json:
    """Return what occurred in the period and never before, whether that fitted the query or not."""
    place = wish.viewer.place
    place.take_firsts(connection)
    candidates = place.firsts.between(field, wish.period.since, wish.period.until)
    if is_everything(wish.question.query):  # then what is told is when they occurred first of all
        candidates = candidates[:_MAX_READ]
    found = first_seen(connection, wish.question, wish.now, field=field, candidates=candidates, limit=_MAX_LATEST)
    values = [{**told(wish, field, one.value), "events": one.events, "first": format_time(one.first)} for one in found]
    return {"field": field, "values": values}


def _sensitive(connection: duckdb.DuckDBPyConnection, wish: PageRequest) -> Json:
    found = page(connection, narrowed(wish.question, CRITICAL), wish.now, order=SortOrder(), size=_MAX_LATEST)
    return {"rows": [shown_row(wish.viewer, hit) for hit in found.hits]}


RANKED: Final[Mapping[str, Sequence[str]]] = {
    "values-what": ("event.action", "event.outcome", "user.email", "organization.id"),
    "values-where": (_COUNTRY, "source.as.organization.name", "user_agent.name", "anthropic.audit.actor.type"),
}
"""The fields whose values are ranked, by panel: one pass over the events counts several, two can go side by side."""

PANELS: Final[Mapping[str, Panel]] = {
    "numbers": _numbers,
    "over-time": partial(chart_over_time, by="event.category", is_compared=True),
    **{name: partial(_values, fields=fields) for name, fields in RANKED.items()},
    "failed-sign-ins": partial(chart_over_time, by="event.action", more=(SIGN_IN, FAILURE)),
    "sensitive": _sensitive,
    **{f"new-{field}": partial(_new, field=field) for field in FIRST_SEEN},
}
"""Every panel, or several of a kind, by its name in addresses."""
