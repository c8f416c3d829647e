"""Somebody or something: since when it is known, what it does, from where, and what is done to it."""

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
from anthropic_audit.search import (
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
from anthropic_audit.search.aggregations import FirstAndLast, seen
from anthropic_audit.times import format_time

from .layout import json
from .layout import page as rendered
from .overview import chart_over_time, narrowed, ranked, told
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
"""The ECS event types of what changes something."""
_PARTS: Final = {"seen", "over-time", "latest", "changed", "changes", "values"}


async def entity(request: Request) -> Response:
    """Show an entity's page; its parts ask for themselves."""
    kind, value = _named(request)
    lens = viewer_of(request).lens
    if any(lens.hides(field) for field in kind.fields):
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
    """Answer a part of an entity's page."""
    kind, value = _named(request)
    wish = page_request_of(request)
    about = entities.about(kind, value)
    wish.viewer.lens.check(about)
    name, changing = request.path_params["part"], _changing(wish.viewer.place.catalogue)
    if name not in _PARTS:
        raise HTTPException(404)

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        match name:
            case "seen":
                return _seen(seen(connection, SearchRequest(query=about), wish.now))
            case "over-time":
                return chart_over_time(connection, wish, by="event.category", more=(about,))
            case "latest":
                return _rows(connection, wish, about)
            case "changed":
                return _rows(connection, wish, AllOf((entities.by(kind, value), changing)))
            case "changes":
                return _rows(connection, wish, AllOf((entities.upon(kind, value), changing)))
        return _facets(connection, wish, about)

    return json(await answered(request, ask))


def _is_itself(kind: entities.EntityKind, field: str) -> bool:
    """Say whether a field of an entity's events can only be the entity: where it acts or undergoes, but not both."""
    return field in kind.fields and not (kind.acts and kind.undergoes)


def _changing(catalogue: Catalogue) -> Query:
    """Return what is no event of a type that is known to change nothing; actions are compared faster than lists."""
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


def _rows(connection: duckdb.DuckDBPyConnection, wish: PageRequest, more: Query) -> dict[str, Any]:
    found = page(connection, narrowed(wish.question, more), wish.now, order=SortOrder(), size=_ROWS)
    return {"rows": [shown_row(wish.viewer, hit) for hit in found.hits]}


def _facets(connection: duckdb.DuckDBPyConnection, wish: PageRequest, about: Query) -> dict[str, Any]:
    question, fields = narrowed(wish.question, about), tuple(_FACETS.values())
    found = top_values_of(connection, question, wish.now, fields=fields, limit=_TOP)
    return {field: _facet(wish, field, found[field]) for field in fields}


def _facet(wish: PageRequest, field: str, found: Values) -> dict[str, Any]:
    values = [{**told(wish, field, value), "events": events} for value, events in found.values]
    return {
        "field": field,
        "distinct": found.distinct,
        "without": found.without,
        "values": ranked(wish, field, values),
    }
