"""The law of coverage: whatever rules a server breaks, every claimed activity is stored (promise P2).

By hand, with more examples: `EXAMPLES=10000 pytest tests/feed/test_contract_law.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx2
from hypothesis import Phase, event, example, given, settings
from hypothesis import strategies as st

from anthropic_audit.errors import AuditError
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.feed.retry import RetryingFeed, RetryPolicy
from anthropic_audit.feed.walk import Walker, WalkRules
from anthropic_audit.model import Coverage, Filters, Purpose, Received
from anthropic_audit.plan import Due, Spans, TailRules, due_windows
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock

from .broken_server import BREAKS, BrokenServer, Row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROUNDS = 4
MAX_EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
RULES = TailRules(HOUR, timedelta(minutes=10))


class Collected:
    """A feed behind the real client, and a ledger that checks each claim against what the server has."""

    def __init__(self, rows: Sequence[Row], breaks: dict[int, list[str]], *, has_ids: bool, knows_order: bool) -> None:
        self.clock = FakeClock(NOW)
        self.server = BrokenServer(rows, self.clock.now, breaks, has_ids=has_ids, knows_order=knows_order)
        self.stored: set[str] = set()
        self.covered = Spans()
        self.error: AuditError | None = None
        settings = FeedSettings.model_validate({"name": "acme"})
        client = FeedClient(
            settings,
            Secret("sk-ant-api01-TESTTESTTEST"),
            self.clock,
            budget=Budget(self.clock, ignore_progress),
            transport=httpx2.MockTransport(self.server.respond),
        )
        self._feed = RetryingFeed(client, self.clock, retry=RetryPolicy(), watch=ignore_progress, chance=lambda: 0.0)

    def append(self, received: Sequence[Received]) -> int:
        before = len(self.stored)
        self.stored |= {one.activity.id for one in received}
        return len(self.stored) - before

    def claim(self, coverage: Coverage) -> None:
        window = coverage.window
        missing = [
            row.id
            for row in self.server.rows
            if window.start <= row.created_at < window.end and self._matches(row) and row.id not in self.stored
        ]
        assert missing == [], "a claim is false"
        self.covered |= Spans((window,))

    def _matches(self, row: Row) -> bool:
        return row.type == "t"

    def collect(self, filters: Filters, limit: int) -> None:
        """Run one round as the collector does; an error ends it."""
        rules = WalkRules(filters, timedelta(seconds=60), limit=limit, store_every=2, longest=3)
        walker = Walker("acme", self._feed, self, self.clock, rules=rules, watch=ignore_progress)
        self.error = None
        try:
            for due in list(due_windows(self.covered, self.clock.now(), RULES)):
                walked = walker.walk(due)
                while walked.rest is not None:
                    walked = walker.walk(Due(walked.rest, Purpose.TAIL))
        except AuditError as error:
            self.error = error


seconds = st.integers(0, 3500) | st.sampled_from([600, 600, 1200])
moments = st.tuples(seconds, st.sampled_from([0, 0, 1000, 123_456])).map(
    lambda one: NOW - HOUR + timedelta(seconds=one[0], microseconds=one[1])
)
rows = st.lists(st.tuples(moments, st.sampled_from(["t", "t", "other"])), max_size=40).map(
    lambda made: [Row(f"activity_{number:04}", when, kind) for number, (when, kind) in enumerate(made)]
)
edges = [Row("activity_first", NOW - 3 * HOUR), Row("activity_later", NOW + 3 * HOUR)]
breaks = st.dictionaries(st.integers(1, 14), st.lists(st.sampled_from(BREAKS), min_size=1, max_size=3), max_size=8)


def rows_at(*seconds: int) -> list[Row]:
    return [Row(f"activity_{number:04}", NOW - HOUR + timedelta(seconds=one)) for number, one in enumerate(seconds)]


def lying(made: list[Row], broken: dict[int, list[str]], *, limit: int, knows_order: bool) -> example:
    """Return an example that once led to a false claim."""
    return example(made=made, broken=broken, limit=limit, has_ids=False, knows_order=knows_order, has_filter=False)


@settings(max_examples=MAX_EXAMPLES, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
@lying(
    rows_at(0, 0, 1, 1),
    {1: ["newest first"], 2: ["shuffled"], 3: ["newest first"], 4: ["newest first"]},
    limit=1,
    knows_order=False,
)
@lying(rows_at(0, 0, 0, 0, 1), {1: ["newest first"], 2: ["newest first"]}, limit=1, knows_order=False)
@lying(rows_at(0, 1), {1: ["empty, more"], 2: ["newest first"]}, limit=1, knows_order=True)
@lying(rows_at(0, 1), {1: ["newest first"], 2: ["newest first"], 3: ["empty, more"]}, limit=1, knows_order=True)
@lying(
    rows_at(0, 0, 1),
    {1: ["newest first"], 2: ["newest first"], 3: ["copy of an earlier page"]},
    limit=2,
    knows_order=True,
)
@lying(rows_at(0, 0), {1: ["newest first"], 2: ["copy of an earlier page"]}, limit=1, knows_order=True)
@lying(rows_at(0, 1), {2: ["newest first"], 4: ["copy of an earlier page"]}, limit=1, knows_order=False)
@given(
    made=rows,
    broken=breaks,
    limit=st.integers(1, 12),
    has_ids=st.booleans(),
    knows_order=st.booleans(),
    has_filter=st.booleans(),
)
def test_nothing_is_claimed_that_is_not_stored(
    *,
    made: list[Row],
    broken: dict[int, list[str]],
    limit: int,
    has_ids: bool,
    knows_order: bool,
    has_filter: bool,
) -> None:
    kept = made if has_filter else [row for row in made if row.type == "t"]
    house = Collected(kept + edges, broken, has_ids=has_ids, knows_order=knows_order)
    filters = Filters(activity_types=("t",)) if has_filter else Filters()

    for _ in range(ROUNDS):
        house.collect(filters, limit)
        event(f"{type(house.error).__name__}: {str(house.error)[:60]}")
        house.clock.advance(timedelta(minutes=5))

    # Once the server keeps the contract again, everything is collected.
    house.server.breaks = {}
    house.collect(filters, limit)
    assert house.covered.holes == Spans()
    assert house.covered.end is not None
    assert house.covered.end >= house.clock.now() - timedelta(minutes=2)
    assert house.covered.start is not None
    wanted = {row.id for row in made if row.type == "t" and row.created_at >= house.covered.start}
    assert wanted <= house.stored


@settings(max_examples=MAX_EXAMPLES // 2, deadline=None)
@example(made=rows_at(0, 1, 1, 1, 1), broken=["newest first"], limit=1, has_ids=False, knows_order=True)
@example(made=rows_at(0, 1), broken=["newest first", "fewer than asked for"], limit=1, has_ids=False, knows_order=True)
@example(
    made=rows_at(0, 0, 1), broken=["newest first", "fewer than asked for"], limit=1, has_ids=False, knows_order=False
)
@given(
    made=rows,
    broken=st.lists(st.sampled_from(BREAKS), min_size=1, max_size=3),
    limit=st.integers(1, 12),
    has_ids=st.booleans(),
    knows_order=st.booleans(),
)
def test_a_server_that_is_always_broken_claims_nothing_false(
    *, made: list[Row], broken: list[str], limit: int, has_ids: bool, knows_order: bool
) -> None:
    kept = [row for row in made if row.type == "t"]
    always = dict.fromkeys(range(1, 3000), broken)
    house = Collected(kept + edges, always, has_ids=has_ids, knows_order=knows_order)

    house.collect(Filters(), limit)  # each claim is held against the server's rows when it is made

    assert house.server.requests > 0
