"""Paged lists with page tokens, as all list endpoints but the Activity Feed return them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from .cursors import CursorSeal
from .directory import Record
from .feed_query import read_limit
from .http import bad_request

_MAX_LIMIT, _DEFAULT_LIMIT = 1000, 100
_PREFIX = "page_"
_GENERATION = 0


def list_page(records: Sequence[Record], path: str, query: Sequence[tuple[str, str]], seal: CursorSeal) -> bytes:
    """Return the body of one page of a list, as JSON.

    Raises:
        RefusalError: A parameter is unknown or breaks its rule (400).
    """
    parameters = dict(query)
    unknown = sorted(parameters.keys() - {"page", "limit"})
    if unknown or len(parameters) != len(query):
        message = f"Unknown parameter: {unknown[0][:100]}" if unknown else "Each parameter may be given once only"
        raise bad_request(message)
    limit = read_limit(parameters.get("limit"), default=_DEFAULT_LIMIT, maximum=_MAX_LIMIT)
    start = _position(parameters["page"], path, seal) if "page" in parameters else 0
    end = start + limit
    more = end < len(records)
    next_page = _PREFIX + seal.issue((end, path.encode()), _GENERATION) if more else None
    return orjson.dumps({"data": records[start:end], "has_more": more, "next_page": next_page})


def _position(token: str, path: str, seal: CursorSeal) -> int:
    position, list_path = seal.read(token.removeprefix(_PREFIX), _GENERATION)
    if list_path != path.encode() or not token.startswith(_PREFIX):
        message = "Invalid page token"
        raise bad_request(message)
    return position
