"""A server whose clock differs from ours, through the real client and the simulated vendor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, repeat
from pathlib import Path

import httpx2
import pytest
from tests.collecting import NOW as SIMULATED_NOW
from tests.collecting import House, settings

from anthropic_audit.archive import open_writer
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.model import Query, Window
from anthropic_audit.progress import ClaimHeldBack, ClockDiffers, Progress, RequestSent, WalkFinished
from anthropic_audit.redact import Secret
from anthropic_audit.service import FeedOutcome, ServiceMetrics, open_feeds
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock, simulated_transport

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUERY = Query(Window(NOW - timedelta(hours=1), NOW))
EMPTY = b'{"data":[],"has_more":false,"first_id":null,"last_id":null}'
SECOND = timedelta(seconds=1)


class Answers:
    """A client whose responses have these `Date` headers, one after the other, with a delay."""

    def __init__(self, dates: Sequence[str | None], *, wait: float = 0.0, status: int = 200, age: str = "") -> None:
        self.events: list[Progress] = []
        self._clock = FakeClock(NOW)
        self._dates = chain(dates, repeat(dates[-1]))
        self._wait, self._status, self._age = wait, status, age
        self.client = FeedClient(
            FeedSettings(name="acme"),
            Secret("sk-ant-api01-TESTTESTTEST"),
            self._clock,
            budget=Budget(self._clock, self.events.append),
            transport=httpx2.MockTransport(self._answer),
        )

    def ask(self, times: int = 1) -> list[timedelta]:
        """Send the requests, and return the differences that were reported."""
        for _ in range(times):
            self.client.read_page(QUERY)
        return [one.difference for one in self.events if isinstance(one, ClockDiffers)]

    def measured(self) -> list[timedelta | None]:
        return [one.clock_difference for one in self.events if isinstance(one, RequestSent)]

    def _answer(self, _: httpx2.Request) -> httpx2.Response:
        self._clock.advance(timedelta(seconds=self._wait))
        shown = {"date": next(self._dates), "age": self._age}
        headers = {name: value for name, value in shown.items() if value}
        return httpx2.Response(self._status, content=EMPTY, headers=headers)


def at(seconds: float) -> str:
    """Return the time this many seconds from now in the format of a `Date` header."""
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("shown", "wait", "difference"),
    [
        pytest.param(-600, 0, 600, id="server behind"),
        pytest.param(600, 0, -600, id="server ahead"),
        pytest.param(-6, 0, 6, id="a little more than the tolerance"),
        pytest.param(-600, 30, 600, id="a long request"),
        pytest.param(86400 * 400, 0, -86400 * 400, id="another year"),
    ],
)
def test_a_difference_is_reported_once(shown: int, wait: float, difference: int) -> None:
    answers = Answers([at(shown)], wait=wait)

    assert answers.ask() == [difference * SECOND]
    assert answers.measured() == [difference * SECOND]


@pytest.mark.parametrize(("shown", "wait"), [(0, 0), (-5, 0), (5, 0), (0, 50), (50, 50), (-40, 50)])
def test_less_than_the_tolerance_or_than_the_request_takes_is_no_difference(shown: int, wait: float) -> None:
    answers = Answers([at(shown)], wait=wait)

    assert answers.ask() == []
    assert answers.measured() == [timedelta(0)]


@pytest.mark.parametrize("date", [None, "soon", "Mon, 99 Nov 2026 11:59:58 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_response_without_a_plausible_time_reports_nothing(date: str | None) -> None:
    answers = Answers([date])

    assert answers.ask() == []
    assert answers.measured() == [None]


def test_many_answers_with_the_same_difference_tell_of_it_once() -> None:
    assert Answers([at(-600)]).ask(20) == [600 * SECOND]


def test_a_jump_of_the_clock_is_reported_and_its_end_too() -> None:
    answers = Answers([at(0), at(-600), at(-640), at(-1200), at(0)])

    assert answers.ask(12) == [600 * SECOND, 1200 * SECOND, 0 * SECOND]


def test_reading_history_compares_the_same_clocks() -> None:
    answers = Answers([at(-600)])
    answers.ask()

    answers.client.leaving(0.5).read_page(QUERY)

    assert sum(isinstance(one, ClockDiffers) for one in answers.events) == 1


@pytest.mark.parametrize("age", ["30", "600", "999999999999"])
def test_the_age_of_a_cached_answer_is_no_difference_of_clocks(age: str) -> None:
    assert Answers([at(-30)], age=age).ask() == []


def test_the_time_of_an_error_response_may_be_a_proxys() -> None:
    answers = Answers([at(-600)], status=503)

    with pytest.raises(Exception, match="503"):
        answers.ask()

    assert answers.measured() == [None]


def test_the_message_has_both_times() -> None:
    answers = Answers([at(-600)])
    answers.ask()

    (one,) = (one for one in answers.events if isinstance(one, ClockDiffers))
    assert (one.feed, one.our_time, one.server_time) == ("acme", NOW, NOW - 600 * SECOND)


def collected(folder: Path, seconds: int, **changes: object) -> tuple[House, FeedOutcome]:
    """Collect from a simulated vendor whose clock is this many seconds ahead of ours."""
    house = House(folder, settings())
    theirs = FakeClock(SIMULATED_NOW + seconds * SECOND)
    asked = FeedSettings.model_validate({"name": "acme", "initial_interval": "1h", **changes})
    secret = house.vendor.keys.named("compliance").secret
    transport = simulated_transport(house.vendor, theirs)
    runs = open_feeds([(asked, secret)], house.clock, house.requests.watch, transport)
    (outcome,) = house.collect(*runs)
    return house, outcome


def claims(house: House) -> list[Progress]:
    return [one for one in house.told if isinstance(one, ClaimHeldBack | WalkFinished | ClockDiffers)]


def test_a_walk_that_claims_less_because_of_the_servers_clock_says_so(tmp_path: Path) -> None:
    house, outcome = collected(tmp_path, -600)

    differs, finished, held = claims(house)
    assert isinstance(differs, ClockDiffers)
    assert isinstance(finished, WalkFinished)
    assert isinstance(held, ClaimHeldBack)
    assert held.difference == 600 * SECOND
    assert held.claimed is not None
    assert held.claimed.end == outcome.covered_to == SIMULATED_NOW - 660 * SECOND
    assert not outcome.is_covered


def test_a_walk_that_claims_nothing_because_of_the_servers_clock_says_so(tmp_path: Path) -> None:
    house, outcome = collected(tmp_path, -7200)

    differs, held = claims(house)
    assert isinstance(differs, ClockDiffers)
    assert isinstance(held, ClaimHeldBack)
    assert (held.claimed, held.window.end) == (None, SIMULATED_NOW)
    assert outcome.covered_to is None


@pytest.mark.parametrize("seconds", [0, -3, 3, 600])
def test_a_walk_that_claims_all_that_our_clock_allows_says_nothing(tmp_path: Path, seconds: int) -> None:
    house, outcome = collected(tmp_path, seconds)

    assert [one for one in house.told if isinstance(one, ClaimHeldBack)] == []
    assert outcome.covered_to == SIMULATED_NOW - (60 - min(seconds, 0)) * SECOND


@pytest.mark.parametrize(("seconds", "figure"), [(-600, 600), (600, -600), (0, 0)])
def test_the_difference_is_a_figure_of_the_feed(tmp_path: Path, seconds: int, figure: int) -> None:
    house, _ = collected(tmp_path, seconds)
    figures = ServiceMetrics(lambda _: None, house.clock)
    for event in house.told:
        figures.watch(event)

    with open_writer(str(tmp_path), house.clock) as archive:
        lines = figures.text(archive, []).decode().splitlines()

    assert f'anthropic_audit_clock_difference_seconds{{feed="acme"}} {float(figure)}' in lines
