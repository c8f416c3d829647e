"""Check a page against its query: a page that contradicts its query is stored, and proves nothing (promise P2).

The rules are the Compliance API's (Activity Feed, query parameters and pagination). One cheap pass over a page checks
them; only a page that seems to break a rule is examined again, because a repeat is not a contradiction.
"""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import ge, le

import msgspec

from anthropic_audit.model import Activity, FeedOrder, Filters, Page, Query
from anthropic_audit.times import EPOCH, format_time, moved

_SECOND, _MILLISECOND, _MICROSECOND = timedelta(seconds=1), timedelta(milliseconds=1), timedelta(microseconds=1)
MAX_AGE_SECONDS = 60.0
"""Upper bound on the time that a response may have been in a cache."""


class ContractRule(StrEnum):
    """The rules that a page may break."""

    ANSWER = "answer"
    CACHE = "cache"
    LIMIT = "limit"
    WINDOW = "window"
    ORDER = "order"
    FILTERS = "filters"
    IDS = "ids"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a page breaks, and a clause that says how."""

    rule: ContractRule
    what: str


@dataclass(frozen=True, slots=True)
class ExpectedStart:
    """Where a page has to continue: how far the pages before it have read, and which activities they had there."""

    edge: datetime | None = None
    """The `created_at` of the last activity in reading order, or None before the first."""
    at_edge: AbstractSet[str] = frozenset()
    """The ids of the activities that were read with this `created_at`."""
    last_id: str | None = None
    """The id of the last activity that has a time; it must come again when the next query continues by time."""
    server_time: datetime | None = None
    """The server's clock in the last page that showed it."""


def broken_rule(page: Page, query: Query, start: ExpectedStart, known: Container[str]) -> Broken | None:
    """Return the first rule of the contract that a page breaks, or None.

    Args:
        page: The page to check.
        query: The query that it answers.
        start: Where the pages before it have ended.
        known: The ids that this walk has read already; their activities may come again at any place.
    """
    if page.problem is not None:
        return Broken(ContractRule.ANSWER, page.problem)
    return (
        _stale(page, start)
        or _too_many(page, query)
        or _outside(page, query, known)
        or _out_of_order(page, query, start, known)
        or _not_selected(page.activities, query.filters)
        or _wrong_ids(page)
    )


def times_of(page: Page) -> list[datetime]:
    """Return the times of a page's activities, in the page's order; activities without a time are left out."""
    return [activity.created_at for activity in page.activities if activity.created_at != EPOCH]


def precision_of(times: list[datetime]) -> timedelta:
    """Return the coarsest unit in which all of these times can be written: a second, a millisecond or a microsecond.

    A server may select by more digits than it shows; a shown time can then be up to one unit earlier than the real one.
    """
    if any(time.microsecond % 1000 for time in times):
        return _MICROSECOND
    return _MILLISECOND if any(time.microsecond for time in times) else _SECOND


def _stale(page: Page, start: ExpectedStart) -> Broken | None:
    if page.age_seconds > MAX_AGE_SECONDS:
        return Broken(ContractRule.CACHE, f"the answer was in a cache for {page.age_seconds:.0f} seconds")
    before, now = start.server_time, page.server_time
    if before is not None and now is not None and (before - now).total_seconds() > MAX_AGE_SECONDS:
        return Broken(
            ContractRule.CACHE, f"the answer is of {format_time(now)}, the one before it of {format_time(before)}"
        )
    return None


def _too_many(page: Page, query: Query) -> Broken | None:
    if len(page.activities) <= query.limit:
        return None
    return Broken(ContractRule.LIMIT, f"{query.limit} activities were requested, and {len(page.activities)} came")


def _outside(page: Page, query: Query, known: Container[str]) -> Broken | None:
    times = times_of(page)
    if not times:
        return None
    window = query.window
    earliest = moved(window.start, -max(_MILLISECOND, precision_of(times)))
    if min(times) > earliest and max(times) < window.end:
        return None
    for one in page.activities:
        is_inside = one.created_at == EPOCH or earliest < one.created_at < window.end
        if not is_inside and one.id not in known:
            requested = f"{format_time(window.start)} to {format_time(window.end)}"
            return Broken(
                ContractRule.WINDOW, f"{one.id} is of {format_time(one.created_at)}, and {requested} was requested"
            )
    return None


def _out_of_order(page: Page, query: Query, start: ExpectedStart, known: Container[str]) -> Broken | None:
    goes_up = query.order is FeedOrder.ASCENDING
    times = times_of(page)
    follows = le if goes_up else ge
    if not times or (all(map(follows, times, times[1:])) and (start.edge is None or follows(start.edge, times[0]))):
        return None
    edge, seen = start.edge, set[str]()
    for one in page.activities:
        if one.created_at == EPOCH or one.id in known or one.id in seen:
            continue
        if edge is not None and not follows(edge, one.created_at):
            first, other = ("oldest", "a newer") if goes_up else ("newest", "an older")
            return Broken(ContractRule.ORDER, f"{first} first was requested, and {one.id} comes after {other} one")
        edge = one.created_at
        seen.add(one.id)
    return None


def _wrong_ids(page: Page) -> Broken | None:
    """Compare `first_id` and `last_id` with the activities, if they are ids and not opaque cursors."""
    if not page.activities or page.activities[0].is_malformed or page.activities[-1].is_malformed:
        return None
    first, last = page.activities[0].id, page.activities[-1].id
    compared = (("first_id", page.first_id, first), ("last_id", page.last_id, last))
    are_ids = page.first_id == first or page.last_id == last
    for name, cursor, true in compared:
        if cursor is None or cursor == true:
            continue
        if are_ids or _looks_alike(cursor, true) or any(one.id == cursor for one in page.activities):
            return Broken(
                ContractRule.IDS, f"`{name}` is {cursor}, and the page's {name.removesuffix('_id')} activity is {true}"
            )
    return None


def _looks_alike(cursor: str, identity: str) -> bool:
    """Return whether a cursor is written like an id: of the same length, with the same prefix."""
    prefix, separator, _ = identity.rpartition("_")
    return bool(separator) and len(cursor) == len(identity) and cursor.startswith(prefix + separator)


class _Actor(msgspec.Struct, frozen=True, gc=False):
    user_id: str | None = None


class _Selected(msgspec.Struct, frozen=True, gc=False):
    actor: _Actor | None = None
    organization_id: str | None = None
    organization_uuid: str | None = None


_selected = msgspec.json.Decoder(_Selected)


def _not_selected(activities: tuple[Activity, ...], filters: Filters) -> Broken | None:
    for one in activities:
        reason = _why_excluded(one, filters) if filters != _EVERYTHING else None
        if reason is not None:
            return Broken(ContractRule.FILTERS, f"{one.id} was not requested: {reason}")
    return None


_EVERYTHING = Filters()


def _why_excluded(activity: Activity, filters: Filters) -> str | None:
    """Return why these filters exclude an activity, by the activity's own members; None when they may select it."""
    if activity.is_malformed:
        return None
    if filters.activity_types and activity.type not in filters.activity_types:
        return f"its type is {activity.type}"
    if activity.type in filters.exclude_activity_types:
        return f"its type {activity.type} is excluded"
    return _wrong_owner(activity, filters) if filters.actor_ids or filters.organization_ids else None


def _wrong_owner(activity: Activity, filters: Filters) -> str | None:
    try:
        owner = _selected.decode(activity.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    user = owner.actor.user_id if owner.actor is not None else None
    if filters.actor_ids and user is not None and user not in filters.actor_ids:
        return f"its actor is {user}"
    own = {name.lower() for name in (owner.organization_id, owner.organization_uuid) if name}
    if filters.organization_ids and own and not _may_be_among(own, {name.lower() for name in filters.organization_ids}):
        return f"its organization is {', '.join(sorted(own))}"
    return None


def _may_be_among(own: AbstractSet[str], requested: AbstractSet[str]) -> bool:
    """Return whether an organization can be one of the requested; an id can't be compared with a UUID."""
    if own & requested:
        return True
    return not {name.startswith("org_") for name in own} & {name.startswith("org_") for name in requested}
