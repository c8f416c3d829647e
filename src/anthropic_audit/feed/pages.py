"""Read the pages of a window so that no activity between two pages can be missed.

Reading continues by time: the next query begins at the time of the last activity read, and that activity has to come
again. So the server's cursors (`last_id`) are needed only where more activities than a page holds have the same time,
and a cursor that is wrong, lost or repeated costs a page and never an activity. Each page is checked against its query
(`contract`); a page that contradicts it is yielded like any other, together with the rule that it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from anthropic_audit.errors import FeedPageTooLargeError, FeedRefusedError, FeedStalledError
from anthropic_audit.model import Page, Query
from anthropic_audit.ports import Clock, Feed

from .reading import MAX_JOIN_TRIES, Reading, ReadPage, RecentRequestIds

READ_AHEAD_BYTES = 16 * 2**20
"""After a page with more bytes, the next page is requested only when it is needed, to hold one such page in memory."""

_MAX_RESUMES = 5
_SHRINK = 4
"""The divisor of `limit` when a page is too large."""
_MAX_EMPTY_TRIES = 2
"""How often an empty page is requested again before its cursor is followed, which can't be verified."""


class Pages:
    """Read a query's pages in the order of the server.

    Args:
        feed: The feed to read.
        clock: The clock that waits between attempts when the server does not advance.
        on_resume: Called with the time from which reading continues after a cursor was lost.
    """

    def __init__(self, feed: Feed, clock: Clock, on_resume: Callable[[datetime], None]) -> None:
        self._feed = feed
        self._clock = clock
        self._on_resume = on_resume

    def read(self, query: Query) -> Iterator[ReadPage]:
        """Yield pages until the server says that there are no more.

        Raises:
            FeedStalledError: The server says that there is more, and does not advance, even by time.
            FeedRefusedError: The server refuses the query itself.
            TransientError, FatalError: As the feed raises them.
        """
        answers = RecentRequestIds()
        reading = Reading(query, answers)
        yield from self._read(reading)
        yield from self._proof(reading, answers)

    def _read(self, reading: Reading) -> Iterator[ReadPage]:
        asked: Query | None = reading.question
        while asked is not None:
            answer = self._answer(asked, reading)
            if answer is None:
                asked = self._resumed(reading, asked.window.start)
                continue
            page, asked = answer
            yield reading.take(page, asked)
            asked = self._next(reading, page, asked)
            del answer, page  # a large page must not stay in memory while the next one is read

    def _next(self, reading: Reading, page: Page, asked: Query) -> Query | None:
        """Return the next query, or None at the end of the window.

        Raises:
            FeedStalledError: The server does not advance.
        """
        if reading.has_lost_its_place and reading.join_tries <= MAX_JOIN_TRIES:
            self._clock.wait(2.0 ** (reading.join_tries - 1))
            return asked
        is_by_cursor = asked.after_id is not None and not reading.is_broken
        if is_by_cursor and (not page.has_more or reading.is_past_moment):
            return reading.strictly_after()
        return self._onwards(reading, page, asked) if page.has_more else reading.promised()

    def _onwards(self, reading: Reading, page: Page, asked: Query) -> Query:
        """Return the next query: by time while that makes progress, else by cursor, else by time after a wait."""
        if reading.has_progress and asked.after_id is None:
            return reading.by_time()
        reading.check_progress()
        if asked.after_id is None and 0 < reading.empty_pages <= _MAX_EMPTY_TRIES:
            return self._resumed(reading, asked.window.start)
        return reading.by_cursor(page) or self._resumed(reading, asked.window.start)

    def _resumed(self, reading: Reading, start: datetime) -> Query:
        """Wait, then return the query that continues by time; it repeats a few activities and skips none.

        Raises:
            FeedStalledError: This has been tried `_MAX_RESUMES` times.
        """
        reading.resumes += 1
        if reading.resumes > _MAX_RESUMES:
            message = f"the feed promises more and stays at {reading.edge or start}"
            raise FeedStalledError(message, hint="the window is tried again at the next interval")
        if reading.resumes > 1:
            self._clock.wait(2.0 ** (reading.resumes - 2))
        self._on_resume(reading.edge or start)
        return reading.by_time()

    def _answer(self, query: Query, reading: Reading) -> tuple[Page, Query] | None:
        """Send a query, with a smaller limit if the page is too large; return None if the server refuses the cursor."""
        while True:
            try:
                return self._feed.read_page(query), query
            except FeedPageTooLargeError:
                if query.limit == 1:
                    raise
                query = replace(query, limit=max(1, query.limit // _SHRINK))
            except FeedRefusedError:
                if query.after_id is not None:
                    return None
                if query.limit <= reading.question.limit:
                    raise
                reading.max_limit = reading.question.limit
                query = replace(query, limit=reading.max_limit)

    def _proof(self, reading: Reading, answers: RecentRequestIds) -> Iterator[ReadPage]:
        """Read what should have come before the first activity, where the server may have begun at the wrong end.

        That is in doubt when a page had `has_more` and less than a page followed: a server that ignores `order` and
        begins at the wrong end does so, too.
        """
        for query in reading.other_side(self._clock.now()):
            for read in self._read(Reading(query, answers)):
                proof = reading.take_proof(read)
                if proof.broken is not None:  # else it has no activity that was not read before
                    yield proof


def read_ahead(pages: Iterator[ReadPage]) -> Generator[ReadPage]:
    """Yield the same pages; request the next page while the present one is used, unless pages are large."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        coming = pool.submit(next, pages, None)
        while (read := coming.result()) is not None:
            is_large = sum(len(one.raw) for one in read.page.activities) > READ_AHEAD_BYTES
            if not is_large:
                coming = pool.submit(next, pages, None)
            yield read
            del read
            if is_large:
                coming = pool.submit(next, pages, None)
