"""A query in KQL: it is refused with a column inside the query, or answered."""

from __future__ import annotations

from typing import Final

from tests.fuzz.events import CONNECTION, KNOWN, NOW

from anthropic_audit.errors import QueryError
from anthropic_audit.query import SearchRequest, parse_kql, run, weight_of

SHORT_RUNS: Final = 400
TOKENS: Final = (
    b" and ",
    b" or ",
    b"not ",
    b" : ",
    b"(",
    b")",
    b'"',
    b"*",
    b"\\",
    b"\\u00e9",
    b"\\*",
    b"<=",
    b">",
    b"@timestamp",
    b"event.action",
    b"source.ip",
    b"10.0.0.0/8",
    b"2001:db8::/32",
    b"http.response.status_code",
    b"anthropic.audit.metadata.x",
    b"now-1h/d",
    b"1e999",
    b"9" * 400,
    b"seq",
    b"feed",
    b"{",
    b"e\xcc\x81",
    b"\xff",
    b"\xe2\x80\xae",
)
_MAX_WEIGHT: Final = 400
"""Queries that read more fields of each event than this are only parsed."""


def check(data: bytes) -> None:
    """Parse a query, and run it."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        query = parse_kql(text, KNOWN, NOW)
        if weight_of(query) <= _MAX_WEIGHT:
            list(run(CONNECTION, SearchRequest(query=query), NOW))
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1, "a column outside of the query"
        str(error).encode("utf-8", "surrogateescape")
