"""Damage an archive in each way that `archive repair` handles, repair it, and compare it with the ground truth.

    python bench/repairs.py
    python bench/repairs.py --only commit,table

The archive is collected from a simulator on loopback, in several runs of `collect --once`. Then, for each damage,
`archive verify`, `archive repair`, `collect --once` and `archive verify` run, each in a new process. The exit code is 1
if an activity is missing, doubled or altered afterwards, or if the last `verify` still finds damage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from anthropic_audit.archive import open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError
from anthropic_audit.simulator import Server, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings

MAIN = "from anthropic_audit.cli import main; main()"
ROUNDS = 4
EARLIER = 1
"""The round after which the archive is copied, as a backup that is older than the archive."""


@dataclass(frozen=True)
class House:
    """A simulator, and the folder with settings and archives."""

    server: Server
    folder: Path
    key: str

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command; return its exit code and its output with its errors."""
        environment = {**os.environ, "REPAIRS_KEY": self.key, "HOME": str(self.folder), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def compare(self) -> str:
        """Return the differences between the archive and the ground truth, in claimed time; empty for none."""
        reader = open_reader(str(self.folder / "archive"))
        walks = reader.coverage("acme")
        if not walks:
            return "no time is claimed"
        start, end = min(one.window.start for one in walks), max(one.window.end for one in walks)
        truth = {one.id: one.raw for one in self.server.vendor.truth(start, end, datetime.now(UTC))}
        with reader.connect() as connection:
            rows = connection.execute("SELECT id, raw, sha256 FROM activities").fetchall()
            events = connection.execute("SELECT id FROM events").fetchall()
        stored = {row[0]: row[1] for row in rows}
        counted = {
            "missing": len(truth.keys() - stored.keys()),
            "doubled": len(rows) - len(stored),
            "altered": sum(stored.get(name, raw) != raw for name, raw in truth.items()),
            "wrong SHA-256": sum(sha256(raw).digest() != digest for _, raw, digest in rows),
            "without event": len(stored.keys() - {row[0] for row in events}),
            "with two events": len(events) - len({row[0] for row in events}),
        }
        return ", ".join(f"{number} {what}" for what, number in counted.items() if number)


def largest(archive: Path, table: str) -> Path:
    """Return the largest file of a table."""
    return max((archive / table).rglob("*.parquet"), key=lambda path: path.stat().st_size)


def remove_file(archive: Path) -> None:
    """Delete the largest file of activities."""
    largest(archive, "activities").unlink()


def flip_bits(archive: Path) -> None:
    """Change two bits of a file."""
    path = largest(archive, "activities")
    changed = bytearray(path.read_bytes())
    for place in (len(changed) // 3, len(changed) // 2):
        changed[place] ^= 4
    path.write_bytes(changed)


def remove_table(archive: Path) -> None:
    """Delete the table of activities."""
    shutil.rmtree(archive / "activities")


def remove_commit(archive: Path) -> None:
    """Delete the last commit of activities."""
    commits = sorted((archive / "activities" / "_delta_log").glob("*.json"))
    commits[-1].unlink()


def restore_earlier(archive: Path) -> None:
    """Replace the table of activities by its older copy."""
    shutil.rmtree(archive / "activities")
    shutil.copytree(archive.with_name("earlier") / "activities", archive / "activities")


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "file": ("the largest file of activities is deleted", remove_file),
    "bits": ("two bits flipped in a file of activities", flip_bits),
    "table": ("the table of activities is deleted", remove_table),
    "commit": ("the last commit of activities is deleted", remove_commit),
    "earlier": ("activities restored from an earlier round", restore_earlier),
}


def collect(house: House) -> None:
    """Collect the archive, and keep copies: `earlier` after a round, and `whole` at the end."""
    for number in range(ROUNDS):
        code, output = house.run("collect", "--once")
        if code:
            raise SystemExit(output)
        if number == EARLIER:
            shutil.copytree(house.folder / "archive", house.folder / "earlier")
    shutil.copytree(house.folder / "archive", house.folder / "whole")


def tried(house: House, title: str, damage: Callable[[Path], None]) -> bool:
    """Damage, repair and compare the archive; return whether it is complete at the end."""
    archive = house.folder / "archive"
    shutil.rmtree(archive)
    shutil.copytree(house.folder / "whole", archive)
    damage(archive)
    print(f"\n## {title}")
    try:
        print(f"before: {house.compare() or 'nothing is missing'}")
    except AuditError as error:
        print(f"before: {error}")
    codes = []
    for words in (("archive", "verify"), ("archive", "repair"), ("collect", "--once"), ("archive", "verify")):
        code, output = house.run(*words)
        codes.append(code)
        print(f"$ anthropic-audit {' '.join(words)}  (exit code {code})")
        lines = [line for line in output.splitlines() if line.strip()]
        print("\n".join(f"    {line}"[:160] for line in (lines if words[1] != "verify" else lines[:4])))
    after = house.compare()
    print(f"after: {after or 'equal to the ground truth'}")
    return not after and codes[0] != 0 and codes[1:] == [0, 0, 0]


def main() -> int:
    """Print a section for each damage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(DAMAGES))
    arguments = parser.parse_args()
    clock = SystemClock()
    world = WorldSettings(activities_per_day=4_000)
    vendor = open_vendor(VendorSettings(world=world, history=timedelta(days=3)), clock.now())
    with tempfile.TemporaryDirectory() as name, serve(vendor, clock) as server:
        house = House(server, Path(name), vendor.keys.named("compliance").secret.reveal())
        lines = ["[[feeds]]", 'name = "acme"', f'url = "{server.url}"', 'api_key_env = "REPAIRS_KEY"']
        lines += ['initial_interval = "3d"', "batch_size = 500"]
        (house.folder / "anthropic-audit.toml").write_text("\n".join(['archive = "archive"', *lines]))
        collect(house)
        wrong = [one for one in arguments.only.split(",") if not tried(house, *DAMAGES[one])]
    print("\nall damage was repaired" if not wrong else f"\nnot repaired: {', '.join(wrong)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
