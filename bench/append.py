"""Measure the storing of activities: CPU time of `ArchiveWriter.append`, for history and for the live tail.

    python bench/append.py --activities 500000

To measure another version, set `PYTHONPATH` to its `src`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import anthropic_audit
from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.model import Activity, Received
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BATCH, TAIL, REPEATED = 25_000, 500, 300


def received(number: int) -> Received:
    """Return an activity of a few hundred bytes; numbers are four activities per second apart."""
    when = NOW + timedelta(seconds=number / 4)
    raw = b'{"id":"activity_%026d","created_at":"%s","x":"%s"}' % (number, when.isoformat().encode(), b"y" * 300)
    activity = Activity(f"activity_{number:026}", "claude_chat_created", when, None, raw, sha256(raw).digest())
    return Received(activity, "acme", NOW, "req", "walk")


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=500_000)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name, ArchiveWriter(name, FakeClock(NOW)) as archive:
        spent = 0.0
        for first in range(0, arguments.activities, BATCH):
            batch = [received(number) for number in range(first, first + BATCH)]
            started = time.process_time()
            archive.append(batch)
            spent += time.process_time() - started
        history = spent / arguments.activities * 1e6
        spent, first, rounds = 0.0, arguments.activities, 40
        for _ in range(rounds):
            batch = [received(number) for number in range(first - REPEATED, first + TAIL - REPEATED)]
            first += TAIL - REPEATED
            started = time.process_time()
            archive.append(batch)
            spent += time.process_time() - started
        with_repeats = [received(number) for number in range(BATCH)]
        started = time.process_time()
        archive.append(with_repeats)
        again = (time.process_time() - started) / BATCH * 1e6
    print(f"{anthropic_audit.__file__}")
    print(f"history, all new                 {history:.1f} microseconds per activity")
    print(f"live tail, {REPEATED} of {TAIL} repeated     {spent / rounds * 1e3:.1f} ms per batch")
    print(f"history again, all stored        {again:.1f} microseconds per activity")


if __name__ == "__main__":
    main()
