"""How far a window is read, and which query continues from there: decided from pages alone, without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from anthropic_audit.errors import FeedStalledError
from anthropic_audit.model import Activity, FeedOrder, Page, Query, Window
from anthropic_audit.times import EPOCH, moved

from .contract import Broken, ContractRule, ExpectedStart, broken_rule, precision_of, times_of

MAX_LIMIT = 5000
"""Upper bound on `limit`, the number of activities in one page (Compliance API, List activities)."""

MAX_EMPTY_PAGES = 100
"""The number of pages in a row without a new activity after which a window is given up."""

MAX_AT_ONE_MOMENT = 100_000
"""The number of activities without progress in time after which a window is given up.

At least `MIN_PAGES_AT_ONE_MOMENT` pages must have passed as well.
"""

MIN_PAGES_AT_ONE_MOMENT = 20
MAX_JOIN_TRIES = 3
"""How often a page that does not continue where the one before ended is requested again."""

_REMEMBERED_PAGES = 20
_REMEMBERED_ANSWERS = 1000
_SURE = 100
"""The number of activities after the first page that proves that it was the first (or `limit`, if that is more)."""
_SECOND, _MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
_SETTLE = timedelta(seconds=60)
"""Younger activities may have arrived while the window was read (Compliance API: queryable within a minute)."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page, and the state of reading after it."""

    page: Page
    """The page without activities that were read before with the same bytes."""
    reached: datetime | None
    """How far the window was read, in the query's order; None before the first activity with a time."""
    broken: Broken | None
    """The first rule of the contract that this page or one before it breaks."""
    is_doubtful: bool = False
    """True when too few activities came after the first page to prove that it was the first: claim nothing yet."""


class Recent:
    """The ids of the activities in the last pages, with the digests of their bytes."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes] = {}
        self._pages: deque[Sequence[str]] = deque()

    def __contains__(self, identity: object) -> bool:
        return identity in self._digests

    def remember(self, activities: Sequence[Activity]) -> None:
        """Add a page; drop the oldest page above `_REMEMBERED_PAGES`."""
        if len(self._pages) == _REMEMBERED_PAGES:
            for identity in self._pages.popleft():
                self._digests.pop(identity, None)
        self._pages.append([one.id for one in activities])
        self._digests.update((one.id, one.sha256) for one in activities)

    def without_repeats(self, activities: Sequence[Activity]) -> list[Activity]:
        """Return the activities that were not read before, or were read with other bytes."""
        digests = self._digests
        return [one for one in activities if digests.get(one.id) != one.sha256]


class RecentRequestIds:
    """The last responses of a walk by request-id: a cache that serves one of them again also serves its request-id."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Query, int]] = {}
        self._are_ids_reused = False

    def copied(self, page: Page, query: Query) -> Broken | None:
        """Return the rule that a page breaks if it is the response to another query of this walk; remember the page.

        A gateway that gives the same request-id to different responses identifies none of them: copies can't be
        detected then, and the result is None.
        """
        if page.request_id is None:
            return None
        content = hash((page.has_more, *(one.sha256 for one in page.activities)))
        if len(self._known) == _REMEMBERED_ANSWERS:
            del self._known[next(iter(self._known))]
        first_query, earlier = self._known.setdefault(page.request_id, (query, content))
        self._are_ids_reused = self._are_ids_reused or earlier != content
        if self._are_ids_reused or first_query == query:
            return None
        return Broken(ContractRule.CACHE, "the answer is a copy of the answer to another query, with its request-id")


class Reading:
    """How far a window is read, and what the next query needs."""

    def __init__(self, question: Query, answers: RecentRequestIds) -> None:
        self.question = question
        self.edge: datetime | None = None
        self.max_limit = MAX_LIMIT
        self.resumes = 0
        self.join_tries = 0
        self.has_lost_its_place = False
        """True when the last page should have had the activity that was read last, and did not."""
        self.has_progress = False
        """True when the last page had an activity that was not read before, or one of a later time."""
        self.is_past_moment = False
        """True when the last page, requested by cursor, has activities beyond the edge: they are read again by time."""
        self.empty_pages = 0
        """The number of pages in a row without any activity."""
        self._broken: Broken | None = None
        self._joint = ExpectedStart()
        self._unit = _MILLISECOND
        self._first: tuple[datetime, datetime] | None = None
        """The times of the first and the last activity of the first page that has any."""
        self._at_first = set[str]()
        """The ids that were read within a second of the first activity."""
        self._answers = answers
        self._promise: Query | None = None
        """The query by cursor for the activities that the last `has_more` announced, until a new activity comes."""
        self._recent = Recent()
        self._cursors: set[str] = set()
        self._follows_cursor = False
        """True when the server sends empty pages, so that only its cursors lead on."""
        self._pages = self._beyond_first = 0
        self._idle_pages = self._still_pages = self._still_activities = 0

    def take(self, page: Page, query: Query) -> ReadPage:
        """Check a page against its query, and take over how far it reads."""
        broken = broken_rule(page, query, self._joint, self._recent) or self._answers.copied(page, query)
        fresh = self._recent.without_repeats(page.activities)
        self._note_join(page, query, has_fresh=bool(fresh))
        if self.has_lost_its_place and self.join_tries > MAX_JOIN_TRIES and broken is None:
            broken = Broken(ContractRule.JOIN, f"the page after {self._joint.last_id} does not join on to it")
        self._broken = self._broken or broken
        self._follows_cursor = self._follows_cursor or self.is_broken
        self._recent.remember(page.activities)
        if not self.has_lost_its_place or self.join_tries > MAX_JOIN_TRIES:
            self._move(page, query, fresh)
        return ReadPage(replace(page, activities=tuple(fresh)), self.edge, self._broken, is_doubtful=self._is_doubtful)

    def take_proof(self, other: ReadPage) -> ReadPage:
        """Take over a page of `other_side`: if it has a new activity, the server did not keep the order."""
        fresh = self._recent.without_repeats(other.page.activities)
        fresh = [one for one in fresh if one.id in self._recent or one.id not in self._at_first]
        self._broken = self._broken or other.broken
        if fresh and self._broken is None:
            message = f"{fresh[0].id} should have come before the first activity that was served"
            self._broken = Broken(ContractRule.ORDER, message)
        return ReadPage(replace(other.page, activities=tuple(fresh)), self.edge, self._broken)

    def by_time(self) -> Query:
        """Return the query that continues at the edge; its limit has room for the activities that were read there."""
        if self.edge is None:
            return replace(self.question, after_id=None)
        limit = min(self.max_limit, self.question.limit + len(self._joint.at_edge))
        window = self._from(self._near_edge(self.edge))
        return replace(self.question, window=window or self.question.window, limit=limit, after_id=None)

    def strictly_after(self) -> Query | None:
        """Return the query for activities after the time of the edge, or None when the window ends there."""
        if self.edge is None:
            return None
        self._joint = replace(self._joint, at_edge=frozenset(), last_id=None)
        behind = moved(self.edge, self._unit) if self._goes_up else self.edge
        window = self._from(behind)
        return None if window is None else replace(self.question, window=window, after_id=None)

    def by_cursor(self, page: Page) -> Query | None:
        """Return the query that continues by the page's cursor, or None when it has none, or a used one."""
        if page.last_id is None or page.last_id in self._cursors:
            self._cursors.clear()
            return None
        self._cursors.add(page.last_id)
        self._follows_cursor = self._follows_cursor or not page.activities
        window = self.question.window if self.edge is None else self._from(self._near_edge(self.edge))
        return replace(self.question, window=window or self.question.window, after_id=page.last_id)

    def promised(self) -> Query | None:
        """Return the query for activities that `has_more` announced and that did not come by time, or None.

        It is returned once. A server that ignores `order` has these activities on the other side of the window.
        """
        promise, self._promise = self._promise, None
        return None if self.is_broken or not self._is_doubtful else promise

    def other_side(self, now: datetime) -> list[Query]:
        """Return the queries that show whether reading began at the right end; none where that is certain.

        Activities that should have come before the first one are older (newer in descending order), or of the same
        time.
        """
        is_doubtful = self._pages > 1 and self._is_doubtful
        if not is_doubtful or self._first is None or self._broken is not None:
            return []
        window, first = self.question.window, _cut(self._first[0])
        behind = moved(first, max(self._unit, _MILLISECOND))
        settled = min(window.end, moved(now, -_SETTLE))
        other = (window.start, first) if self._goes_up else (behind, settled)
        moment = max(window.start, first), min(settled, behind)
        limits = 1, min(self.max_limit, len(self._at_first) + 1)
        return [
            replace(self.question, window=Window(start, end), limit=limit, after_id=None)
            for (start, end), limit in zip((other, moment), limits, strict=True)
            if start < end
        ]

    def check_progress(self) -> None:
        """Check that the server advances.

        Raises:
            FeedStalledError: It has not advanced for too many pages and activities.
        """
        is_long = self._still_pages > MIN_PAGES_AT_ONE_MOMENT and self._still_activities > MAX_AT_ONE_MOMENT
        if is_long or self._idle_pages > MAX_EMPTY_PAGES:
            message = f"the feed sends more pages and does not advance beyond {self.edge or self.question.window.start}"
            raise FeedStalledError(message, hint="the window is tried again at the next interval")

    @property
    def is_broken(self) -> bool:
        """True when a page has contradicted its query: the rest of the window is still read and stored, not claimed."""
        return self._broken is not None

    @property
    def _is_doubtful(self) -> bool:
        """True while too few activities came after the first page to prove that it was the first."""
        return self._beyond_first < max(self.question.limit, _SURE)

    @property
    def _goes_up(self) -> bool:
        return self.question.order is FeedOrder.ASCENDING

    def _note_join(self, page: Page, query: Query, *, has_fresh: bool) -> None:
        """Record whether the page has the activity that was read last, if it has to."""
        wanted = self._joint.last_id
        goes_on = has_fresh or not page.has_more or self._farthest(self._times_inside(page)) != self.edge
        is_due = wanted is not None and query.after_id is None and goes_on
        self.has_lost_its_place = is_due and all(one.id != wanted for one in page.activities)
        self.join_tries = self.join_tries + 1 if self.has_lost_its_place else 0

    def _move(self, page: Page, query: Query, fresh: list[Activity]) -> None:
        """Take over how far a page reads; a page requested by cursor counts only within the edge's own time."""
        self._pages += 1
        self.empty_pages = 0 if page.activities else self.empty_pages + 1
        self._idle_pages = 0 if fresh else self._idle_pages + 1
        times = self._times_inside(page)
        self._note_first(page, times)
        edge = self._farthest(times)
        has_moved = edge != self.edge
        self.is_past_moment = has_moved and query.after_id is not None and not self._follows_cursor
        self.has_progress = bool(fresh) or (has_moved and not self.is_past_moment)
        self._joint = replace(self._joint, server_time=page.server_time or self._joint.server_time)
        if page.has_more and page.last_id is not None:
            self._promise = replace(query, limit=self.question.limit, after_id=page.last_id)
        elif fresh:
            self._promise = None
        if has_moved and not self.is_past_moment:
            self._still_pages = self._still_activities = self.resumes = 0
            self._cursors.clear()
            self._follows_cursor = self.is_broken
            self._unit = precision_of(times)
        else:
            self._still_pages, self._still_activities = self._still_pages + 1, self._still_activities + len(fresh)
        if edge is not None and not self.is_past_moment:
            self._set_edge(edge, page)

    def _note_first(self, page: Page, times: list[datetime]) -> None:
        """Record the activities at the time of the first one and after the first page, while the start is in doubt."""
        if not times or not self._is_doubtful:
            return
        if self._first is None:
            self._first = times[0], times[-1]
        else:
            last = self._first[1]
            self._beyond_first += sum((time > last if self._goes_up else time < last) for time in times)
        first = self._first[0]
        self._at_first.update(one.id for one in page.activities if abs(one.created_at - first) < _SECOND)

    def _times_inside(self, page: Page) -> list[datetime]:
        window = self.question.window
        return [time for time in times_of(page) if window.start <= time < window.end]

    def _farthest(self, times: list[datetime]) -> datetime | None:
        reached = times if self.edge is None else [*times, self.edge]
        return (max(reached) if self._goes_up else min(reached)) if reached else None

    def _set_edge(self, edge: datetime, page: Page) -> None:
        """Record the edge and the activities that were read there: the next page begins with them."""
        near = self._near_edge(edge)
        dated = [one for one in page.activities if one.created_at != EPOCH]
        there = {one.id for one in dated if (one.created_at >= near if self._goes_up else one.created_at < near)}
        is_same = self.edge is not None and self._near_edge(self.edge) == near
        at_edge = there | self._joint.at_edge if is_same else there
        last_id = next((one.id for one in reversed(dated) if one.created_at == edge), self._joint.last_id)
        self.edge = edge
        self._joint = replace(self._joint, edge=edge, at_edge=at_edge, last_id=last_id)

    def _near_edge(self, edge: datetime) -> datetime:
        """Return where the next query begins (in descending order: ends), in whole milliseconds.

        A server that reads or shows fewer digits of a time than it sorts by then sends a few more activities, and not
        fewer.
        """
        return _cut(edge) if self._goes_up else moved(edge, max(self._unit, _MILLISECOND))

    def _from(self, moment: datetime) -> Window | None:
        """Return the part of the window from a time on, in reading order, or None when it is empty."""
        start, end = self.question.window.start, self.question.window.end
        start, end = (max(start, moment), end) if self._goes_up else (start, min(end, moment))
        return Window(start, end) if start < end else None


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
