"""Messages of the command line about a server whose clock differs from this machine's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.test_logs import logged
from tests.cli.test_progress_display import shown
from tests.serving import key
from typer.testing import Result

from anthropic_audit.cli.collect import ClockNotes
from anthropic_audit.cli.progress_display import FeedTally, clocks_line, tallied
from anthropic_audit.model import Window
from anthropic_audit.progress import ClaimHeldBack, ClockDiffers, Progress
from anthropic_audit.simulator import Server, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings

Run = Callable[..., Result]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AHEAD = ClockDiffers("acme", 10 * MINUTE, NOW, NOW - 10 * MINUTE)
BEHIND = ClockDiffers("acme", -10 * MINUTE, NOW, NOW + 10 * MINUTE)
AGREES = ClockDiffers("acme", 0 * MINUTE, NOW, NOW)
HOUR = Window(NOW - 60 * MINUTE, NOW)
LESS = ClaimHeldBack("acme", HOUR, Window(HOUR.start, NOW - 11 * MINUTE), 10 * MINUTE)
NOTHING = ClaimHeldBack("acme", HOUR, None, 120 * MINUTE)


@dataclass(frozen=True)
class Shifted:
    """The system clock plus an offset."""

    by: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@contextmanager
def serving(ahead: timedelta) -> Iterator[tuple[Server, dict[str, str]]]:
    """Serve a day of history by a clock with an offset; yield the environment for collecting it."""
    clock = Shifted(ahead)
    world = WorldSettings(activities_per_day=300)
    settings = VendorSettings(world=world, history=timedelta(days=1), until=clock.now() - 5 * MINUTE)
    with serve(open_vendor(settings, clock.now()), clock) as server:
        name = "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL"
        yield server, {"ANTHROPIC_COMPLIANCE_ACCESS_KEY": key(server), name: server.url}


def lines(result: Result, event: str) -> list[dict[str, object]]:
    read = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    return [line for line in read if line["event"] == event]


@pytest.mark.parametrize(("minutes", "held"), [(10, "claim held back"), (120, "nothing claimed")])
def test_what_is_left_because_of_a_clock_is_explained(run: Run, minutes: int, held: str) -> None:
    with serving(-minutes * MINUTE) as (_, env):
        result = run("collect", "--once", "--initial-interval", "1h", env=env)

    size = "10m" if minutes == 10 else "2h"
    words = f"our clock is {size} ahead of the server's"
    assert result.exit_code == 3
    assert f"feed default: not collected up to now: {words}" in result.stderr
    assert "synchronize this machine's clock (NTP)" in result.stderr
    assert [line["reason"] for line in lines(result, "clock differs")] == [words]
    assert {line["reason"] for line in lines(result, held)} == {words}


def test_a_server_that_is_ahead_is_warned_of_once(run: Run) -> None:
    with serving(10 * MINUTE) as (_, env):
        result = run("collect", "--once", "--initial-interval", "1h", env=env)

    assert result.exit_code == 0
    (line,) = lines(result, "clock differs")
    assert (line["level"], line["reason"]) == ("warning", "our clock is 10m behind the server's")
    assert "are not requested yet" in str(line["effect"])


def test_clocks_that_agree_are_not_mentioned(run: Run) -> None:
    with serving(0 * MINUTE) as (_, env):
        result = run("collect", "--once", "--initial-interval", "1h", env=env)

    assert result.exit_code == 0
    assert "clock" not in result.stderr


@pytest.mark.parametrize(("minutes", "side"), [(-10, "ahead of"), (10, "behind")])
def test_check_names_both_times_the_direction_and_what_it_means(run: Run, minutes: int, side: str) -> None:
    with serving(minutes * MINUTE) as (_, env):
        result = run("check", "--format", "json", env=env)

    (finding,) = (one for one in json.loads(result.stdout) if one["what"] == "feed default: clock")
    assert result.exit_code == 3
    assert finding["is"] == "wrong"
    assert f"our clock is 10m {side} the server's (ours: 20" in finding["found"]
    assert ", the server's: 20" in finding["found"]
    assert "coverage ends 10m earlier" in finding["found"]
    assert "NTP" in finding["cure"]


@pytest.mark.parametrize(
    ("event", "name", "level"),
    [
        (AHEAD, "clock differs", "warning"),
        (BEHIND, "clock differs", "warning"),
        (AGREES, "clock agrees again", "info"),
        (LESS, "claim held back", "info"),
        (NOTHING, "nothing claimed", "info"),
    ],
)
def test_clocks_are_logged_in_plain_words(event: Progress, name: str, level: str) -> None:
    (line,) = logged(event)

    assert (line["event"], line["level"], line["feed"]) == (name, level, "acme")
    assert str(line["reason"]).startswith("our clock ")
    assert ("hint" in line) is (name == "clock differs")


def test_the_log_has_both_times() -> None:
    (line,) = logged(AHEAD)

    assert (line["our_time"], line["server_time"]) == ("2026-11-23T12:00:00Z", "2026-11-23T11:50:00Z")
    assert line["seconds"] == 600


def test_a_terminal_says_it_above_its_table() -> None:
    assert clocks_line(AHEAD).startswith("acme: our clock is 10m ahead of the server's: time younger than")
    assert clocks_line(BEHIND).startswith("acme: our clock is 10m behind the server's: the last 10m")
    assert clocks_line(AGREES) == "acme: our clock agrees with the server's again"
    assert "acme" not in shown(AHEAD), "it is a line, and no row"


@pytest.mark.parametrize(("event", "state"), [(LESS, "covered less (clock)"), (NOTHING, "not covered (clock)")])
def test_a_terminal_shows_a_claim_that_is_held_back(event: Progress, state: str) -> None:
    assert tallied(FeedTally(), event).state == state
    assert state in shown(event)


def test_only_the_feed_whose_claim_was_held_back_is_explained() -> None:
    told: list[Progress] = []
    notes = ClockNotes(told.append)

    notes.watch(LESS)

    assert told == [LESS]
    assert "our clock is 10m ahead" in notes.left("acme")
    assert notes.left("other") == "feed other: not collected up to now: run the command again"
