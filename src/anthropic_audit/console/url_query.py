"""What a page is asked for: the query string of its address, read; and addresses, written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.search import AllOf, Query, SearchRequest, parse_kql, weight_of
from anthropic_audit.times import moved, parse_time

SINCE: Final = "now-7d"
UNTIL: Final = "now"
MAX_FILTERS: Final = 50
MAX_QUERY_WEIGHT: Final = 2_000
"""So many fields of each event a query may read: a question can't be given up while it compares two thousand events."""
MAX_BUCKETS: Final = 90
"""So many stretches a chart over time has at most."""

_STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2592000)
)

Parameters = Sequence[tuple[str, str]]
"""A query string, taken apart."""


@dataclass(frozen=True, slots=True)
class UrlQuery:
    """A period and a query, as they were written."""

    since: str = SINCE
    until: str = UNTIL
    text: str = ""
    filters: tuple[str, ...] = ()

    def parameters(self) -> Parameters:
        """Return what stands for it in an address; what is as by default is left out."""
        found = [("from", self.since)] if self.since != SINCE else []
        found += [("to", self.until)] if self.until != UNTIL else []
        found += [("q", self.text)] if self.text else []
        return [*found, *(("filter", one) for one in self.filters)]

    def address(self, path: str, *more: tuple[str, str]) -> str:
        """Return the address of a page that shows this."""
        parameters = [*self.parameters(), *more]
        return f"{path}?{urlencode(parameters)}" if parameters else path


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, and the step in which a chart shows it."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Period:
        """The period of the same length before it, as far as the calendar goes."""
        return Period(moved(self.since, self.since - self.until), self.since)

    @property
    def step(self) -> timedelta:
        """The smallest step of which there are not too many."""
        span = self.until - self.since
        return next((step for step in _STEPS if span / step <= MAX_BUCKETS), _STEPS[-1])


def read_url_query(parameters: Parameters) -> UrlQuery:
    """Read a query string; what is not ours in it is left alone.

    Raises:
        SetupError: There are too many filters.
    """
    last = dict(parameters)
    filters = tuple(dict.fromkeys(value for name, value in parameters if name == "filter" and value.strip()))
    if len(filters) > MAX_FILTERS:
        message = f"there are more than {MAX_FILTERS} filters"
        raise SetupError(message, hint="combine them into one query")
    return UrlQuery(last.get("from") or SINCE, last.get("to") or UNTIL, last.get("q", "").strip(), filters)


def period(asked: UrlQuery, now: datetime) -> Period:
    """Return when an asked period is.

    Raises:
        SetupError: One of its ends is no time, or it ends before it starts.
    """
    since, until = parse_time(asked.since, now), parse_time(asked.until, now)
    if since >= until:
        message = f"the period ends before it starts: from {asked.since} to {asked.until}"
        raise SetupError(message, hint="now-7d to now is the last week")
    return Period(since, until)


def query(asked: UrlQuery, known: Collection[str], now: datetime) -> Query:
    """Return what events have to be like.

    Raises:
        QueryError: The query, or a filter, can't be read.
    """
    parts = [parse_kql(asked.text, known, now)]
    for one in asked.filters:
        try:
            parts.append(parse_kql(one, known, now))
        except QueryError as error:
            message = f"the filter `{one}` can't be read: {error}"
            raise QueryError(message, hint=error.hint) from error
    wanted = AllOf(tuple(parts))
    if weight_of(wanted) > MAX_QUERY_WEIGHT:
        message = "the query compares too many fields"
        raise QueryError(message, hint="use fewer words without a field and fewer field patterns")
    return wanted


def question(asked: Period, wanted: Query) -> SearchRequest:
    """Return what the archive is asked."""
    return SearchRequest(asked.since, asked.until, query=wanted)
