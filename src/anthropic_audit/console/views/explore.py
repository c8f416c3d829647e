"""The page Explore: matching events page by page, their fields and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.console.context import (
    ConsoleContext,
    PageRequest,
    answered,
    context_of,
    page_request_of,
    viewer_of,
)
from anthropic_audit.console.query_completion import complete
from anthropic_audit.errors import SetupError
from anthropic_audit.privacy.masking import Masking
from anthropic_audit.query import (
    Condition,
    Operator,
    SearchRequest,
    SortOrder,
    check_fields,
    newest_since,
    page,
    top_values,
)
from anthropic_audit.query.fields import COLUMNS
from anthropic_audit.query.paging import can_sort_by, sorting_column

from .layout import json
from .layout import page as rendered
from .overview import chart_over_time, ranked, shown_value
from .rows import shown_row

PAGE_SIZE: Final = 50
MAX_COLUMNS: Final = 30
_TOP: Final = 10
_SAMPLE: Final = 5_000
"""Number of the newest events among which the values of a field without a column are counted."""


async def explore(request: Request) -> Response:
    """Return the page; its script requests the data."""
    return rendered(request, "explore.html", title="Explore")


async def events(request: Request) -> Response:
    """Return a page of matching events as JSON."""
    page_request, context = page_request_of(request), context_of(request)
    columns, order = columns_of(request, context), order_of(request, page_request.viewer.masking)
    after = request.query_params.get("after", "")

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        found = page(
            connection, page_request.search_request, page_request.now, order=order, size=PAGE_SIZE, after=after
        )
        return {"rows": [shown_row(page_request.viewer, hit, columns) for hit in found.hits], "next": found.next}

    return json(await answered(request, ask))


async def histogram(request: Request) -> Response:
    """Return the chart of matching events over time as JSON."""
    page_request = page_request_of(request)
    return json(await answered(request, lambda found: chart_over_time(found, page_request, by="event.category")))


async def fields(request: Request) -> Response:
    """Return the fields that events can have as JSON, those with a column first."""
    context, masking = context_of(request), viewer_of(request).masking
    described = {**context.catalogue.ecs_fields, **context.catalogue.exported_fields()}
    return json(
        [
            {
                "name": name,
                "type": described[name].type if name in described else "keyword",
                "description": described[name].description if name in described else "",
                "is_fast": name in COLUMNS,
                "is_sortable": can_sort_by(name) and not masking.hides(name),
            }
            for name in sorted(context.known, key=lambda name: (name not in COLUMNS, name))
        ]
    )


async def values(request: Request) -> Response:
    """Return the most frequent values of a field as JSON."""
    page_request = page_request_of(request)
    field = request.query_params.get("field", "")
    check_fields([field], page_request.viewer.context.known)
    return json(await answered(request, lambda connection: _values(connection, page_request, field)))


async def completions(request: Request) -> Response:
    """Return completions of the query's text as JSON."""
    page_request = page_request_of(replace_query(request))
    text = request.query_params.get("text", "")
    return json(await answered(request, lambda connection: complete(connection, page_request, text)))


def replace_query(request: Request) -> Request:
    """Return the request without its query and filters: an unfinished query can't be parsed."""
    scope = {
        **request.scope,
        "query_string": b"&".join(
            part for part in request.scope["query_string"].split(b"&") if not part.startswith((b"q=", b"filter="))
        ),
    }
    return Request(scope, request.receive)


def columns_of(request: Request, context: ConsoleContext) -> Sequence[str]:
    """Return the additional columns of a request, each once.

    Raises:
        SetupError: A field is unknown, or there are more than `MAX_COLUMNS`.
    """
    names = [name for name in request.query_params.get("columns", "").split(",") if name]
    if len(names) > MAX_COLUMNS:
        message = f"there are more than {MAX_COLUMNS} columns"
        raise SetupError(message, hint="remove some of them")
    check_fields(names, context.known)
    return list(dict.fromkeys(names))


def order_of(request: Request, masking: Masking) -> SortOrder:
    """Return the sort order of a request: `sort=-@timestamp` is newest first.

    Raises:
        SetupError: Events can't be sorted by the field, or their order would reveal masked values.
    """
    return order_by(request.query_params.get("sort", ""), masking)


def order_by(text: str, masking: Masking) -> SortOrder:
    """Parse a sort order: a field, after `-` if descending; empty is newest first.

    Raises:
        SetupError: Events can't be sorted by the field, or their order would reveal masked values.
    """
    text = text or "-@timestamp"
    order = SortOrder(text.removeprefix("-"), text.startswith("-"))
    masking.check(Condition(order.field, Operator.GREATER, ""))
    sorting_column(order)
    return order


def _values(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, field: str) -> dict[str, Any]:
    search_request, is_sample = page_request.search_request, field not in COLUMNS
    if is_sample:
        search_request = _newest(connection, search_request, page_request)
    found = top_values(connection, search_request, page_request.now, field=field, limit=_TOP)
    counted = ranked(
        page_request,
        field,
        [{**shown_value(page_request, field, value), "events": events} for value, events in found.values],
    )
    sample = _SAMPLE if is_sample else None
    return {"field": field, "values": counted, "distinct": found.distinct, "without": found.without, "sample": sample}


def _newest(
    connection: duckdb.DuckDBPyConnection, search_request: SearchRequest, page_request: PageRequest
) -> SearchRequest:
    """Return a search request for about the newest `_SAMPLE` events of another one."""
    since = newest_since(connection, search_request, page_request.now, events=_SAMPLE)
    return search_request if since is None else replace(search_request, since=since)
