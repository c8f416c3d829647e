"""How far a window is read, and which question goes on from there: decided from pages alone, without asking."""

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
"""The most activities that one page may hold (Compliance API, List activities)."""

MAX_EMPTY_PAGES = 100
"""After so many pages in a row without a new activity, a window is given up."""

MAX_AT_ONE_MOMENT = 100_000
"""After so many activities without progress in time (and `MIN_PAGES_AT_ONE_MOMENT` pages), a window is given up."""

MIN_PAGES_AT_ONE_MOMENT = 20
MAX_JOIN_TRIES = 3
"""How often a page that does not join on to the one before is asked for again."""

_REMEMBERED_PAGES = 20
_REMEMBERED_ANSWERS = 1000
_SURE = 100
"""So many activities behind the first page leave no doubt that it was the first."""
_SECOND, _MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
_SETTLE = timedelta(seconds=60)
"""What is younger may have arrived while the window was read (Compliance API: queryable within a minute)."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page, and what is known once it is read."""

    page: Page
    """Without the activities that came again, unchanged."""
    reached: datetime | None
    """How far the window was read, in the question's order; None before the first activity with a time."""
    broken: Broken | None
    """The first rule of the contract that this page or one before it breaks."""
    is_doubtful: bool = False
    """Too little came after the first page to show that it was the first: while more is to come, claim nothing."""


class Recent:
    """The ids of the last pages, with the digests of what was read under them."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes] = {}
        self._pages: deque[Sequence[str]] = deque()

    def __contains__(self, identity: object) -> bool:
        return identity in self._digests

    def remember(self, activities: Sequence[Activity]) -> None:
        """Add a page, and forget the oldest one."""
        if len(self._pages) == _REMEMBERED_PAGES:
            for identity in self._pages.popleft():
                self._digests.pop(identity, None)
        self._pages.append([one.id for one in activities])
        self._digests.update((one.id, one.sha256) for one in activities)

    def without_repeats(self, activities: Sequence[Activity]) -> list[Activity]:
        """Return the activities that were not read before, or with other bytes."""
        digests = self._digests
        return [one for one in activities if digests.get(one.id) != one.sha256]


class RecentRequestIds:
    """The last answers of a walk: a cache that serves one of them again serves its request-id as well."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Query, int]] = {}
        self._are_ids_reused = False

    def copied(self, page: Page, query: Query) -> Broken | None:
        """Say whether a page is the answer to another question of this walk, and remember it.

        A gateway that gives one id to different answers names none by it: its copies can't be told.
        """
        if page.request_id is None:
            return None
        content = hash((page.has_more, *(one.sha256 for one in page.activities)))
        if len(self._known) == _REMEMBERED_ANSWERS:
            del self._known[next(iter(self._known))]
        asked, earlier = self._known.setdefault(page.request_id, (query, content))
        self._are_ids_reused = self._are_ids_reused or earlier != content
        if self._are_ids_reused or asked == query:
            return None
        return Broken(ContractRule.CACHE, "the answer is a copy of the one to another question, with its request-id")


class Reading:
    """How far a window is read, and what it takes to go on."""

    def __init__(self, question: Query, answers: RecentRequestIds) -> None:
        self.question = question
        self.edge: datetime | None = None
        self.max_limit = MAX_LIMIT
        self.resumes = 0
        self.join_tries = 0
        self.has_lost_its_place = False
        """The last page should have begun with the activity that was read last, and did not."""
        self.has_progress = False
        """The last page had an activity that was not read before, or one of a later moment."""
        self.is_past_moment = False
        """The last page, reached by a cursor, has activities beyond the edge: they are asked for again by time."""
        self.empty_pages = 0
        """How many pages in a row had no activity at all."""
        self._broken: Broken | None = None
        self._joint = ExpectedStart()
        self._unit = _MILLISECOND
        self._first: tuple[datetime, datetime] | None = None
        """The times of the first and the last activity of the first page that has any."""
        self._at_first = set[str]()
        """The ids that were read within a second of the first activity."""
        self._answers = answers
        self._promise: Query | None = None
        """The question for what the last `has_more` promised, by its cursor, until something new came."""
        self._recent = Recent()
        self._cursors: set[str] = set()
        self._follows_cursor = False
        """The server skips over empty pages, which nothing but its cursors can get past."""
        self._pages = self._beyond_first = 0
        self._idle_pages = self._still_pages = self._still_activities = 0

    def take(self, page: Page, query: Query) -> ReadPage:
        """Hold a page against its question, and take over how far it reads."""
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
        """Take over a page of what was asked behind the first activity: nothing new, or the order was not kept."""
        fresh = self._recent.without_repeats(other.page.activities)
        fresh = [one for one in fresh if one.id in self._recent or one.id not in self._at_first]
        self._broken = self._broken or other.broken
        if fresh and self._broken is None:
            what = f"{fresh[0].id} should have come before the first activity that was served"
            self._broken = Broken(ContractRule.ORDER, what)
        return ReadPage(replace(other.page, activities=tuple(fresh)), self.edge, self._broken)

    def by_time(self) -> Query:
        """Return the question that goes on at the edge, with room for what was read there."""
        if self.edge is None:
            return replace(self.question, after_id=None)
        limit = min(self.max_limit, self.question.limit + len(self._joint.at_edge))
        window = self._from(self._near_edge(self.edge))
        return replace(self.question, window=window or self.question.window, limit=limit, after_id=None)

    def strictly_after(self) -> Query | None:
        """Return the question for what lies behind the edge's moment, or None when nothing can."""
        if self.edge is None:
            return None
        self._joint = replace(self._joint, at_edge=frozenset(), last_id=None)
        behind = moved(self.edge, self._unit) if self._goes_up else self.edge
        window = self._from(behind)
        return None if window is None else replace(self.question, window=window, after_id=None)

    def by_cursor(self, page: Page) -> Query | None:
        """Return the question that goes on by the page's cursor, or None when it has none that is new."""
        if page.last_id is None or page.last_id in self._cursors:
            self._cursors.clear()
            return None
        self._cursors.add(page.last_id)
        self._follows_cursor = self._follows_cursor or not page.activities
        window = self.question.window if self.edge is None else self._from(self._near_edge(self.edge))
        return replace(self.question, window=window or self.question.window, after_id=page.last_id)

    def promised(self) -> Query | None:
        """Return the question for what was promised and did not come by time, or None; it is asked once.

        A server that ignores the order has it there, on the wrong side.
        """
        promise, self._promise = self._promise, None
        return None if self.is_broken or not self._is_doubtful else promise

    def other_side(self, now: datetime) -> list[Query]:
        """Return what to ask to see whether the reading began at the right end: nothing, where that is beyond doubt.

        What should have come before the first activity is older (or newer, going down), or of the same moment.
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
        """Go on, unless the server has been standing still for too long.

        Raises:
            FeedStalledError: It has.
        """
        is_long = self._still_pages > MIN_PAGES_AT_ONE_MOMENT and self._still_activities > MAX_AT_ONE_MOMENT
        if is_long or self._idle_pages > MAX_EMPTY_PAGES:
            message = f"the feed serves page after page and stays at {self.edge or self.question.window.start}"
            raise FeedStalledError(message, hint="the window is tried again at the next interval")

    @property
    def is_broken(self) -> bool:
        """True when a page has contradicted its question: what is left is read to be stored, and proves nothing."""
        return self._broken is not None

    @property
    def _is_doubtful(self) -> bool:
        """True while too little came after the first page to show that it was the first, if there was to be more."""
        return self._beyond_first < max(self.question.limit, _SURE)

    @property
    def _goes_up(self) -> bool:
        return self.question.order is FeedOrder.ASCENDING

    def _note_join(self, page: Page, query: Query, *, has_fresh: bool) -> None:
        """Note whether the page has the activity that was read last, where it has to."""
        wanted = self._joint.last_id
        goes_on = has_fresh or not page.has_more or self._farthest(self._times_inside(page)) != self.edge
        is_due = wanted is not None and query.after_id is None and goes_on
        self.has_lost_its_place = is_due and all(one.id != wanted for one in page.activities)
        self.join_tries = self.join_tries + 1 if self.has_lost_its_place else 0

    def _move(self, page: Page, query: Query, fresh: list[Activity]) -> None:
        """Take over how far a page reads; one that a cursor led to does so within the edge's own moment only."""
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
            self._stand_at(edge, page)

    def _note_first(self, page: Page, times: list[datetime]) -> None:
        """Note what was read at the first activity's moment and behind the first page, while that matters."""
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

    def _stand_at(self, edge: datetime, page: Page) -> None:
        """Remember what was read at the edge: the next page begins with it."""
        near = self._near_edge(edge)
        dated = [one for one in page.activities if one.created_at != EPOCH]
        there = {one.id for one in dated if (one.created_at >= near if self._goes_up else one.created_at < near)}
        is_same = self.edge is not None and self._near_edge(self.edge) == near
        at_edge = there | self._joint.at_edge if is_same else there
        last_id = next((one.id for one in reversed(dated) if one.created_at == edge), self._joint.last_id)
        self.edge = edge
        self._joint = replace(self._joint, edge=edge, at_edge=at_edge, last_id=last_id)

    def _near_edge(self, edge: datetime) -> datetime:
        """Return where the next question begins (or ends, going down): in whole milliseconds.

        A server that reads or shows fewer digits of a time than it sorts by then serves a little more, and not less.
        """
        return _cut(edge) if self._goes_up else moved(edge, max(self._unit, _MILLISECOND))

    def _from(self, moment: datetime) -> Window | None:
        """Return what of the window is left from a moment on, in reading order."""
        start, end = self.question.window.start, self.question.window.end
        start, end = (max(start, moment), end) if self._goes_up else (start, min(end, moment))
        return Window(start, end) if start < end else None


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
