"""Collect under many faults at once for minutes, and compare the archive with the ground truth.

    python bench/chaos.py --minutes 10 --seed 1
    python bench/chaos.py --minutes 10 --seed 1 --report docs/reference/chaos.md

A live simulator generates 2,000 activities a second, delivers some late and some twice, and responds with every kind of
fault. `anthropic-audit run` collects from it, is killed with SIGKILL at random times, and started with a wrong clock;
sometimes a second process is started on the same archive. For half a minute the archive's disk is full: `--disk` names
a folder on a small file system; without it, on Linux as root, a tmpfs is mounted. Then the world ends, and the rest is
collected. Each id of the ground truth must be in the archive exactly once, with the bytes as served and with one event,
and no activity may be missing in covered time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.crashes import COMMAND, simulating

from anthropic_audit.archive import open_reader
from anthropic_audit.times import format_time

RATE = 2000
LATENESS, LAG = 20, 5
FAULTS = {
    "429": 0.01,
    "429-silent": 0.005,
    "500": 0.01,
    "500-final": 0.003,
    "502": 0.005,
    "503": 0.005,
    "504": 0.005,
    "529": 0.005,
    "slow": 0.005,
    "reset": 0.01,
    "truncated": 0.01,
    "html": 0.005,
    "empty": 0.01,
    "frozen": 0.005,
    "cursor": 0.01,
    "cursors": 0.003,
    "unauthorized": 0.002,
}
SETTINGS = """
archive = "{archive}"

[[feeds]]
name = "chaos"
url = "{url}"
api_key_file = "{key}"
initial_interval = "10m"
interval = "5s"
overlap = "30s"
settle = "10s"
http_client_timeout = "3s"
give_up_after = "10s"
batch_size = 5000
"""
SKEWED = """
import sys
from datetime import timedelta
import anthropic_audit.cli.run as run_command
from anthropic_audit.clock import SystemClock

wrong = timedelta(seconds=float(sys.argv[1]))

class Skewed(SystemClock):
    def now(self):
        return super().now() + wrong

run_command.SystemClock = Skewed
from anthropic_audit.cli import main
sys.argv = ["anthropic-audit", "run", "--config", sys.argv[2]]
main()
"""
DISK_MB = 4000
SECOND_SHARE = 0.3
MAX_RUNS = 40


@dataclass
class Diary:
    """The record of all faults that were caused."""

    started: float = field(default_factory=time.monotonic)
    entries: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, text: str) -> None:
        """Add an entry, and count its kind."""
        self.counts[kind] += 1
        self.entries.append(f"{time.monotonic() - self.started:6.1f} s  {text}")


@dataclass(frozen=True)
class Verdict:
    """The result of comparing the archive with the ground truth."""

    covered_from: datetime
    covered_to: datetime
    holes: int
    truth: int
    stored: int
    missing: int
    unknown: int
    doubled: int
    altered: int
    wrong_digests: int
    without_event: int
    with_two_events: int

    @property
    def is_good(self) -> bool:
        """Whether the archive equals the ground truth: each activity once, as received, without holes in coverage."""
        wrong = (self.holes, self.missing, self.unknown, self.doubled, self.altered, self.wrong_digests)
        return not any((*wrong, self.without_event, self.with_two_events))


@contextmanager
def small_disk(named: Path | None) -> Iterator[Path]:
    """Yield a folder on a small file system: the named one, or a temporary tmpfs."""
    if named is not None:
        yield named
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@contextmanager
def live_simulator(folder: Path, seed: int, until: datetime) -> Iterator[str]:
    """Run a simulator whose world ends at a given time, and yield its URL."""
    options = ["--port", "0", "--history", "5m", "--rate", str(RATE), "--seed", str(seed), "--live"]
    options += ["--until", format_time(until), "--lag", f"{LAG}s", "--key-file", str(folder / "key")]
    options += ["--late-share", "0.02", "--lateness", f"{LATENESS}s", "--repeat-share", "0.02", "--growth", "0.02"]
    for kind, share in FAULTS.items():
        options += ["--fault", f"{kind}={share}"]
    with simulating(options, folder) as url:
        yield url


class Trial:
    """A sequence of collectors on one archive, each with a fault of its own."""

    def __init__(self, folder: Path, disk: Path, url: str, chance: random.Random) -> None:
        self.folder, self.disk, self.chance = folder, disk, chance
        self.diary = Diary()
        self._started: list[subprocess.Popen[bytes]] = []
        self.settings = folder / "settings.toml"
        self.log = (folder / "run.log").open("w")
        text = SETTINGS.format(archive=disk / "archive", url=url, key=folder / "key")
        self.settings.write_text(text, encoding="utf-8")

    def start(self, skew: float = 0.0) -> subprocess.Popen[bytes]:
        """Start a collector whose clock is wrong by a number of seconds."""
        words = [sys.executable, "-c", SKEWED, str(skew), str(self.settings)]
        process = subprocess.Popen(words, stderr=self.log)
        self._started.append(process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            process.kill()
            process.wait()
        self.log.close()

    def go(self, seconds: float) -> None:
        """Start and kill collectors for a number of seconds."""
        ends = time.monotonic() + seconds
        full_at = time.monotonic() + seconds * 0.4
        while time.monotonic() < ends:
            skew = self.chance.choice([0.0, 0.0, 90.0, -45.0, 600.0])
            collector = self.start(skew)
            if skew:
                self.diary.note("clock skewed", f"started with a clock that is {skew:+.0f} s wrong")
            if self.chance.random() < SECOND_SHARE:
                self._second(collector)
            elif time.monotonic() > full_at:
                full_at = float("inf")
                self._full()
            else:
                time.sleep(min(self.chance.uniform(2, 35), max(0.0, ends - time.monotonic())))
            self._kill(collector)

    def _second(self, first: subprocess.Popen[bytes]) -> None:
        """Start a second collector on the same archive, and kill either of the two first."""
        second = self.start()
        self.diary.note("two collectors", "a second collector was started on the same archive")
        time.sleep(self.chance.uniform(3, 15))
        if self.chance.getrandbits(1):
            self._kill(first)
            time.sleep(self.chance.uniform(3, 15))
        self._kill(second)

    def _full(self) -> None:
        """Fill the disk for half a minute."""
        ballast = self.disk / "ballast"
        time.sleep(5)
        with ballast.open("wb") as file, suppress(OSError):  # the collector may take the last space first
            os.posix_fallocate(file.fileno(), 0, max(0, shutil.disk_usage(self.disk).free - 2_000_000))
        self.diary.note("disk full", "the disk was filled to the last 2 MB, for 30 s")
        time.sleep(30)
        ballast.unlink()
        self.diary.note("disk freed", "the disk was freed")
        time.sleep(10)

    def _kill(self, collector: subprocess.Popen[bytes]) -> None:
        if collector.poll() is None:
            collector.kill()
            self.diary.note("SIGKILL", "killed")
        collector.wait()

    def finish(self) -> None:
        """Stop a collector with SIGTERM, then run `collect --once` with a correct clock until nothing is left."""
        collector = self.start()
        time.sleep(10)
        collector.send_signal(signal.SIGTERM)
        self.diary.note("clean end", f"ended by SIGTERM with exit code {collector.wait(60)}")
        words = [*COMMAND, "collect", "--once", "--config", str(self.settings)]
        for number in range(1, MAX_RUNS):
            if subprocess.run(words, stderr=self.log, check=False).returncode == 0:
                self.diary.note("collected", f"the rest was collected in {number} runs of `collect --once`")
                return
        self.diary.note("not collected", f"activities were left after {MAX_RUNS} runs")


def compared(archive: Path, url: str) -> Verdict:
    """Compare an archive with the simulator's ground truth, in covered time."""
    reader = open_reader(str(archive))
    windows = sorted((walk.window.start, walk.window.end) for walk in reader.coverage())
    start, end, holes = windows[0][0], windows[0][1], 0
    for low, high in windows[1:]:
        holes += low > end
        end = max(end, high)
    truth_url = f"{url}/_simulator/truth?digest=sha256&from={format_time(start)}&to={format_time(end)}"
    with urllib.request.urlopen(truth_url) as answer:  # noqa: S310 - our own simulator
        truth = {seen["id"]: seen["sha256"] for seen in map(json.loads, answer)}
    with reader.connect() as connection:
        columns = "id, lower(hex(sha256)), sha256(raw), created_at >= $start AND created_at < $end"
        sql = f"SELECT {columns} FROM activities"
        rows = connection.execute(sql, {"start": start, "end": end}).fetchall()
        events = Counter(dict(connection.sql("SELECT id, count(*) FROM events GROUP BY id").fetchall()))
    inside = [row for row in rows if row[3]]
    ids = Counter(row[0] for row in rows)
    stored = {row[0]: row[2] for row in rows}
    return Verdict(
        covered_from=start,
        covered_to=end,
        holes=holes,
        truth=len(truth),
        stored=len(inside),
        missing=len(truth.keys() - stored.keys()),
        unknown=len({row[0] for row in inside} - truth.keys()),
        doubled=sum(count > 1 for count in ids.values()),
        altered=sum(stored.get(name, digest) != digest for name, digest in truth.items()),
        wrong_digests=sum(stated != actual for _, stated, actual, _ in rows),
        without_event=len(ids.keys() - events.keys()),
        with_two_events=sum(count > 1 for count in events.values()),
    )


def report(seed: int, minutes: float, diary: Diary, verdict: Verdict) -> str:
    """Return the results as a Markdown page."""
    figures = "\n".join(f"| {name.replace('_', ' ')} | {value:,} |" for name, value in _figures(verdict))
    counts = "\n".join(f"| {kind} | {number} |" for kind, number in sorted(diary.counts.items()))
    entries = "\n".join(diary.entries)
    span = f"{verdict.covered_from:%H:%M:%S} to {verdict.covered_to:%H:%M:%S} UTC"
    verdict_text = (
        "The archive has every activity exactly once, unchanged, and none is missing in covered time."
        if verdict.is_good
        else "NOT GOOD"
    )
    faults = ", ".join(f"`{kind}`" for kind in FAULTS)
    return f"""# A chaos run

<!-- Written by `python bench/chaos.py --minutes {minutes:g} --seed {seed} --report docs/reference/chaos.md`. -->

A live simulator generated {RATE:,} activities a second for {minutes:g} minutes.
It delivered 2 % of them up to {LATENESS} s late and 2 % twice.
2 % had undocumented types, fields or actors.
It responded to {sum(FAULTS.values()):.0%} of all requests with a fault: {faults}.
`anthropic-audit run` collected from it under these faults:

| fault | times |
|---|---|
{counts}

Then the world ended, and the rest was collected.
The archive was compared with the simulator's ground truth for the covered time ({span}):

| | |
|---|---|
{figures}

**{verdict_text}**

## Diary

```text
{entries}
```
"""


def _figures(verdict: Verdict) -> Iterator[tuple[str, int]]:
    for name, value in vars(verdict).items():
        if isinstance(value, int):
            yield name, value


def main() -> None:
    """Run the trial of the options, and print or write the report."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--disk", type=Path, default=None)
    options.add_argument("--report", type=Path, default=None)
    options.add_argument("--keep-log", type=Path, default=None)
    arguments = options.parse_args()
    until = datetime.now(UTC) + timedelta(minutes=arguments.minutes, seconds=20)
    with tempfile.TemporaryDirectory() as name, small_disk(arguments.disk) as disk:
        folder = Path(name)
        with live_simulator(folder, arguments.seed, until) as url:
            with Trial(folder, disk, url, random.Random(arguments.seed)) as trial:
                trial.go((until - datetime.now(UTC)).total_seconds())
                time.sleep(LATENESS + LAG)
                trial.finish()
            if arguments.keep_log:
                shutil.copy(folder / "run.log", arguments.keep_log)
            verdict = compared(disk / "archive", url)
    text = report(arguments.seed, arguments.minutes, trial.diary, verdict)
    print(text)
    if arguments.report:
        arguments.report.write_text(text, encoding="utf-8")
    sys.exit(0 if verdict.is_good else 1)


if __name__ == "__main__":
    main()
