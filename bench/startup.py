"""Measure start-up time and memory of each command, in comparison to `python -c "import typer"`.

    python bench/startup.py --repeats 5

`--version`, `--help` and shell completion must take less than twice the reference. `status` and `search` run on a small
archive from the simulator; the other commands print their help, which imports their modules.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.cli.commands import COMMANDS, GroupSource

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [str(Path(sys.executable).parent / "anthropic-audit")]
REFERENCE = [sys.executable, "-c", "import typer"]
COMPLETION = {"_ANTHROPIC_AUDIT_COMPLETE": "complete_bash", "COMP_WORDS": "anthropic-audit sea", "COMP_CWORD": "1"}
KEY_VARIABLE = "ANTHROPIC_COMPLIANCE_ACCESS_KEY"
FILLER = f"""
import os, subprocess, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.serving import key, serving
with serving(per_day=float(sys.argv[1])) as server:
    environ = {{**os.environ, {KEY_VARIABLE!r}: key(server)}}
    subprocess.run([*sys.argv[2:], "collect", "--once", "--url", server.url], env=environ, check=True)
"""


@dataclass(frozen=True)
class Start:
    """One run of a command."""

    seconds: float
    megabytes: float
    """Peak resident memory."""


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> Start:
    """Run a command once."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Start(time.perf_counter() - started, usage.ru_maxrss / 1024)


def measured(command: Sequence[str], environ: Mapping[str, str], folder: Path, repeats: int) -> Start:
    """Return the median time and memory of several runs."""
    runs = [run(command, environ, folder) for _ in range(repeats + 1)][1:]  # the first one fills caches
    return Start(statistics.median(one.seconds for one in runs), statistics.median(one.megabytes for one in runs))


def fill(folder: Path, activities: int) -> None:
    """Collect about `activities` activities, in a new process.

    This keeps the current process small: the peak memory of a child is never reported as less than its parent's.
    """
    subprocess.run([sys.executable, "-c", FILLER, str(activities), *PROGRAM], cwd=folder, check=True)


def commands() -> list[tuple[str, list[str], dict[str, str]]]:
    """Return name, arguments and environment of every measured command."""
    found: list[tuple[str, list[str], dict[str, str]]] = [
        ("--version", ["--version"], {}),
        ("--help", ["--help"], {}),
        ("completion", [], COMPLETION),
        ("status", ["status"], {}),
        ("search (a word)", ["search", "created"], {}),
    ]
    for name, source in COMMANDS.items():
        inner = [[name, one] for one in source.commands] if isinstance(source, GroupSource) else [[name]]
        found += [(" ".join([*one, "--help"]), [*one, "--help"], {}) for one in inner]
    return found


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--activities", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, options.activities)
        reference = measured(REFERENCE, {}, folder, options.repeats)
        print(f"{'import typer':<28} {reference.seconds:5.2f} s {reference.megabytes:6.1f} MB")
        for title, args, environ in commands():
            one = measured([*PROGRAM, *args], environ, folder, options.repeats)
            times = f"{one.seconds / reference.seconds:5.2f} x {one.megabytes / reference.megabytes:5.2f} x"
            print(f"{title:<28} {one.seconds:5.2f} s {one.megabytes:6.1f} MB {times}", flush=True)


if __name__ == "__main__":
    main()
