"""Run a search slice by slice, so that memory holds few matches and the first ones come early."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from ipaddress import ip_address
from itertools import islice
from typing import Any

import duckdb
import orjson

from anthropic_audit.archive.duck import translated
from anthropic_audit.documents import value_at

from .ast import conditions_of
from .conditions import Condition, Network
from .slices import SliceSizing, slices
from .sql import Clause, SearchRequest, elements, where

_BATCH_ROWS = 1_000
_MIN_SLICED_ROWS = 1_000
"""Up to this limit, DuckDB keeps only the first rows of a day while it reads the rest."""


@dataclass(frozen=True)
class SearchHit:
    """A matching event."""

    seq: int
    feed: str
    document: str
    """The whole ECS document as JSON."""

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The parsed document."""
        read: dict[str, Any] = orjson.loads(self.document)
        return read

    def value(self, name: str) -> object:
        """Return the value of a field by its dotted name, or None."""
        if name in {"seq", "feed"}:
            return self.seq if name == "seq" else self.feed
        found: object = value_at(self.fields, name)
        return found


def run(connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime) -> Iterator[SearchHit]:
    """Yield the matching events, newest first unless requested otherwise, those of equal time by `seq`.

    Raises:
        SetupError: A value does not fit its field.
        ArchiveError: The archive can't be read.
    """
    with translated():
        clause = compiled(connection, request, now)
        if request.limit is None or request.limit > _MIN_SLICED_ROWS:
            yield from islice(_all_hits(connection, clause, request), request.limit)
            return
        left = request.limit
        for day in days_of(connection, request):
            for hit in _hits(connection, clause, Clause("day = CAST(? AS DATE)", (day,)), replace(request, limit=left)):
                yield hit
                left -= 1
            if left == 0:
                return


def _all_hits(connection: duckdb.DuckDBPyConnection, clause: Clause, request: SearchRequest) -> Iterator[SearchHit]:
    """Yield all matching events, slice by slice, so that memory holds no more than one slice's documents."""
    sizing, unlimited = SliceSizing(), replace(request, limit=None)
    for day, events in _counted_days(connection, request):
        for part in slices(connection, day, events, sizing, oldest_first=request.oldest_first):
            chars = 0
            for hit in _hits(connection, clause, part.clause, unlimited):
                chars += len(hit.document)
                yield hit
            sizing.note(part.rows, chars)


def compiled(connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime) -> Clause:
    """Compile a search to an SQL condition, after looking up the addresses in its networks.

    Raises:
        SetupError: A value does not fit its field.
    """
    return where(replace(request, addresses=_addresses(connection, request, now)), now)


def days_of(connection: duckdb.DuckDBPyConnection, request: SearchRequest) -> list[date]:
    """Return the UTC days of a search's span that have events, in the search's order."""
    span = where(SearchRequest(since=request.since, until=request.until))
    direction = "ASC" if request.oldest_first else "DESC"
    sql = f"SELECT DISTINCT day FROM events WHERE {span.sql} ORDER BY day {direction}"  # noqa: S608 - our own text
    return [row[0] for row in connection.execute(sql, list(span.parameters)).fetchall()]


def _counted_days(connection: duckdb.DuckDBPyConnection, request: SearchRequest) -> list[tuple[date, int]]:
    """Return the days of a search's span in the search's order, each with the number of its events."""
    first, last = request.since and request.since.date(), request.until and request.until.date()
    direction = "ASC" if request.oldest_first else "DESC"
    sql = (
        "SELECT day, count(*) FROM events WHERE day >= coalesce(CAST($first AS DATE), day) "  # noqa: S608 - our own text
        f"AND day <= coalesce(CAST($last AS DATE), day) GROUP BY day ORDER BY day {direction}"
    )
    return connection.execute(sql, {"first": first, "last": last}).fetchall()


def _hits(
    connection: duckdb.DuckDBPyConnection, clause: Clause, part: Clause, request: SearchRequest
) -> Iterator[SearchHit]:
    """Yield the matching events of one part of a day."""
    direction = "ASC" if request.oldest_first else "DESC"
    limit = "" if request.limit is None else f"LIMIT {request.limit:d}"
    sql = (
        f"SELECT seq, feed, document FROM events WHERE {part.sql} AND {clause.sql} "  # noqa: S608 - our own
        f"ORDER BY timestamp {direction}, seq {direction} {limit}"
    )
    found = connection.cursor().execute(sql, [*part.parameters, *clause.parameters])
    while rows := found.fetchmany(_BATCH_ROWS):
        for seq, feed, document in rows:
            yield SearchHit(seq, feed, document)


def _addresses(
    connection: duckdb.DuckDBPyConnection, request: SearchRequest, now: datetime
) -> dict[Condition, tuple[str, ...]]:
    """Return the archive's addresses that lie in each network of a search."""
    conditions = (*request.conditions, *conditions_of(request.query))
    span = where(SearchRequest(request.since, request.until), now)
    return {one: _inside(connection, one, network, span) for one in conditions if (network := one.network) is not None}


def _inside(
    connection: duckdb.DuckDBPyConnection, condition: Condition, network: Network, span: Clause
) -> tuple[str, ...]:
    found = elements(condition.field)
    sql = f"SELECT DISTINCT unnest({found.sql}) FROM events WHERE {span.sql}"  # noqa: S608 - our own text
    rows = connection.execute(sql, [*found.parameters, *span.parameters]).fetchall()
    return tuple(text for (text,) in rows if _is_inside(text, network))


def _is_inside(text: str | None, network: Network) -> bool:
    try:
        return text is not None and ip_address(text) in network
    except ValueError:
        return False
