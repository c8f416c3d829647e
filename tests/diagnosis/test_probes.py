"""Results of the probes in good and bad set-ups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_writer
from anthropic_audit.diagnosis import (
    CheckResult,
    Disk,
    State,
    archive_findings,
    enrichment_findings,
    feed_findings,
    probed,
)
from anthropic_audit.errors import FeedDeniedError
from anthropic_audit.model import Page, Query
from anthropic_audit.settings import EnrichmentSettings

ROOMY = Disk(10**12, 5 * 10**11)


@pytest.fixture(autouse=True)
def _private_files() -> Iterator[None]:
    """Create files as commands do: accessible to their owner only."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def states(found: Iterator[CheckResult]) -> dict[str, State]:
    return {one.what: one.state for one in found}


def test_a_good_feed_is_fine(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed()

    assert states(feed_findings(run.settings, run.feed, house.clock)) == {
        "feed acme: key": State.FINE,
        "feed acme: clock": State.FINE,
        "feed acme: budget": State.FINE,
    }


def test_an_old_api_is_told(tmp_path: Path) -> None:
    house = House(tmp_path, settings(has_order=False))
    run = house.feed()

    assert states(feed_findings(run.settings, run.feed, house.clock))["feed acme: API"] is State.WARNING


@pytest.mark.parametrize("name", ["revoked", "narrow", "claude"])
def test_a_key_that_is_refused_is_an_error_with_a_cure(tmp_path: Path, name: str) -> None:
    house = House(tmp_path, settings())
    run = house.feed(key=name)

    with pytest.raises(FeedDeniedError):
        list(feed_findings(run.settings, run.feed, house.clock))
    (finding,) = probed("feed acme", lambda: feed_findings(run.settings, run.feed, house.clock))

    assert finding.state is State.WRONG
    assert finding.cure


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, State.FINE), (3, State.FINE), (20, State.WARNING), (-20, State.WARNING), (90, State.WRONG)]
)
def test_clocks_are_compared(tmp_path: Path, ahead: int, state: State) -> None:
    house = House(tmp_path, settings())
    run = house.feed()

    class Skewed:
        def read_page(self, query: Query) -> Page:
            page = run.feed.read_page(query)
            assert page.server_time is not None
            return replace(page, server_time=page.server_time - timedelta(seconds=ahead))

    assert states(feed_findings(run.settings, Skewed(), house.clock))["feed acme: clock"] is state


@pytest.mark.parametrize(("ahead", "words"), [(600, "10m ahead of"), (-600, "10m behind")])
def test_clocks_that_differ_are_both_named(tmp_path: Path, ahead: int, words: str) -> None:
    house = House(tmp_path, settings())
    run = house.feed()

    class Skewed:
        def read_page(self, query: Query) -> Page:
            return replace(run.feed.read_page(query), server_time=NOW - timedelta(seconds=ahead))

    (found,) = (one for one in feed_findings(run.settings, Skewed(), house.clock) if one.what == "feed acme: clock")

    theirs = "15:50" if ahead > 0 else "16:10"
    times = f"ours: 2026-11-18T16:00:00Z, the server's: 2026-11-18T{theirs}:00Z"
    assert found.found.startswith(f"our clock is {words} the server's ({times}); ")
    assert found.found.endswith("coverage ends 10m earlier")
    assert found.cure


def test_a_spent_budget_is_a_warning(tmp_path: Path) -> None:
    house = House(tmp_path, settings(requests_per_minute=10))
    run = house.feed()
    for _ in range(9):
        list(feed_findings(run.settings, run.feed, house.clock))

    assert states(feed_findings(run.settings, run.feed, house.clock))["feed acme: budget"] is State.WARNING


def test_an_archive_that_is_collected_is_fine(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed()
    house.collect(run)

    found = states(archive_findings(str(tmp_path), [run.settings], NOW, lambda _: ROOMY))

    assert set(found.values()) == {State.FINE}
    assert "feed acme: coverage" in found


def test_a_feed_that_is_behind_or_was_never_walked_is_a_warning(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run, other = house.feed(), house.feed("other")
    house.collect(run)

    later = NOW + timedelta(hours=1)
    found = states(archive_findings(str(tmp_path), [run.settings, other.settings], later, lambda _: ROOMY))

    assert found["feed acme: coverage"] is found["feed other: coverage"] is State.WARNING


@pytest.mark.parametrize(
    ("disk", "state"),
    [
        (ROOMY, State.FINE),
        (Disk(10**11, 4 * 10**9), State.WARNING),
        (Disk(10**10, 2 * 10**9), State.FINE),
        (Disk(10**12, 10**8), State.WRONG),
    ],
)
def test_room_is_looked_at(tmp_path: Path, disk: Disk, state: State) -> None:
    found = states(archive_findings(str(tmp_path / "new"), [], NOW, lambda _: disk))

    assert found == {"archive: writing": State.FINE, "archive: disk": state, "archive": State.FINE}
    assert not (tmp_path / "new").exists(), "looking makes nothing"


def test_who_writes_an_archive_is_told_and_not_disturbed(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    with open_writer(str(tmp_path), house.clock):
        found = {one.what: one.found for one in archive_findings(str(tmp_path), [], NOW, lambda _: ROOMY)}

    assert "another process writes this archive: process" in found["archive: writing"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("is_gone", [False, True])
@pytest.mark.parametrize(
    ("table", "told_too"),
    [("events", "archive: events"), ("activities", "archive: events"), ("coverage", "archive: coverage")],
)
def test_a_damaged_archive_is_a_finding(tmp_path: Path, table: str, told_too: str, *, is_gone: bool) -> None:
    house = House(tmp_path, settings())
    house.collect(house.feed())
    if is_gone:
        shutil.rmtree(tmp_path / table)
    for file in (tmp_path / table).rglob("*.parquet"):
        file.write_bytes(b"damaged")

    found = states(iter(probed("archive", lambda: archive_findings(str(tmp_path), [], NOW, lambda _: ROOMY))))

    assert found["archive: damage"] == State.WRONG
    assert found[told_too] == State.WARNING, "what can't be read whole is not called fine"


def test_databases_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "bad.mmdb").write_bytes(b"no database")
    names = (str(tmp_path / "bad.mmdb"), str(tmp_path / "gone.mmdb"))

    found = list(enrichment_findings(EnrichmentSettings(geoip_files=names), NOW))

    assert [one.state for one in found] == [State.WRONG, State.WRONG]
    assert all(one.cure for one in found)
    assert [one.state for one in enrichment_findings(EnrichmentSettings(), NOW)] == [State.WARNING]


def test_a_probe_that_fails_hides_nothing() -> None:
    def failing() -> Iterator[CheckResult]:
        yield CheckResult("a", State.FINE, "good")
        raise PermissionError(13, "Permission denied")

    assert [one.state for one in probed("x", failing)] == [State.WRONG]
