"""Deliver to a real OpenSearch: measure the rate against the client's plain bulk helper, or deliver under crashes.

    python bench/delivery.py --events 1000000
    python bench/delivery.py --events 300000 --kills 20

The server runs on the same machine, from packages of registries (`tests/engines`). The first command measures
`sinks deliver` from start to end of its process, and then the official client's `streaming_bulk` with the same
documents, in as many threads, into a data stream with the same templates; before both, some documents are sent to a
third data stream, to warm up the server. The second command kills the server and the deliverer in turns, with SIGKILL
at random times, until all events are delivered. At the end of both, archive and cluster are compared id by id. The exit
code is 1 if they differ.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx2
from opensearchpy import OpenSearch
from opensearchpy.helpers import streaming_bulk

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.crashes import COMMAND, Plan, simulator
from tests.engines.launch import Engine
from tests.engines.opensearch import opensearch

from anthropic_audit.archive import open_reader

WORKERS = 4
BATCH = 2000
WARM = 40_000
MAX_KILL_INTERVAL_SECONDS = 3.0
SINKS = """
archive = "{archive}"

[[sinks]]
name = "bench"
to = "opensearch"
urls = ["{url}"]
namespace = "{namespace}"
workers = {workers}
batch_events = {batch}
"""


@dataclass(frozen=True)
class Bench:
    """An archive and a server."""

    folder: Path
    engine: Engine

    def settings(self, namespace: str) -> Path:
        """Write a settings file for one data stream, set up the data stream, and return the file's path."""
        path = self.folder / f"{namespace}.toml"
        archive = self.folder / "archive"
        values = {"archive": archive, "url": self.engine.url, "namespace": namespace}
        path.write_text(SINKS.format(**values, workers=WORKERS, batch=BATCH))
        run("sinks", "setup", "bench", "--config", str(path))
        return path

    def documents(self, namespace: str) -> Iterator[dict[str, object]]:
        """Yield the actions for the plain bulk helper."""
        reader = open_reader(str(self.folder / "archive"))
        for first in range(1, reader.normalized_seq + 1, 50_000):
            events = reader.events_between(first, first + 49_999)
            for name, document in zip(
                events.column("id").to_pylist(), events.column("document").to_pylist(), strict=True
            ):
                text = document.replace('"namespace":"default"', f'"namespace":"{namespace}"', 1)
                yield {"_index": f"logs-anthropic.audit-{namespace}", "_id": name, "_source": text}


def run(*words: str, may_fail: bool = False) -> str:
    """Run `anthropic-audit` to its end, and return its output; exit with its message if it fails."""
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    if done.returncode and not may_fail:
        sys.exit(done.stderr)
    return done.stdout


def collect(events: int, folder: Path) -> int:
    """Fill an archive with events of a simulated organization, and return their number."""
    with simulator(Plan(activities=events), folder) as url:
        environment = {
            **os.environ,
            "ANTHROPIC_COMPLIANCE_ACCESS_KEY": (folder / "key").read_text().strip(),
            "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL": url,
        }
        words = ["backfill", "--from", "31d", "--archive", str(folder / "archive")]
        subprocess.run([*COMMAND, *words], env=environment, capture_output=True, check=True)
    return open_reader(str(folder / "archive")).normalized_seq


def measure(bench: Bench, events: int) -> bool:
    """Print both rates, and return whether archive and cluster have the same events."""
    client = OpenSearch(bench.engine.url, http_compress=True, timeout=60)
    for namespace in ("warm", "plain"):
        bench.settings(namespace)
    plainly(client, islice(bench.documents("warm"), WARM))
    config = bench.settings("ours")
    started = time.perf_counter()
    process = subprocess.Popen([*COMMAND, "sinks", "deliver", "--config", str(config)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    ours = time.perf_counter() - started
    started = time.perf_counter()
    sent = plainly(client, bench.documents("plain"))
    plain = time.perf_counter() - started
    print(f"events                     {events:,}")
    print(f"reference, plain bulk      {sent / plain:,.0f} a second ({plain:.0f} s, {sent:,} events)")
    print(f"sinks deliver              {events / ours:,.0f} a second ({ours:.0f} s)")
    print(f"  share of the reference   {plain / ours:.2f}")
    print(f"  CPU per event            {(usage.ru_utime + usage.ru_stime) / events * 1e6:.0f} microseconds")
    print(f"  peak memory              {usage.ru_maxrss / 1024:,.0f} MB")
    return os.waitstatus_to_exitcode(status) == 0 and compare(config)


def plainly(client: OpenSearch, documents: Iterator[dict[str, object]]) -> int:
    """Send documents with the client's own helper in `WORKERS` threads, and return the number of accepted ones.

    The helper sends documents that the server refuses with 429 again after a second.
    """
    taking = threading.Lock()

    def some() -> Iterator[dict[str, object]]:
        while True:
            with taking:
                chunk = list(islice(documents, BATCH))
            if not chunk:
                return
            yield from chunk

    def send(_: int) -> int:
        results = streaming_bulk(
            client,
            some(),
            chunk_size=BATCH,
            expand_action_callback=_plain,
            max_retries=100,
            initial_backoff=1,
            max_backoff=1,
        )
        return sum(ok for ok, _ in results)

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(send, range(WORKERS)))


def _plain(action: dict[str, object]) -> tuple[dict[str, object], object]:
    """Return an action and its document for the helper; the document is already JSON, as for the sink."""
    return {"create": {"_index": action["_index"], "_id": action["_id"]}}, action["_source"]


def disturb(bench: Bench, kills: int, chance: random.Random) -> bool:
    """Deliver while server and deliverer are killed in turns; print the result, and return whether it is good."""
    config = bench.settings("ours")
    deliverer = _deliver(config)
    positions = []
    for number in range(kills):
        time.sleep(chance.uniform(0.5, MAX_KILL_INTERVAL_SECONDS))
        if number % 2:
            bench.engine.kill()
            bench.engine.start()
        else:
            deliverer.kill()
            deliverer.wait()
            httpx2.post(f"{bench.engine.url}/logs-anthropic.audit-ours/_rollover", timeout=30)
            deliverer = _deliver(config)
        (status,) = json.loads(run("sinks", "status", "--format", "json", "--config", str(config)))
        positions.append(status["position"])
    deliverer.kill()
    deliverer.wait()
    run("sinks", "deliver", "--config", str(config))
    print(f"kills                      {kills}, half of the server, half of the deliverer, with a rollover each")
    print(f"positions after them       {positions}")
    return compare(config)


def _deliver(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "sinks", "deliver", "--follow", "--config", str(config)], stderr=subprocess.DEVNULL
    )


def compare(config: Path) -> bool:
    """Compare archive and cluster id by id, print the result, and return whether they are equal."""
    started = time.perf_counter()
    words = ("sinks", "verify", "bench", "--from", "32d", "--format", "json", "--config", str(config))
    found = json.loads(run(*words, may_fail=True))
    seconds = time.perf_counter() - started
    wrong = {what: sum(len(hour[what]) for hour in found["differing"]) for what in ("missing", "strange", "doubled")}
    print(f"archive, cluster           {found['archive']:,} and {found['cluster']:,}, compared in {seconds:.0f} s")
    print(f"  {', '.join(f'{what} {number}' for what, number in wrong.items())}")
    return not any(wrong.values()) and found["archive"] == found["cluster"]


def main() -> None:
    """Run the measurement or the crashes of the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = collect(given.events, folder)
        (folder / "engine").mkdir()
        with opensearch(folder / "engine", {}) as engine:
            bench = Bench(folder, engine)
            is_good = disturb(bench, given.kills, random.Random(given.seed)) if given.kills else measure(bench, events)
    print("good" if is_good else "BAD")
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
