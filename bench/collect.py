"""Measure collecting from start to end: activities per second, peak memory, bytes on disk.

    python bench/collect.py --activities 200000

The reference of the same run is a plain reader that requests the same pages and discards them: the maximum rate of the
simulator and the network. Then `collect --once` reads, stores, claims and normalizes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.crashes import COMMAND, Plan, simulator

PATH = "/v1/compliance/activities"


def read_plainly(url: str, key: str) -> tuple[int, float]:
    """Read and discard all pages, one after the other; return the number of activities and the seconds taken."""
    after: dict[str, str] = {}
    count, started = 0, time.perf_counter()
    with httpx2.Client(base_url=url, headers={"x-api-key": key}, timeout=60) as client:
        while True:
            answer = client.get(PATH, params={"order": "asc", "limit": "5000", **after})
            page = orjson.loads(answer.content)
            count += len(page["data"])
            if not page["has_more"]:
                return count, time.perf_counter() - started
            after = {"after_id": page["last_id"]}


def collect(url: str, key: str, archive: Path) -> tuple[float, float, float]:
    """Run `collect --once` in a new process; return wall seconds, CPU seconds and peak memory in MB."""
    environment = {**os.environ, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": key}
    options = ["--once", "--url", url, "--initial-interval", "31d", "--archive", str(archive)]
    started = time.perf_counter()
    process = subprocess.Popen([*COMMAND, "collect", *options], env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"error: `collect` ended with exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=200_000)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with simulator(Plan(activities=arguments.activities), folder) as url:
            key = (folder / "key").read_text().strip()
            read_plainly(url, key)
            count, plain = read_plainly(url, key)
            wall, cpu, memory = collect(url, key, folder / "archive")
        size = sum(file.stat().st_size for file in (folder / "archive").rglob("*") if file.is_file())
    print(f"activities                       {count:,}")
    print(f"reference, pages discarded       {count / plain:,.0f} a second")
    print(f"collect --once, start to end     {count / wall:,.0f} a second ({wall:.1f} s; ratio {plain / wall:.3f})")
    print(f"  CPU per activity               {cpu / count * 1e6:.0f} microseconds")
    print(f"  peak memory                    {memory:,.0f} MB")
    print(f"  bytes on disk per activity     {size / count:,.0f}")


if __name__ == "__main__":
    main()
