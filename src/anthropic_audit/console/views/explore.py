"""Explore: all events that fit, page by page, with their fields."""

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
from anthropic_audit.console.masking import Masking
from anthropic_audit.console.query_completion import complete
from anthropic_audit.errors import SetupError
from anthropic_audit.search import (
    Condition,
    Operator,
    SearchRequest,
    SortOrder,
    check_fields,
    newest_since,
    page,
    top_values,
)
from anthropic_audit.search.fields import COLUMNS
from anthropic_audit.search.paging import can_sort_by, sorting_column

from .layout import json
from .layout import page as rendered
from .overview import chart_over_time, ranked, told
from .rows import shown_row

PAGE_SIZE: Final = 50
MAX_COLUMNS: Final = 30
_TOP: Final = 10
_SAMPLE: Final = 5_000
"""Of a field without a column, the values of so many of the newest events are counted."""


async def explore(request: Request) -> Response:
    """Show the page; its parts ask for themselves."""
    return rendered(request, "explore.html", title="Explore")


async def events(request: Request) -> Response:
    """Answer a page of events."""
    wish, place = page_request_of(request), context_of(request)
    columns, order = columns_of(request, place), order_of(request, wish.viewer.lens)
    after = request.query_params.get("after", "")

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        found = page(connection, wish.question, wish.now, order=order, size=PAGE_SIZE, after=after)
        return {"rows": [shown_row(wish.viewer, hit, columns) for hit in found.hits], "next": found.next}

    return json(await answered(request, ask))


async def histogram(request: Request) -> Response:
    """Answer how many events there are, over time."""
    wish = page_request_of(request)
    return json(await answered(request, lambda found: chart_over_time(found, wish, by="event.category")))


async def fields(request: Request) -> Response:
    """Answer the fields that events can have."""
    place, lens = context_of(request), viewer_of(request).lens
    described = {**place.catalogue.ecs_fields, **place.catalogue.exported_fields()}
    return json(
        [
            {
                "name": name,
                "type": described[name].type if name in described else "keyword",
                "description": described[name].description if name in described else "",
                "is_fast": name in COLUMNS,
                "is_sortable": can_sort_by(name) and not lens.hides(name),
            }
            for name in sorted(place.known, key=lambda name: (name not in COLUMNS, name))
        ]
    )


async def values(request: Request) -> Response:
    """Answer the most frequent values of a field."""
    wish = page_request_of(request)
    field = request.query_params.get("field", "")
    check_fields([field], wish.viewer.place.known)
    return json(await answered(request, lambda connection: _values(connection, wish, field)))


async def completions(request: Request) -> Response:
    """Answer how a query may go on."""
    wish = page_request_of(replace_query(request))
    text = request.query_params.get("text", "")
    return json(await answered(request, lambda connection: complete(connection, wish, text)))


def replace_query(request: Request) -> Request:
    """Return the request without its query, which is being written and can't be read yet."""
    scope = {
        **request.scope,
        "query_string": b"&".join(
            part for part in request.scope["query_string"].split(b"&") if not part.startswith((b"q=", b"filter="))
        ),
    }
    return Request(scope, request.receive)


def columns_of(request: Request, place: ConsoleContext) -> Sequence[str]:
    """Return the further columns that are asked for.

    Raises:
        SetupError: There is no such field, or there are too many.
    """
    names = [name for name in request.query_params.get("columns", "").split(",") if name]
    if len(names) > MAX_COLUMNS:
        message = f"there are more than {MAX_COLUMNS} columns"
        raise SetupError(message, hint="remove some of them")
    check_fields(names, place.known)
    return list(dict.fromkeys(names))


def order_of(request: Request, lens: Masking) -> SortOrder:
    """Return how events are to be sorted: `sort=-@timestamp` is newest first.

    Raises:
        SetupError: By this, they can't be; or their order would tell what is masked.
    """
    return order_by(request.query_params.get("sort", ""), lens)


def order_by(text: str, lens: Masking) -> SortOrder:
    """Read how events are to be sorted.

    Raises:
        SetupError: By this, they can't be; or their order would tell what is masked.
    """
    text = text or "-@timestamp"
    order = SortOrder(text.removeprefix("-"), text.startswith("-"))
    lens.check(Condition(order.field, Operator.GREATER, ""))
    sorting_column(order)
    return order


def _values(connection: duckdb.DuckDBPyConnection, wish: PageRequest, field: str) -> dict[str, Any]:
    question, is_sample = wish.question, field not in COLUMNS
    if is_sample:
        question = _newest(connection, question, wish)
    found = top_values(connection, question, wish.now, field=field, limit=_TOP)
    counted = ranked(wish, field, [{**told(wish, field, value), "events": events} for value, events in found.values])
    sample = _SAMPLE if is_sample else None
    return {"field": field, "values": counted, "distinct": found.distinct, "without": found.without, "sample": sample}


def _newest(connection: duckdb.DuckDBPyConnection, question: SearchRequest, wish: PageRequest) -> SearchRequest:
    """Narrow a question to about its newest events."""
    since = newest_since(connection, question, wish.now, events=_SAMPLE)
    return question if since is None else replace(question, since=since)
