"""A feed over a list of activities, and a ledger in memory, for tests of walks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from anthropic_audit.errors import FeedRefusedError
from anthropic_audit.feed.decode import decode_activity
from anthropic_audit.model import Activity, Coverage, FeedOrder, Page, Query, Received
from anthropic_audit.times import format_time

Spoil = Callable[[int, Query, Page], Page]
"""From the number of a request (from 1), the question and the true answer to the answer that is given."""


def truthful(_number: int, _query: Query, page: Page) -> Page:
    """Return a page unchanged."""
    return page


def activity(number: int, when: datetime) -> Activity:
    """Return an activity with this number and time."""
    return decode_activity(b'{"id":"a%06d","type":"t","created_at":"%s"}' % (number, format_time(when).encode()))


class Shelf:
    """A feed whose cursors are positions in a list; it also serves activities added since the last request."""

    def __init__(
        self,
        activities: Sequence[Activity],
        now: Callable[[], datetime],
        spoil: Spoil = truthful,
        *,
        knows_order: bool = True,
        server_time: Callable[[], datetime] | None = None,
    ) -> None:
        self.activities = list(activities)
        self.asked: list[Query] = []
        self._now = now
        self._spoil = spoil
        self._knows_order = knows_order
        self._server_time = server_time

    def read_page(self, query: Query) -> Page:
        """Return the next page of the list."""
        self.asked.append(query)
        if query.order is not None and not self._knows_order:
            message = "unknown parameter"
            raise FeedRefusedError(message)
        rows = self._rows(query)
        after = [one.id for one in rows].index(query.after_id) + 1 if query.after_id else 0
        shown = tuple(rows[after : after + query.limit])
        page = Page(
            activities=shown,
            has_more=after + query.limit < len(rows),
            first_id=shown[0].id if shown else None,
            last_id=shown[-1].id if shown else None,
            request_id=f"req_{len(self.asked)}",
            received_at=self._now(),
            server_time=self._server_time() if self._server_time else None,
        )
        return self._spoil(len(self.asked), query, page)

    def _rows(self, query: Query) -> list[Activity]:
        rows = [one for one in self.activities if query.window.start <= one.created_at < query.window.end]
        rows.sort(key=lambda one: (one.created_at, one.id))
        return rows if query.order is FeedOrder.ASCENDING else rows[::-1]


class Notebook:
    """A ledger in memory; storing batch number `fail_at` raises."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.received: dict[str, Received] = {}
        self.claims: list[Coverage] = []
        self.batches: list[int] = []
        self._fail_at = fail_at

    def append(self, received: Sequence[Received]) -> int:
        """Store new activities."""
        if self._fail_at is not None and len(self.batches) >= self._fail_at:
            message = "the disk is full"
            raise OSError(message)
        before = len(self.received)
        for one in received:
            self.received.setdefault(one.activity.id, one)
        self.batches.append(len(received))
        return len(self.received) - before

    def claim(self, coverage: Coverage) -> None:
        """Store the claim."""
        self.claims.append(coverage)
