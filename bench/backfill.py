"""Measure reading history: the rate, and the share of the request budget that is used with a slow server.

    python bench/backfill.py --activities 1000000
    python bench/backfill.py --budget

The first command measures `backfill` from start to end, including normalizing, and as the reference a plain reader
that discards the same pages. The second delays each of the simulator's responses by a second, as a busy API may, with
the documented budget of 600 requests a minute, and counts the requests of twelve workers and of one worker in three
minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.collect import read_plainly
from bench.crashes import COMMAND, Plan, simulator

from anthropic_audit.archive import open_reader

LIMIT = 600
"""Requests a minute (Compliance API, Rate limits)."""
CEILING = LIMIT * 5000 / 60
"""The maximum rate of the API, in activities per second."""
MINUTES = 3


def backfill(url: str, key: str, archive: Path, *options: str, batch_size: int = 5000) -> subprocess.Popen[bytes]:
    """Start `backfill` of all history in a new process."""
    environment = {
        **os.environ,
        "ANTHROPIC_COMPLIANCE_ACCESS_KEY": key,
        "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL": url,
        "ANTHROPIC_AUDIT_FEEDS__DEFAULT__BATCH_SIZE": str(batch_size),
    }
    words = [*COMMAND, "backfill", "--from", "31d", "--archive", str(archive), *options]
    with (archive.parent / f"{archive.name}.log").open("w") as log:
        return subprocess.Popen(words, env=environment, stderr=log)


def measure_speed(activities: int) -> None:
    """Print the rate at which history is read, stored and normalized."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with simulator(Plan(activities=activities), folder) as url:
            key = (folder / "key").read_text().strip()
            count, plain = read_plainly(url, key)
            started = time.perf_counter()
            process = backfill(url, key, folder / "archive")
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"backfill ended with {process.returncode}:\n{(folder / 'archive.log').read_text()[-2000:]}")
        size = sum(file.stat().st_size for file in (folder / "archive").rglob("*") if file.is_file())
        files = sum(1 for _ in (folder / "archive").rglob("*.parquet"))
    cpu = usage.ru_utime + usage.ru_stime
    print(f"activities                       {count:,}")
    print(f"reference, pages discarded       {count / plain:,.0f} a second")
    print(f"backfill, normalized             {count / wall:,.0f} a second ({wall:.0f} s)")
    print(f"  share of the reference         {plain / wall:.3f}")
    print(f"  share of the API's maximum     {count / wall / CEILING:.2f} (of {CEILING:,.0f} a second)")
    print(f"  CPU per activity               {cpu / count * 1e6:.0f} microseconds ({cpu / wall:.2f} cores)")
    print(f"  peak memory                    {usage.ru_maxrss / 1024:,.0f} MB")
    print(f"  on disk                        {size / count:,.0f} bytes per activity, {files:,} files")


def measure_budget() -> None:
    """Print the share of the request budget that is used when every response takes a second."""
    for workers in (12, 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with simulator(Plan(activities=400_000), folder, rate_limit=LIMIT) as url:
                key = (folder / "key").read_text().strip()
                slow = {"kind": "slow", "times": 10**6, "seconds": 1.0}
                httpx2.post(f"{url}/_simulator/faults", json=slow).raise_for_status()
                process = backfill(url, key, folder / "archive", "--workers", str(workers), batch_size=100)
                time.sleep(MINUTES * 60 + 10)
                process.send_signal(signal.SIGTERM)
                process.wait(120)
            with open_reader(str(folder / "archive")).connect() as connection:
                rows = connection.sql("SELECT epoch(asked_at), status FROM requests ORDER BY 1").fetchall()
        counted = [status for at, status in rows if at < rows[0][0] + MINUTES * 60]
        a_minute = len(counted) / MINUTES
        refused = counted.count(429)
        result = f"{a_minute:.0f} requests a minute, {a_minute / LIMIT:.0%} of the budget, {refused} refused"
        print(f"{workers:2} workers: {result}")


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=1_000_000)
    options.add_argument("--budget", action="store_true")
    arguments = options.parse_args()
    if arguments.budget:
        measure_budget()
    else:
        measure_speed(arguments.activities)


if __name__ == "__main__":
    main()
