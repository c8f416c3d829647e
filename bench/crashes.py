"""Kill the collector at random times, and compare its archive with the simulator's ground truth.

    python bench/crashes.py --activities 200000 --kills 10
    python bench/crashes.py --activities 200000 --kills 10 --late-share 0.02 --repeat-share 0.02

The simulator and the collector run in processes of their own. The collector is killed with SIGKILL after a random time,
repeatedly; a last run goes to the end. Then each id must be in the archive exactly once, with the bytes that the
simulator served, and with the right SHA-256. The exit code is 1 if this is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from anthropic_audit.archive import open_reader

COMMAND = [sys.executable, "-c", "from anthropic_audit.cli import main; main()"]


@dataclass(frozen=True)
class Plan:
    """The parameters of a trial."""

    activities: int = 200_000
    kills: int = 10
    late_share: float = 0.0
    repeat_share: float = 0.0
    lateness_seconds: int = 20
    """Upper bound on the lateness of late activities."""
    seed: int = 1


@dataclass(frozen=True)
class Verdict:
    """The result of comparing the archive with the ground truth."""

    expected: int
    stored: int
    missing: int
    unexpected: int
    doubled: int
    wrong_bytes: int
    wrong_digests: int
    events: int
    killed_after: tuple[float, ...]
    stored_at_kills: tuple[int, ...]

    @property
    def is_good(self) -> bool:
        """Whether the archive equals the ground truth: each activity once, as received, with one event."""
        wrong = (self.missing, self.unexpected, self.doubled, self.wrong_bytes, self.wrong_digests)
        return not any(wrong) and self.stored == self.expected == self.events


@contextmanager
def simulator(plan: Plan, folder: Path, rate_limit: int = 100_000) -> Iterator[str]:
    """Run a simulator, and yield its URL; its key is in `<folder>/key`."""
    options = ["--port", "0", "--history", "30d", "--activities", str(plan.activities), "--seed", str(plan.seed)]
    options += ["--historic", "--rate-limit", str(rate_limit), "--key-file", str(folder / "key")]
    options += ["--late-share", str(plan.late_share), "--lateness", f"{plan.lateness_seconds}s"]
    options += ["--repeat-share", str(plan.repeat_share)]
    with simulating(options, folder) as url:
        yield url


@contextmanager
def simulating(options: list[str], folder: Path) -> Iterator[str]:
    """Run a simulator with command line options, and yield its URL; it logs into the folder."""
    with (folder / "simulator.log").open("w+") as log:
        process = subprocess.Popen([*COMMAND, "simulate", *options], stderr=log)
        try:
            yield _address(folder / "simulator.log", process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(6000):
        words = log.read_text().split()
        found = [word for word in words if word.startswith("http://")]
        if found and "activities" in words:
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"error: the simulator did not start:\n{log.read_text()}")


def try_it(plan: Plan) -> Verdict:
    """Collect with crashes, and compare the archive with the ground truth."""
    chance = random.Random(plan.seed)
    with tempfile.TemporaryDirectory() as name, simulator(plan, Path(name)) as url:
        folder = Path(name)
        killed_after, stored = [], []
        for _ in range(plan.kills):
            killed_after.append(_killed(folder, url, chance))
            stored.append(_count(folder))
        if plan.late_share:
            time.sleep(plan.lateness_seconds)
        environment = _environment(folder, "31d" if plan.late_share else "10m")
        last = subprocess.run(_collect(folder, url), env=environment, capture_output=True, check=False)
        if last.returncode:
            sys.exit(f"error: the last run failed:\n{last.stderr.decode()[-3000:]}")
        return _compared(folder, url, killed_after, stored)


def _collect(folder: Path, url: str) -> list[str]:
    options = ["--once", "--url", url, "--initial-interval", "31d", "--archive", str(folder / "archive")]
    return [*COMMAND, "collect", *options]


def _environment(folder: Path, overlap: str) -> dict[str, str]:
    """Return the environment of a run; a long overlap reads all of history again, as a reconciliation does."""
    feed = {
        "ANTHROPIC_AUDIT_FEEDS__DEFAULT__OVERLAP": overlap,
        "ANTHROPIC_COMPLIANCE_ACCESS_KEY": (folder / "key").read_text().strip(),
        "ANTHROPIC_AUDIT_FEEDS__DEFAULT__BATCH_SIZE": "1000",
    }
    return {**os.environ, **feed}


def _killed(folder: Path, url: str, chance: random.Random) -> float:
    process = subprocess.Popen(_collect(folder, url), env=_environment(folder, "10m"), stderr=subprocess.DEVNULL)
    after = 0.7 + chance.random() * 1.6
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return round(after, 2)


def _count(folder: Path) -> int:
    try:
        with open_reader(str(folder / "archive")).connect() as connection:
            counted: int = connection.sql("SELECT count(*) FROM activities").fetchall()[0][0]
            return counted
    except Exception:  # noqa: BLE001 - a first run that was killed early has no archive yet
        return 0


def _compared(folder: Path, url: str, killed_after: list[float], stored_at_kills: list[int]) -> Verdict:
    with urllib.request.urlopen(f"{url}/_simulator/truth?digest=sha256") as answer:  # noqa: S310 - our own simulator
        truth = {seen["id"]: seen["sha256"] for seen in map(json.loads, answer)}
    with open_reader(str(folder / "archive")).connect() as connection:
        rows = connection.sql("SELECT id, raw, sha256 FROM activities").fetchall()
        events = connection.sql("SELECT count(DISTINCT id) FROM events").fetchall()[0][0]
    ids = Counter(identity for identity, _, _ in rows)
    return Verdict(
        expected=len(truth),
        stored=len(rows),
        missing=len(truth.keys() - ids.keys()),
        unexpected=len(ids.keys() - truth.keys()),
        doubled=sum(count > 1 for count in ids.values()),
        wrong_bytes=sum(truth.get(identity) != sha256(raw).hexdigest() for identity, raw, _ in rows),
        wrong_digests=sum(sha256(raw).digest() != bytes(digest) for _, raw, digest in rows),
        events=events,
        killed_after=tuple(killed_after),
        stored_at_kills=tuple(stored_at_kills),
    )


def main() -> None:
    """Run the trial of the options, and print the verdict."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=Plan.activities)
    options.add_argument("--kills", type=int, default=Plan.kills)
    options.add_argument("--late-share", type=float, default=0.0)
    options.add_argument("--repeat-share", type=float, default=0.0)
    options.add_argument("--seed", type=int, default=1)
    verdict = try_it(Plan(**vars(options.parse_args())))
    for name, value in vars(verdict).items():
        print(f"{name:16} {value}")
    print("good" if verdict.is_good else "BAD")
    sys.exit(0 if verdict.is_good else 1)


if __name__ == "__main__":
    main()
