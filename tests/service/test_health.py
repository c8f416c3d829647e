"""Metrics, health pages and periodic tasks."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_writer
from anthropic_audit.errors import ArchiveError, SetupError
from anthropic_audit.progress import Waiting, WalkFailed
from anthropic_audit.service import (
    HealthServer,
    PeriodicTask,
    PeriodicTasks,
    ServiceMetrics,
    alive,
    metrics_page,
    readiness,
)
from anthropic_audit.status.echoes import Echo


def test_figures_count_what_happens_and_say_how_it_stands(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed()
    house.collect(run)
    figures = ServiceMetrics(lambda _: None, house.clock)
    for event in house.told:
        figures.watch(event)
    figures.watch(WalkFailed("acme", "no answer", None, "FeedUnreachableError"))
    figures.watch(Waiting(1.5, "busy"))
    figures.note_echoes([Echo("acme", 4, 3, None, None, None)], 1)
    house.clock.advance(timedelta(minutes=10))

    with open_writer(str(tmp_path), house.clock) as archive:
        lines = figures.text(archive, [run.settings]).decode().splitlines()
        stored = archive.last_seq

    told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(told['anthropic_audit_activities_stored_total{feed="acme"}']) == stored
    assert float(told["anthropic_audit_events_total"]) == stored
    assert float(told["anthropic_audit_events_behind"]) == 0
    assert float(told['anthropic_audit_coverage_age_seconds{feed="acme"}']) >= 600
    assert float(told['anthropic_audit_walk_failures_total{feed="acme",kind="FeedUnreachableError"}']) == 1
    assert float(told["anthropic_audit_wait_seconds_total"]) == 1.5
    assert float(told['anthropic_audit_echo_heard{feed="acme"}']) == 3
    assert float(told["anthropic_audit_stranger_requests"]) == 1
    assert float(told["anthropic_audit_archive_bytes"]) > 1000


def test_a_feed_is_ready_while_its_coverage_is_young(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    run = house.feed()
    with open_writer(str(tmp_path), house.clock) as archive:
        assert readiness(archive, [run.settings], NOW).status == 503
    house.collect(run)

    with open_writer(str(tmp_path), house.clock) as archive:
        assert readiness(archive, [run.settings], NOW).status == 200
        late = readiness(archive, [run.settings], NOW + timedelta(hours=1))

    assert late.status == 503
    assert not json.loads(late.body)["feeds"]["acme"]["is_current"]


def test_pages_are_served_while_the_context_lasts() -> None:
    with HealthServer(0, {"/healthz": alive, "/metrics": lambda: metrics_page(b"a 1\n")}) as server:
        assert httpx2.get(f"{server.url}/healthz?x=1").json() == {"is_alive": True}
        assert httpx2.get(f"{server.url}/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
        with pytest.raises(SetupError, match=r"127\.0\.0\.1"):
            HealthServer(int(server.url.rpartition(":")[2]), {})


def test_chores_are_done_when_they_are_due_and_failures_are_told() -> None:
    now, done, told = [0.0], list[str](), list[str]()

    def fail() -> None:
        done.append("fails")
        msg = "the disk is full"
        raise ArchiveError(msg)

    chores = PeriodicTasks(
        [PeriodicTask("often", 10, lambda: done.append("often")), PeriodicTask("fails", 30, fail)],
        lambda name, error: told.append(f"{name}: {error}") if error else None,
        lambda: now[0],
    )
    for moment in (5.0, 10.0, 15.0, 31.0, 40.0, 61.0):
        now[0] = moment
        chores.do_due()

    assert done == ["often", "often", "fails", "often", "fails"]
    assert told == ["fails: the disk is full"] * 2


def test_chores_end_with_their_context() -> None:
    before = threading.active_count()

    with PeriodicTasks([], lambda _, __: None):
        assert threading.active_count() == before + 1

    assert threading.active_count() == before
