"""Run the service with one regular feed and many feeds with odd responses, and report the result of each.

    python bench/soak.py --minutes 30
    python bench/soak.py --minutes 2 --only deep,wide

`anthropic-audit run` runs in a new process. One feed is the simulator's, with new activities all the time. Each oddity
of `tests/oddities.py` has a feed, and one more feed gets all of them in turn. The exit code is 1 if the service ends
by itself, logs an unexpected error or prints a traceback, if the regular feed is incomplete, or if memory doubles after
the first third.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from anthropic_audit.archive import open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.simulator import Server, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.oddities import ODDITIES, serving_oddities  # noqa: E402 - it is found below the root only

MAIN = "from anthropic_audit.cli import main; main()"
SAMPLE_SECONDS = 5.0
KEY = "sk-ant-api01-TEST0000000000"
MEGABYTE = 2**20


@dataclass
class Seen:
    """Observations of the running service."""

    rss: list[int] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)
    ended_early: int | None = None
    exit_code: int | None = None
    stop_seconds: float = 0.0


def settings(good_url: str, odd_url: str, names: list[str], port: int) -> str:
    """Return the settings of all feeds."""
    lines = ['archive = "archive"', "[service]", f"health_port = {port}"]
    lines += _feed("good", good_url, "GOOD_KEY", 'initial_interval = "6h"')
    for name in [*names, "in-turn"]:
        lines += _feed(name, f"{odd_url}/{name}", "ODD_KEY", 'initial_interval = "1h"')
    return "\n".join(lines)


def _feed(name: str, url: str, key: str, *more: str) -> list[str]:
    bounds = ['interval = "5s"', 'http_client_timeout = "3s"', 'request_deadline = "6s"', 'give_up_after = "5s"']
    return ["[[feeds]]", f'name = "{name}"', f'url = "{url}"', f'api_key_env = "{key}"', *bounds, *more]


def resident(process: int) -> int:
    """Return the resident memory of a process, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def page(port: int, path: str) -> int:
    """Return the HTTP status of a health page; 0 if there is no response."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def watch(service: subprocess.Popen[bytes], port: int, minutes: float) -> Seen:
    """Observe the service at intervals for a number of minutes, and stop it."""
    seen, ends = Seen(), time.monotonic() + minutes * 60
    while time.monotonic() < ends:
        time.sleep(SAMPLE_SECONDS)
        if service.poll() is not None:
            seen.ended_early = service.returncode
            return seen
        seen.rss.append(resident(service.pid))
        seen.ready.append(page(port, "/healthz"))
    started = time.monotonic()
    service.send_signal(signal.SIGTERM)
    try:
        seen.exit_code = service.wait(30)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    seen.stop_seconds = time.monotonic() - started
    return seen


def missing(server: Server, archive: Path) -> tuple[int, int, datetime | None]:
    """Return the numbers of the regular feed's activities and of those missing in the archive, and the end of coverage.

    Only covered time is compared; the end is None if nothing is covered.
    """
    walks = open_reader(str(archive)).coverage("good")
    if not walks:
        return 0, 0, None
    start, end = min(one.window.start for one in walks), max(one.window.end for one in walks)
    truth = {one.id for one in server.vendor.truth(start, end, datetime.now(UTC))}
    with open_reader(str(archive)).connect() as connection:
        rows = connection.execute("SELECT id FROM activities WHERE feed = 'good'").fetchall()
    return len(truth), len(truth - {row[0] for row in rows}), end


def outcomes(log: Path) -> tuple[dict[str, str], list[dict[str, Any]], int]:
    """Return the last outcome of each feed, the unexpected errors, and the number of lines that are not JSON."""
    last: dict[str, str] = defaultdict(lambda: "no outcome was logged")
    unexpected, strange = [], 0
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            strange += 1
            continue
        if entry.get("event") == "unexpected error":
            unexpected.append(entry)
        if entry.get("event") in {"walk finished", "walk failed"}:
            last[entry["feed"]] = f"{entry['event']}: {entry.get('reason') or str(entry['activities']) + ' activities'}"
    return last, unexpected, strange


def main() -> int:
    """Run the service, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--only", default=",".join(ODDITIES))
    arguments = parser.parse_args()
    clock, names = SystemClock(), arguments.only.split(",")
    vendor = open_vendor(
        VendorSettings(world=WorldSettings(activities_per_day=20_000), history=timedelta(hours=6)), clock.now()
    )
    with tempfile.TemporaryDirectory() as name, serve(vendor, clock) as server, serving_oddities() as (odd_url, counts):
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        (folder / "anthropic-audit.toml").write_text(settings(server.url, odd_url, names, port))
        keys = {"GOOD_KEY": vendor.keys.named("compliance").secret.reveal(), "ODD_KEY": KEY, "HOME": name}
        with (folder / "log").open("wb") as log:
            service = subprocess.Popen(
                [sys.executable, "-c", MAIN, "run"], cwd=folder, env={**os.environ, **keys}, stderr=log
            )
            try:
                seen = watch(service, port, arguments.minutes)
            finally:
                if service.poll() is None:
                    service.kill()
                    service.wait()
        return report(seen, folder, server, counts=dict(counts), names=names)


def report(seen: Seen, folder: Path, server: Server, *, counts: dict[str, int], names: list[str]) -> int:
    """Print the results of each oddity and of the whole; return the exit code."""
    last, unexpected, strange = outcomes(folder / "log")
    for name in [*names, "in-turn"]:
        print(f"{name:24} {counts.get(name, 0):5} requests  {last[name][:150]}")
    for one in {(str(one["work"]), str(one["reason"])[:120]) for one in unexpected}:
        print(f"UNEXPECTED ERROR {one[0]}: {one[1]}")
    truth, lacking, end = missing(server, folder / "archive")
    third = seen.rss[len(seen.rss) // 3] if seen.rss else 0
    grown = bool(seen.rss) and seen.rss[-1] > 2 * third
    print(f"regular feed: {truth} activities up to {end}, {lacking} missing; last: {last['good'][:100]}")
    if seen.rss:
        first, peak, final = seen.rss[0], max(seen.rss), seen.rss[-1]
        print(
            f"memory: {first / MEGABYTE:.0f} MB at first, {third / MEGABYTE:.0f} after a third, "
            f"{peak / MEGABYTE:.0f} at the peak, {final / MEGABYTE:.0f} at the end"
        )
    print(
        f"health page: {seen.ready.count(200)} of {len(seen.ready)} requests succeeded; "
        f"stop took {seen.stop_seconds:.1f} s"
    )
    print(f"ended early: {seen.ended_early}, exit code: {seen.exit_code}, lines that are not JSON: {strange}")
    is_late = end is None or datetime.now(UTC) - end > timedelta(minutes=3)
    wrong = [
        seen.ended_early is not None or seen.exit_code != 0,
        bool(unexpected) or bool(strange),
        bool(lacking) or not truth or is_late,
        grown,
    ]
    print("good" if not any(wrong) else "BAD")
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(main())
