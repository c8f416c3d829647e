"""The query strings of pages, parsed and written: period, query and filters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.query import AllOf, Query, SearchRequest, parse_kql, weight_of
from anthropic_audit.times import moved, parse_time

SINCE: Final = "now-7d"
UNTIL: Final = "now"
MAX_FILTERS: Final = 50
MAX_QUERY_WEIGHT: Final = 2_000
"""Upper bound on the fields of each event that a query reads: a batch of 2,000 events can't be interrupted."""
MAX_BUCKETS: Final = 90
"""Upper bound on the number of time buckets in a chart."""

_STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2592000)
)

Parameters = Sequence[tuple[str, str]]
"""Names and values of a query string, in their order."""


@dataclass(frozen=True, slots=True)
class UrlQuery:
    """A period, a query and filters as text, not yet parsed."""

    since: str = SINCE
    until: str = UNTIL
    text: str = ""
    filters: tuple[str, ...] = ()

    def parameters(self) -> Parameters:
        """Return the parameters of a URL that shows this; defaults are left out."""
        found = [("from", self.since)] if self.since != SINCE else []
        found += [("to", self.until)] if self.until != UNTIL else []
        found += [("q", self.text)] if self.text else []
        return [*found, *(("filter", one) for one in self.filters)]

    def address(self, path: str, *more: tuple[str, str]) -> str:
        """Return the URL of a page that shows this, with further parameters."""
        parameters = [*self.parameters(), *more]
        return f"{path}?{urlencode(parameters)}" if parameters else path


@dataclass(frozen=True, slots=True)
class Period:
    """A period from `since` (included) to `until` (excluded)."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Period:
        """The previous period of the same length; it begins no earlier than the calendar does."""
        return Period(moved(self.since, self.since - self.until), self.since)

    @property
    def step(self) -> timedelta:
        """Length of a time bucket in charts: the shortest that gives at most `MAX_BUCKETS`."""
        span = self.until - self.since
        return next((step for step in _STEPS if span / step <= MAX_BUCKETS), _STEPS[-1])


def read_url_query(parameters: Parameters) -> UrlQuery:
    """Parse a query string; unknown parameters are ignored.

    Raises:
        SetupError: There are too many filters.
    """
    last = dict(parameters)
    filters = tuple(dict.fromkeys(value for name, value in parameters if name == "filter" and value.strip()))
    if len(filters) > MAX_FILTERS:
        message = f"there are more than {MAX_FILTERS} filters"
        raise SetupError(message, hint="combine them into one query")
    return UrlQuery(last.get("from") or SINCE, last.get("to") or UNTIL, last.get("q", "").strip(), filters)


def period(url_query: UrlQuery, now: datetime) -> Period:
    """Return the start and end of a period.

    Raises:
        SetupError: The start or end is not a time, or the period ends before it starts.
    """
    since, until = parse_time(url_query.since, now), parse_time(url_query.until, now)
    if since >= until:
        message = f"the period ends before it starts: from {url_query.since} to {url_query.until}"
        raise SetupError(message, hint="now-7d to now is the last week")
    return Period(since, until)


def query(url_query: UrlQuery, known: Collection[str], now: datetime) -> Query:
    """Return the query and all filters, parsed and joined by `and`.

    Raises:
        QueryError: The query or a filter can't be parsed, or they compare too many fields.
    """
    parts = [parse_kql(url_query.text, known, now)]
    for one in url_query.filters:
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


def search_request(span: Period, wanted: Query) -> SearchRequest:
    """Return the search request for a period and a query."""
    return SearchRequest(span.since, span.until, query=wanted)
