"""Measure the look-up of a batch of 25,000 ids in an index of millions of ids.

    python bench/identities.py --ids 100000000

The index is filled with random hashes, in runs of the sizes that appending leaves. Then batches of new ids are looked
up: a large one (the common case of reading history) and a small one (the live tail). The reference of the same run is
the former look-up: a join with the ids of one day's activities, which does not find activities of other days.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from anthropic_audit.archive.id_index import FOLDER, IdIndex, hashes_of
from anthropic_audit.archive.sorted_runs import Pairs, Run, column_of, in_order, write_run

BATCH = 25_000
DAY = 250_000
MIN_RUN_IDS = 131_072


def sizes(ids: int) -> list[int]:
    """Return the sizes of runs as merging leaves them, each more than three times the next one."""
    found, left = [], ids
    while left > MIN_RUN_IDS:
        found.append(left * 7 // 10)
        left -= found[-1]
    return [*found, left]


def made_up(count: int, first: int) -> Iterator[Pairs]:
    """Yield random hashes in order, in 256 slices, each with its sequence numbers."""
    for place in range(256):
        number = count // 256 + (count % 256 if place == 0 else 0)
        data = bytearray(os.urandom(number * 8))
        data[7::8] = bytes([place]) * number
        numbers = pa.array(range(first, first + number), pa.uint64())
        first += number
        yield in_order(column_of(bytes(data)), numbers)


def timed(work: Callable[[], object], times: int = 7) -> float:
    """Return the median CPU time of several calls, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1000


def before(folder: Path) -> Callable[[], object]:
    """Return the former look-up of a batch among one day's activities."""
    ids = [f"activity_{number:026}" for number in range(DAY)]
    pq.write_table(pa.table({"id": ids, "created_at": range(DAY)}), folder / "day.parquet", row_group_size=65_536)
    connection = duckdb.connect(config={"threads": 2})
    batch = pa.table({"id": [f"other_{number:026}" for number in range(BATCH)]})
    query = "SELECT DISTINCT batch.id FROM batch JOIN read_parquet(?) stored ON stored.id = batch.id"

    def look_up() -> object:
        with connection.cursor() as cursor:
            cursor.register("batch", batch)
            return cursor.sql(query, params=[str(folder / "day.parquet")]).to_arrow_table()

    return look_up


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--ids", type=int, default=5_000_000)
    options.add_argument("--folder", type=Path, default=None)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        (folder / FOLDER).mkdir()
        reference = timed(before(folder))
        index, first = IdIndex(folder), 1
        runs = index._runs  # noqa: SLF001 - filled without the table that it is derived from
        for number in sizes(arguments.ids):
            path = folder / FOLDER / f"{first:020}-{first + number - 1:020}.run"
            write_run(path, number, made_up(number, first), min(8, max(0, (number // 64).bit_length() - 1)))
            runs.append(Run(path))
            first += number
        before_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        fresh = [f"new_{number:026}" for number in range(BATCH)]
        index.find(fresh)
        of_fresh = timed(lambda: index.find(fresh))
        of_few = timed(lambda: index.find(fresh[:200]))
        hashing = timed(lambda: hashes_of(fresh))
        disk = sum(file.stat().st_size for file in (folder / FOLDER).iterdir())
        lengths = ", ".join(f"{run.count:,}" for run in runs)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_memory) / 1024
    print(f"ids                              {arguments.ids:,} in runs of {lengths}")
    print(f"bytes per id on disk             {disk / arguments.ids:.1f}")
    print(f"reference: join with one day     {reference:.1f} ms for a batch of {BATCH:,}")
    print(f"index, all new                   {of_fresh:.1f} ms (ratio {of_fresh / reference:.2f})")
    print(f"  of it hashing                  {hashing:.1f} ms")
    print(f"index, 200 new                   {of_few:.2f} ms")
    print(f"growth of memory by look-ups     {grown:.0f} MB")


if __name__ == "__main__":
    main()
