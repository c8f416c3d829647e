"""The page of an entity: first and last seen, its events over time, its values, and changes by and to it."""

from __future__ import annotations

from typing import Any, Final

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.console import entities
from anthropic_audit.console.context import PageRequest, answered, page_request_of, viewer_of
from anthropic_audit.errors import QueryError
from anthropic_audit.query import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Operator,
    Query,
    SearchRequest,
    SortOrder,
    Values,
    equality,
    page,
    top_values_of,
)
from anthropic_audit.query.aggregations import FirstAndLast, seen
from anthropic_audit.times import format_time

from .layout import json
from .layout import page as rendered
from .overview import chart_over_time, narrowed, ranked, shown_value
from .rows import shown_row

_ROWS: Final = 20
_TOP: Final = 8
_FACETS: Final = {
    "Actions": "event.action",
    "Users": "user.email",
    "IP addresses": "source.ip",
    "Countries": "source.geo.country_iso_code",
    "Networks": "source.as.organization.name",
    "User agents": "user_agent.original",
    "Outcomes": "event.outcome",
    "Organizations": "organization.id",
}
_CHANGING: Final = frozenset({"change", "creation", "deletion", "admin"})
"""ECS event types (`event.type`) of events that change something."""
_PARTS: Final = {"seen", "over-time", "latest", "changed", "changes", "values"}


async def entity(request: Request) -> Response:
    """Return an entity's page; its script requests the panels."""
    kind, value = _named(request)
    masking = viewer_of(request).masking
    if any(masking.hides(field) for field in kind.fields):
        message = f"this page shows personal data: {kind.title.lower()}"
        raise QueryError(message, hint="an investigator can open it")
    query = " or ".join(equality(field, value) for field in kind.fields)
    return rendered(
        request,
        "entity.html",
        title=value,
        kind=kind,
        value=value,
        query=query,
        facets={title: field for title, field in _FACETS.items() if not _is_itself(kind, field)},
    )


async def part(request: Request) -> Response:
    """Return the data of a panel of an entity's page as JSON."""
    kind, value = _named(request)
    page_request = page_request_of(request)
    about = entities.about(kind, value)
    page_request.viewer.masking.check(about)
    name, changing = request.path_params["part"], _changing(page_request.viewer.context.catalogue)
    if name not in _PARTS:
        raise HTTPException(404)

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        match name:
            case "seen":
                return _seen(seen(connection, SearchRequest(query=about), page_request.now))
            case "over-time":
                return chart_over_time(connection, page_request, by="event.category", more=(about,))
            case "latest":
                return _rows(connection, page_request, about)
            case "changed":
                return _rows(connection, page_request, AllOf((entities.by(kind, value), changing)))
            case "changes":
                return _rows(connection, page_request, AllOf((entities.upon(kind, value), changing)))
        return _facets(connection, page_request, about)

    return json(await answered(request, ask))


def _is_itself(kind: entities.EntityKind, field: str) -> bool:
    """Return whether a field of an entity's events can only name the entity: if it is always actor or always target."""
    return field in kind.fields and not (kind.acts and kind.undergoes)


def _changing(catalogue: Catalogue) -> Query:
    """Return the query for events that may change something.

    It excludes the types that are known to change nothing: comparing actions is faster than comparing lists of types.
    """
    still = (name for name, kind in catalogue.types.items() if not _CHANGING.intersection(kind.type))
    return Not(AnyOf(tuple(Condition("event.action", Operator.EQUAL, name) for name in still)))


def _named(request: Request) -> tuple[entities.EntityKind, str]:
    kind = entities.KINDS.get(request.path_params["kind"])
    if kind is None:
        raise HTTPException(404)
    return kind, request.path_params["value"]


def _seen(found: FirstAndLast | None) -> dict[str, Any]:
    if found is None:
        return {"events": 0}
    return {"events": found.events, "first": format_time(found.first), "last": format_time(found.last)}


def _rows(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, more: Query) -> dict[str, Any]:
    found = page(
        connection, narrowed(page_request.search_request, more), page_request.now, order=SortOrder(), size=_ROWS
    )
    return {"rows": [shown_row(page_request.viewer, hit) for hit in found.hits]}


def _facets(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, about: Query) -> dict[str, Any]:
    search_request, fields = narrowed(page_request.search_request, about), tuple(_FACETS.values())
    found = top_values_of(connection, search_request, page_request.now, fields=fields, limit=_TOP)
    return {field: _facet(page_request, field, found[field]) for field in fields}


def _facet(page_request: PageRequest, field: str, found: Values) -> dict[str, Any]:
    values = [{**shown_value(page_request, field, value), "events": events} for value, events in found.values]
    return {
        "field": field,
        "distinct": found.distinct,
        "without": found.without,
        "values": ranked(page_request, field, values),
    }
