"""Queries of the Activity Feed: every documented parameter and rule (Compliance API, List activities)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from anthropic_audit.model import FeedOrder

from .cursors import Key
from .http import bad_request
from .index import IndexSpan
from .timeline import microseconds

MAX_PAGE_ACTIVITIES = 5000
_DEFAULT_LIMIT = 100
_NUMBER = re.compile(r"[0-9]{1,9}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)

_TYPES = "activity_types[]"
_EXCLUDED = "exclude_activity_types[]"
_ORGANIZATIONS = "organization_ids[]"
_ACTORS = ("actor_ids[]", "user_ids[]")
_LISTS = frozenset({_TYPES, _EXCLUDED, _ORGANIZATIONS, *_ACTORS})
_BOUNDS = ("created_at.gt", "created_at.gte", "created_at.lt", "created_at.lte")
_PLAIN = frozenset({*_BOUNDS, "limit", "order", "after_id", "before_id"})


@dataclass(frozen=True, slots=True)
class QueryRules:
    """The parameters and values that a server accepts: activity types, cursors, and whether the newer parameters."""

    types: Collection[str]
    read_cursor: Callable[[str], Key]
    has_order: bool = True
    has_exclude: bool = True


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """The parameters of a valid request."""

    span: IndexSpan
    order: FeedOrder
    limit: int
    after: Key | None
    before: Key | None
    types: tuple[str, ...]
    excluded_types: tuple[str, ...]
    actors: tuple[str, ...]
    organizations: tuple[str, ...]


def read_query(query: Sequence[tuple[str, str]], rules: QueryRules) -> FeedQuery:
    """Return the parameters of a request, given as pairs of name and value.

    Raises:
        RefusalError: A parameter breaks a rule (400).
    """
    lists, plain = _grouped(query, rules)
    types, excluded = lists[_TYPES], lists[_EXCLUDED]
    if types and excluded:
        message = f"{_TYPES} and {_EXCLUDED} cannot be used together"
        raise bad_request(message)
    if "after_id" in plain and "before_id" in plain:
        message = "Only one of after_id and before_id may be given"
        raise bad_request(message)
    for name in (*types, *excluded):
        if name not in rules.types:
            message = f"Unknown activity type: {name[:100]}"
            raise bad_request(message)
    return FeedQuery(
        span=_span(plain),
        order=_order(plain.get("order")),
        limit=read_limit(plain.get("limit"), default=_DEFAULT_LIMIT, maximum=MAX_PAGE_ACTIVITIES),
        after=rules.read_cursor(plain["after_id"]) if "after_id" in plain else None,
        before=rules.read_cursor(plain["before_id"]) if "before_id" in plain else None,
        types=tuple(types),
        excluded_types=tuple(excluded),
        actors=tuple(value for name in _ACTORS for value in lists[name]),
        organizations=tuple(lists[_ORGANIZATIONS]),
    )


def _grouped(query: Sequence[tuple[str, str]], rules: QueryRules) -> tuple[defaultdict[str, list[str]], dict[str, str]]:
    known = _LISTS | _PLAIN
    if not rules.has_order:
        known -= {"order"}
    if not rules.has_exclude:
        known -= {_EXCLUDED}
    lists: defaultdict[str, list[str]] = defaultdict(list)
    plain: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            message = f"Unknown parameter: {name[:100]}"
            raise bad_request(message)
        if name in _LISTS:
            lists[name].append(value)
        elif name in plain:
            message = f"{name} may be given once only"
            raise bad_request(message)
        else:
            plain[name] = value
    return lists, plain


def read_limit(text: str | None, *, default: int, maximum: int) -> int:
    """Return the value of the parameter `limit`.

    Raises:
        RefusalError: The value is not a number from 1 to the maximum (400).
    """
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= maximum:
        message = f"limit must be a number from 1 to {maximum}"
        raise bad_request(message)
    return int(text)


def _order(text: str | None) -> FeedOrder:
    try:
        return FeedOrder.DESCENDING if text is None else FeedOrder(text)
    except ValueError as error:
        message = "order must be asc or desc"
        raise bad_request(message) from error


def _span(plain: Mapping[str, str]) -> IndexSpan:
    span = IndexSpan()
    for name in _BOUNDS:
        if name in plain:
            span = span.within(_half(name, plain[name]))
    return span


def _half(name: str, text: str) -> IndexSpan:
    """Return the span that a bound leaves; activities are ordered by whole microseconds."""
    edge = _moment(name, text)
    if name in {"created_at.gt", "created_at.lte"}:
        edge += 1
    return IndexSpan(low=(edge, b"")) if name in {"created_at.gt", "created_at.gte"} else IndexSpan(high=(edge, b""))


def _moment(name: str, text: str) -> int:
    try:
        if _TIME.fullmatch(text):
            return microseconds(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        pass
    message = f"{name} must be an RFC 3339 timestamp with an offset"
    raise bad_request(message)
