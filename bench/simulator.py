"""Measure the simulator's rate: pages of 5,000 through a real socket, with the server alone on one core.

Run `python bench/simulator.py [--activities N] [--seconds S]`. Each line is one kind of walk over the same world. The
reference of the same run is a server that responds to each request with the same prepared page.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from urllib.parse import urlencode

from anthropic_audit.clock import SystemClock
from anthropic_audit.simulator import IndexingBehavior, Request, Response, Vendor, VendorSettings, open_vendor, respond
from anthropic_audit.simulator.serve import Server
from anthropic_audit.simulator.world import WorldSettings

PATH = "/v1/compliance/activities"
ROWS_IN_A_PAGE = 5000
TAIL = re.compile(rb'"has_more":(true|false),"first_id":[^,]+,"last_id":"([^"]+)"\}$')
UNLIMITED = 10**9
GOAL = 100_000
DAYS = 7

WALKS: dict[str, tuple[tuple[str, str], ...]] = {
    "ascending": (("order", "asc"),),
    "descending": (("order", "desc"),),
    "ascending, one type excluded": (("order", "asc"), ("exclude_activity_types[]", "claude_chat_viewed")),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a measurement."""

    activities: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one walk."""

    pages: int
    activities: int
    received_bytes: int
    seconds: float

    def line(self, name: str) -> str:
        """Return the result as a line of text."""
        rate = self.activities / self.seconds
        megabytes = self.received_bytes / self.seconds / 1e6
        return f"{name:<42} {rate:>12,.0f} activities/s {megabytes:>8,.0f} MB/s {self.pages:>6} pages"


def keep_to(core: int) -> None:
    """Pin this process to one core, if the platform supports it."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def server_process(pipe: Connection, plan: Plan, delivery: IndexingBehavior) -> None:
    """Serve until `end` is received; send ports, key and size first, then resource usage upon each request."""
    keep_to(0)
    settings = VendorSettings(
        world=WorldSettings(activities_per_day=plan.activities / DAYS),
        history=timedelta(days=DAYS),
        delivery=delivery,
        requests_per_minute=UNLIMITED,
    )
    started = time.monotonic()
    vendor = open_vendor(settings, datetime.now(UTC))
    made_seconds = time.monotonic() - started
    page = vendor_page(vendor)
    with (
        Server(vendor, SystemClock(), "127.0.0.1", 0) as server,
        Server(vendor, SystemClock(), "127.0.0.1", 0, answer=lambda *_: page) as reference,
    ):
        key = vendor.keys.named("compliance").secret.reveal()
        pipe.send((server.port, reference.port, key, vendor.activities(datetime.now(UTC)), made_seconds))
        while pipe.recv() != "end":
            pipe.send(resource.getrusage(resource.RUSAGE_SELF))


def vendor_page(vendor: Vendor) -> Response:
    """Return one full page, for the reference."""
    key = vendor.keys.named("compliance").secret.reveal()
    query = (("limit", str(ROWS_IN_A_PAGE)), ("order", "asc"))
    return respond(vendor, Request("GET", PATH, query, {"x-api-key": key}), datetime.now(UTC))


class Asker:
    """A minimal client: it reads a page, and only parses the cursor at its end."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(64 * 2**20)
        self._key = key

    def page(self, query: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
        """Return the size of a page's body, and the last 400 bytes."""
        target = f"{PATH}?{urlencode(query)}"
        self._connection.sendall(f"GET {target} HTTP/1.1\r\nhost: x\r\nx-api-key: {self._key}\r\n\r\n".encode())
        view = memoryview(self._buffer)
        filled, end = 0, -1
        while end < 0:
            filled += self._connection.recv_into(view[filled:])
            end = self._buffer.find(b"\r\n\r\n", 0, filled)
        head = bytes(self._buffer[:end])
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while filled < end + 4 + length:
            filled += self._connection.recv_into(view[filled:])
        return length, bytes(self._buffer[filled - 400 : filled])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def measure(asker: Asker, query: tuple[tuple[str, str], ...], seconds: float) -> Measured:
    """Walk from page to page for a number of seconds, starting again at the end; only full pages count."""
    pages = size = 0
    cursor: tuple[tuple[str, str], ...] = ()
    started = time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        length, tail = asker.page((*query, ("limit", str(ROWS_IN_A_PAGE)), *cursor))
        found = TAIL.search(tail)
        assert found is not None, tail
        if found[1] == b"true":
            pages, size = pages + 1, size + length
        cursor = (("after_id", found[2].decode()),) if found[1] == b"true" else ()
    return Measured(pages, pages * ROWS_IN_A_PAGE, size, took)


def run(plan: Plan, delivery: IndexingBehavior, walks: dict[str, tuple[tuple[str, str], ...]]) -> dict[str, Measured]:
    """Measure walks over one world in a new server process, and the reference."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=server_process, args=(there, plan, delivery))
    process.start()
    there.close()
    port, reference_port, key, activities, made_seconds = here.recv()
    here.send("account")
    memory = here.recv().ru_maxrss
    print(f"world of {activities:,} activities created in {made_seconds:.1f} s, server memory {memory / 1024:,.0f} MiB")
    results = {}
    for name, query in walks.items():
        asker = Asker(port, key)
        results[name] = measure(asker, query, plan.seconds)
        asker.close()
        print(results[name].line(name), flush=True)
    asker = Asker(reference_port, key)
    results["reference"] = measure(asker, (), plan.seconds)
    asker.close()
    print(results["reference"].line("reference: one prepared page, no logic"))
    here.send("account")
    account = here.recv()
    here.send("end")
    process.join()
    print(f"server CPU time {account.ru_utime + account.ru_stime:.1f} s, peak {account.ru_maxrss / 1024:,.0f} MiB")
    return results


def main() -> None:
    """Run the measurement, print the results, and exit with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--activities", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    wanted = parser.parse_args()
    plan = Plan(wanted.activities, wanted.seconds)
    keep_to(1)
    results = run(plan, IndexingBehavior(), WALKS)
    print("\nwith 1 % late and 1 % repeated activities:")
    unruly = run(plan, IndexingBehavior(late_share=0.01, repeat_share=0.01), dict(list(WALKS.items())[:2]))
    slowest = min(
        one.activities / one.seconds for one in (results["ascending"], results["descending"], unruly["ascending"])
    )
    print(json.dumps({"slowest_walk_activities_per_second": round(slowest), "goal": GOAL, "met": slowest >= GOAL}))
    sys.exit(0 if slowest >= GOAL else 1)


if __name__ == "__main__":
    main()
