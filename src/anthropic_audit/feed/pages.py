"""The pages of a window, whatever happens to cursors on the way.

A cursor lives inside one walk only. When the server no longer accepts it, or stays where it is, the walk goes on by
time, from the last moment it has seen: that repeats a few activities and skips none.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from anthropic_audit.errors import FeedRefusedError, FeedStalledError
from anthropic_audit.model import Order, Page, Query, Window
from anthropic_audit.ports import Clock, Feed
from anthropic_audit.times import EPOCH

_MOMENT = timedelta(microseconds=1)
_MOST_RESUMES = 5


class Pages:
    """Read a query's pages in the order of the server.

    Args:
        feed: Whom to ask.
        clock: What waits between attempts to get past a standstill.
        on_resume: Told the moment from which the walk goes on after a cursor was lost.
    """

    def __init__(self, feed: Feed, clock: Clock, on_resume: Callable[[datetime], None]) -> None:
        self._feed = feed
        self._clock = clock
        self._on_resume = on_resume

    def read(self, query: Query) -> Iterator[Page]:
        """Yield pages until the server says that there are no more.

        Raises:
            FeedStalledError: The server promises more and does not move on, even by time.
            FeedRefusedError: The server refuses the question itself.
            TransientError, FatalError: As the feed raises them.
        """
        edge: datetime | None = None
        seen: set[str] = set()
        resumes = 0
        while True:
            page = self._page(query)
            if page is not None:
                yield page
                if not page.has_more:
                    return
                moved = _edge(page, query, edge)
                resumes = 0 if moved != edge else resumes
                edge = moved
                if page.last_id is not None and page.last_id not in seen:
                    seen.add(page.last_id)
                    query = replace(query, after_id=page.last_id)
                    continue
            resumes += 1
            if resumes > _MOST_RESUMES:
                message = f"the feed promises more and stays at {edge or query.window.start}"
                raise FeedStalledError(message, hint="the window is tried again at the next interval")
            if resumes > 1:
                self._clock.wait(2.0 ** (resumes - 2))
            query = _resumed(query, edge)
            seen.clear()
            self._on_resume(edge or query.window.start)

    def _page(self, query: Query) -> Page | None:
        """Ask; None when the server refuses the question for its cursor."""
        try:
            return self._feed.read_page(query)
        except FeedRefusedError:
            if query.after_id is None:
                raise
            return None


def _edge(page: Page, query: Query, edge: datetime | None) -> datetime | None:
    """Return the farthest moment that the walk has reached; activities without a time don't count."""
    times = [activity.created_at for activity in page.activities if activity.created_at != EPOCH]
    if not times:
        return edge
    if query.order is Order.ASCENDING:
        return max(times) if edge is None else max(edge, *times)
    return min(times) if edge is None else min(edge, *times)


def _resumed(query: Query, edge: datetime | None) -> Query:
    """Return the question that goes on from a moment instead of a cursor; that moment itself is read again."""
    window = query.window
    if edge is not None and window.start <= edge < window.end:
        later = query.order is Order.ASCENDING
        window = Window(edge, window.end) if later else Window(window.start, min(window.end, edge + _MOMENT))
    return replace(query, window=window, after_id=None)


def read_ahead(pages: Iterator[Page]) -> Generator[Page]:
    """Yield the same pages, while the next one is already being asked for."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        coming = pool.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = pool.submit(next, pages, None)
            yield page
