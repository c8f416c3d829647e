"""Flip single bits in the files of an archive's tables, one at a time, and count the flips that `archive verify` finds.

The archive is collected from the simulator, compacted once, and extended, so that it has files, logs and replaced
files of all kinds. Each flip is undone before the next one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.collecting import House, settings

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.archive.verification import look_at_files

_COMPACTED_AFTER = 3


def main() -> None:
    """Print the number of flips that were found, by table and kind of file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--whole", action="store_true", help="run all checks of `verify` each time, not only those of files"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        house = collected(Path(place) / "archive")
        found, missed, seconds = flipped(
            house, arguments.flips, random.Random(arguments.seed), is_whole=arguments.whole
        )
    for kind in sorted(found | missed):
        print(f"{kind}: {found[kind]} of {found[kind] + missed[kind]} found")
    print(f"all: {found.total()} of {found.total() + missed.total()} found, {seconds / arguments.flips:.3f} s each")
    sys.exit(1 if missed else 0)


def collected(folder: Path) -> House:
    """Return a house with an undamaged archive that has files of all kinds."""
    house = House(folder, settings())
    for number in range(6):
        house.collect(house.feed())
        house.clock.advance(timedelta(minutes=5))
        if number == _COMPACTED_AFTER:
            with open_writer(str(folder), house.clock) as archive:
                archive.compact()
    wrong = verify(open_reader(str(folder)))
    if wrong:
        message = f"error: `verify` finds damage before any bit is flipped: {wrong}"
        raise SystemExit(message)
    return house


def flipped(
    house: House, flips: int, chance: random.Random, *, is_whole: bool
) -> tuple[Counter[str], Counter[str], float]:
    """Flip bits; return the numbers of found and of missed flips, by kind of file, and the seconds taken."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(house.folder.rglob("*")):
        if path.is_file() and path.stat().st_size and path.suffix in {".parquet", ".json", ".journal"}:
            table = path.relative_to(house.folder).parts[0]
            if table == "ids":  # rebuilt from activities if it is damaged
                continue
            kinds.setdefault(f"{table} {path.suffix}", []).append(path)
    found, missed = Counter[str](), Counter[str]()
    began = time.perf_counter()
    for number in range(flips):
        kind = sorted(kinds)[number % len(kinds)]
        paths = kinds[kind]
        (path,) = chance.choices(paths, [one.stat().st_size for one in paths])
        before = path.read_bytes()
        after, place = bytearray(before), chance.randrange(len(before) * 8)
        after[place // 8] ^= 1 << place % 8
        path.write_bytes(after)
        reader = open_reader(str(house.folder))
        is_found = any(verify(reader)) if is_whole else any(look_at_files(reader).damage)
        (found if is_found else missed)[kind] += 1
        path.write_bytes(before)
    return found, missed, time.perf_counter() - began


if __name__ == "__main__":
    main()
