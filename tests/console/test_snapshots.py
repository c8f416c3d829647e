"""Snapshots of the archive: long queries report progress, and can be cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import httpx2
import pytest
from tests.collecting import NOW
from tests.console.conftest import Served

from anthropic_audit.console.snapshots import ReaderTicket, ReaderTickets, SnapshotPool
from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.testing import FakeClock

FOR_MINUTES = "SELECT count(*) FROM range(40000000) a JOIN events b ON hash(a.range, b.seq) % 1000000007 = 1"


@pytest.fixture
def library(archive: Path) -> SnapshotPool:
    return SnapshotPool(str(archive), FakeClock(NOW))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def ask_long(library: SnapshotPool, threads: ThreadPoolExecutor, ticket: ReaderTicket) -> Future[object]:
    begun = threading.Event()

    def ask(connection: duckdb.DuckDBPyConnection) -> object:
        begun.set()
        return connection.execute(FOR_MINUTES).fetchall()

    future = threads.submit(library.ask, ticket, ask)
    assert begun.wait(20)
    return future


def until(claim: Callable[[], object]) -> None:
    """Wait until something holds; a test that waits for ever ends by the suite's own limit."""
    while not claim():
        time.sleep(0.02)


def test_a_question_tells_how_far_it_is_until_it_is_given_up(
    library: SnapshotPool, threads: ThreadPoolExecutor
) -> None:
    tickets = ReaderTickets()
    with tickets.held("alice's session", "t1") as ticket:
        future = ask_long(library, threads, ticket)
        until(lambda: (tickets.percent("alice's session", "t1") or 0) > 0)

        assert tickets.percent("bob's session", "t1") is None
        assert tickets.percent("alice's session", "t2") is None
        ticket.cancel()
        with pytest.raises(InterruptedRunError):
            future.result(20)

    assert tickets.percent("alice's session", "t1") is None


def test_a_ticket_that_was_given_up_before_is_not_answered(library: SnapshotPool) -> None:
    ticket = ReaderTicket()
    ticket.cancel()

    with pytest.raises(InterruptedRunError):
        library.ask(ticket, lambda connection: connection.execute("SELECT 1").fetchall())


def test_a_name_that_is_held_twice_belongs_to_the_second(library: SnapshotPool) -> None:
    tickets = ReaderTickets()
    with tickets.held("s", "t") as second, tickets.held("s", "t") as first:
        assert first is not second
    with tickets.held("s", "") as unnamed, library.cursor(unnamed):
        assert tickets.percent("s", "") is None


def test_the_progress_of_nothing_is_nothing(inside: httpx2.Client) -> None:
    for ticket in ("", "x", "%00"):
        answer = inside.get(f"/api/progress?ticket={ticket}")

        assert (answer.status_code, answer.json()) == (200, {"percent": None})


def test_asking_how_far_it_is_fills_no_access_log(served: Served) -> None:
    client = served.inside()
    before = len(served.noted())

    client.get("/api/progress?ticket=x")
    client.get("/api/events?ticket=x")

    assert [line["path"] for line in served.noted()[before:]] == ["/api/events"]
    assert served.client().get("/api/progress?ticket=x").status_code == 401
