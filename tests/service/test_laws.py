"""The laws of collecting, whatever happens: the planner and the walker against a world of late rows and odd clocks.

1. A claim is never false: what was visible in a claimed window when it was walked is stored.
2. A claim is never too young: it ends `settle` before the time of the walk, by the server's clock.
3. Everything that becomes visible within a week, in time that is covered, is stored at last, and once.
4. Work comes to an end: when everything was read again, nothing but the tail is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.errors import FeedUnreachableError
from anthropic_audit.feed.walk import Walker, WalkRules
from anthropic_audit.model import Activity, Coverage, Filters, Page, Query, Received
from anthropic_audit.plan import HORIZON, Spans, TailRules, Walk, due_reconciles, due_windows

START = datetime(2026, 11, 2, tzinfo=UTC)
SETTLE, LAG = timedelta(seconds=60), timedelta(seconds=45)
RULES = TailRules(timedelta(hours=24), timedelta(minutes=10))
STEP = timedelta(hours=6)
WEEK = timedelta(days=7)
LATENESS = (timedelta(0), timedelta(0), timedelta(minutes=5), timedelta(hours=5), WEEK - STEP)


class KilledError(BaseException):
    """A simulated end of the process."""


@dataclass(frozen=True)
class Happening:
    """An activity, and the time at which the API starts to serve it."""

    created_at: datetime
    visible_at: datetime
    activity: Activity


class World:
    """The vendor, our clock (which may be wrong), and the stored and claimed records."""

    def __init__(self, happenings: Sequence[Happening]) -> None:
        self.happenings = sorted(happenings, key=lambda one: (one.created_at, one.activity.id))
        self.time = START
        self.skew = timedelta(0)
        self.failing = 0
        self.dies_after: int | None = None
        self.asked_first: datetime | None = None
        self.stored: dict[str, int] = {}
        self.walks: list[Walk] = []

    # The clock.
    def now(self) -> datetime:
        return self.time + self.skew

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def check(self) -> None:
        """Continue: this clock is never interrupted."""

    # The feed.
    def read_page(self, query: Query) -> Page:
        if self.failing:
            self.failing -= 1
            message = "no answer"
            raise FeedUnreachableError(message)
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise KilledError
        if query.after_id is None:
            self.asked_first = self.time
        seen = [
            one.activity
            for one in self.happenings
            if one.visible_at <= self.time and query.window.start <= one.created_at < query.window.end
        ]
        after = next((place + 1 for place, one in enumerate(seen) if one.id == query.after_id), 0)
        shown = tuple(seen[after : after + query.limit])
        self.time += timedelta(milliseconds=200)
        return Page(
            activities=shown,
            has_more=after + len(shown) < len(seen),
            first_id=shown[0].id if shown else None,
            last_id=shown[-1].id if shown else None,
            request_id="req",
            received_at=self.now(),
            server_time=self.time.replace(microsecond=0),
        )

    # The ledger.
    def append(self, received: Sequence[Received]) -> int:
        new = 0
        for one in received:
            new += one.activity.id not in self.stored
            self.stored[one.activity.id] = 1
        return new

    def claim(self, coverage: Coverage) -> None:
        window = coverage.window
        assert self.asked_first is not None
        began = self.asked_first
        missing = [
            one
            for one in self.happenings
            if window.start <= one.created_at < window.end
            and one.visible_at <= began
            and one.activity.id not in self.stored
        ]
        assert missing == [], "a claim is false"
        assert window.end <= self.time - SETTLE, "a claim is too young"
        self.walks.append(Walk(window, self.now()))

    @property
    def covered(self) -> Spans:
        return Spans.of(walk.window for walk in self.walks)

    def collect(self) -> None:
        """Run one round like the collector."""
        rules = WalkRules(Filters(), SETTLE, limit=3, store_every=2, longest=4)
        walker = Walker("acme", self, self, self, rules=rules, watch=lambda _: None)
        try:
            due = list(due_windows(self.covered, self.now(), RULES))
            for one in due:
                walked = walker.walk(one)
                while walked.rest is not None:
                    walked = walker.walk(type(one)(walked.rest, one.purpose))
            for one in list(due_reconciles(self.covered, self.walks, self.now())):
                walked = walker.walk(one)
                while walked.rest is not None:
                    walked = walker.walk(type(one)(walked.rest, one.purpose))
        except (FeedUnreachableError, KilledError):
            self.failing, self.dies_after = 0, None


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    made = []
    for number in range(draw(st.integers(0, 25))):
        created = START + timedelta(seconds=draw(st.integers(-86_000, 4 * 86_400)))
        late = draw(
            st.sampled_from([timedelta(0), timedelta(0), timedelta(minutes=5), timedelta(hours=5), WEEK - STEP])
        )
        raw = str(number).encode()
        activity = Activity(f"activity_{number:03}", "x", created, None, raw, sha256(raw).digest())
        made.append(Happening(created, created + LAG + late, activity))
    return made


TROUBLES = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 1500)),
    st.tuples(st.just("killed after pages"), st.integers(0, 6)),
    st.tuples(st.just("no answers"), st.integers(1, 3)),
    st.tuples(st.just("clock wrong by seconds"), st.integers(-900, 900)),
    st.tuples(st.just("other filters"), st.just(0)),
)


@settings(max_examples=30, deadline=None)
@given(happenings(), st.lists(TROUBLES, max_size=25))
def test_nothing_is_lost_and_no_claim_is_false(made: list[Happening], troubles: list[tuple[str, int]]) -> None:
    world = World(made)
    world.collect()
    for kind, number in troubles:
        if kind == "wait":
            world.time += timedelta(minutes=number)
        elif kind == "killed after pages":
            world.dies_after = number
        elif kind == "no answers":
            world.failing = number
        elif kind == "other filters":
            world.walks = []  # what was claimed for the filters before says nothing of these
        else:
            world.skew = timedelta(seconds=number)
        world.collect()

    world.skew, world.failing, world.dies_after = timedelta(0), 0, None
    ends = max([one.visible_at for one in made] + [world.time]) + WEEK + timedelta(days=2)
    while world.time < ends:
        world.collect()
        world.time += STEP
    world.collect()

    covered = world.covered
    assert covered.holes == Spans()
    assert covered.start is not None
    expected = {one.activity.id for one in made if one.created_at >= covered.start}
    assert expected <= set(world.stored)
    assert world.now() - (covered.end or START) <= SETTLE + timedelta(minutes=1)
    assert list(due_reconciles(covered, world.walks, world.now())) == []
    assert all(walk.window.end > world.now() - HORIZON for walk in world.walks)
