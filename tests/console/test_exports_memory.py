"""Concurrent exports in a console process of their own: limits, waiting, refusals and memory."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import orjson
import pyarrow as pa
import pytest
from tests.collecting import NOW
from tests.console.conftest import Serve, Served

from anthropic_audit.archive import open_writer
from anthropic_audit.archive.rows import Events
from anthropic_audit.console.context import ConsoleContext
from anthropic_audit.console.export_slots import EXPORT_BYTES, MAX_PER_SESSION, MAX_RUNNING, RESERVED_BYTES
from anthropic_audit.memory import Memory
from anthropic_audit.progress import ignore_progress
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

EVENTS, TEXT_BYTES = 400, 40_000
SPAN = {"from": format_time(NOW - timedelta(days=1)), "to": format_time(NOW)}
AT_ONCE = 8


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 16 MB of documents in one hour."""
    folder = tmp_path_factory.mktemp("large") / "archive"
    times = [NOW - timedelta(seconds=number % 3_600 + 1) for number in range(EVENTS)]
    activities = {
        "seq": list(range(1, EVENTS + 1)),
        "feed": ["acme"] * EVENTS,
        "id": [f"activity_{number}" for number in range(EVENTS)],
        "created_at": pa.array(times, pa.timestamp("us", tz="UTC")),
        "received_at": pa.array(times, pa.timestamp("us", tz="UTC")),
    }
    texts = [
        orjson.dumps(
            {
                "@timestamp": format_time(when),
                "message": f"{number} " + "x" * TEXT_BYTES,
                "user": {"email": f"u{number % 7}@acme.example"},
            }
        )
        for number, when in enumerate(times)
    ]
    with open_writer(str(folder), FakeClock(NOW), ignore_progress) as archive:
        archive.append_events(Events(pa.table(activities), texts, [True] * EVENTS, "1"), EVENTS)
    return folder


@contextmanager
def process(archive: Path) -> Iterator[tuple[int, str]]:
    """Serve a console by the command line; gives its process and the link."""
    words = [
        str(Path(sys.executable).with_name("anthropic-audit")),
        "console",
        "--no-open",
        "--port",
        "0",
        "--archive",
        str(archive),
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stderr is not None
            found = re.search(r"http://\S+", served.stderr.readline())
            assert found
            yield served.pid, found[0]
        finally:
            served.terminate()


def peak_mb(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def downloaded(client: httpx2.Client, kind: str, sort: str) -> int:
    """Return how many bytes an export has."""
    asked = {**SPAN, "columns": "message", "sort": sort}
    with client.stream("GET", f"/export/{kind}", params=asked) as answer:
        assert answer.status_code == 200, answer.read()
        return sum(map(len, answer.iter_bytes()))


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is told by Linux only")
def test_eight_exports_at_once_cost_little_more_than_one(large: Path) -> None:
    """Without a bound, each would hold some three times its documents."""
    with process(large) as (pid, link), httpx2.Client(timeout=120, follow_redirects=True) as client:
        client.base_url = client.get(link).url.join("/")
        downloaded(client, "ndjson", "-@timestamp")
        client.get("/static/vega.js")
        before = peak_mb(pid)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            sizes = list(threads.map(lambda _: downloaded(client, "ndjson", "-@timestamp"), range(AT_ONCE)))

        assert min(sizes) > EVENTS * TEXT_BYTES
        assert peak_mb(pid) - before < 12 * EVENTS * TEXT_BYTES >> 20


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[ConsoleContext]:
    """The export slots that a test's requests share."""
    made: list[ConsoleContext] = []
    init = ConsoleContext.__init__

    def noted(self: ConsoleContext, *arguments: object) -> None:
        init(self, *arguments)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(ConsoleContext, "__init__", noted)
    return made


def until(claim: Callable[[], bool]) -> None:
    while not claim():
        time.sleep(0.02)


def test_exports_beyond_those_of_a_session_wait_until_one_is_done_or_given_up(
    serving: Serve, large: Path, places: list[ConsoleContext]
) -> None:
    served = serving(archive=large)
    client, exports = served.inside(), places[0].exports
    asked = {**SPAN, "columns": "message"}
    with (
        client.stream("GET", "/export/csv", params=asked),
        client.stream("GET", "/export/csv", params=asked),
        ThreadPoolExecutor(1) as threads,
    ):
        until(lambda: exports.running == MAX_PER_SESSION)
        third = threads.submit(downloaded, client, "csv", "@timestamp")
        until(lambda: exports.waiting == 1)

        assert (exports.running, third.done()) == (MAX_PER_SESSION, False)
        assert client.get("/feeds").status_code == 200
        assert downloaded(served.inside(), "csv", "@timestamp") > EVENTS * TEXT_BYTES
        assert exports.waiting == 1
        client.close()
        with pytest.raises((httpx2.HTTPError, RuntimeError)):
            third.result(timeout=15)
    until(lambda: (exports.running, exports.waiting) == (0, 0))


def test_no_more_exports_run_than_may_in_all(serving: Serve, large: Path, places: list[ConsoleContext]) -> None:
    served = serving(archive=large)
    clients = [served.inside() for _ in range(MAX_RUNNING + 1)]
    exports, most = places[0].exports, 0
    with ThreadPoolExecutor(len(clients)) as threads:
        done = [threads.submit(downloaded, client, "csv", "@timestamp") for client in clients]
        while not all(one.done() for one in done):
            most = max(most, exports.running)
            time.sleep(0.005)

    assert all(one.result() > EVENTS * TEXT_BYTES for one in done)
    assert 1 <= most <= MAX_RUNNING


def test_under_a_small_memory_limit_an_export_is_refused_and_pages_are_not(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Memory(limit=512 << 20, available=RESERVED_BYTES + EXPORT_BYTES - 1)
    monkeypatch.setattr("anthropic_audit.console.export_slots.memory", lambda: small)
    client = served.inside()

    answer = client.get("/export/csv")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "too little memory for an export: 383 MB are free, 384 MB are needed" in answer.text
    assert client.get("/explore").status_code == 200
