"""Which ids are stored, and under which number: an index by hash that is derived from `activities`.

The index is a help, never a source: it can be deleted at any time, and is caught up or made again when it is older
than the table, of another table, or damaged. An id whose hash it lacks is certainly not stored; an id whose hash it
has may be, and whoever asks reads the activity to know. So two ids with one hash do no harm.

New hashes are kept in memory until there are enough for a run (see `runs`); runs of similar size are merged. Memory is
bounded by `_RECENT` and some hundredths of a byte an id for the tables of the runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b, sha256
from operator import eq
from pathlib import Path
from typing import Any

import pyarrow as pa

from .sorted_runs import DamagedRunError, Pairs, Run, in_order, merge_runs, write_run

FOLDER = "ids"
_MANIFEST = "index.json"
_VERSION = 1
_RECENT = 1 << 17
"""So many hashes are kept in memory before they are written as a run."""
_WORTH_WRITING = 1 << 12
"""With fewer, closing writes nothing: opening reads them from the table."""
_RATIO = 3
"""A run is merged with newer ones once it is less than so many times as long as they are together."""


@dataclass(frozen=True, slots=True)
class StoredIds:
    """Ids of stored activities, with their numbers."""

    ids: Sequence[str]
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class IdSource:
    """What the index is derived from: the table `activities` as it is now."""

    table_id: str
    rows: int
    last: int
    """The highest number there is."""
    read: Callable[[int, int], Iterable[StoredIds]]
    """Reads the ids with a number above the first and up to the second, in stretches."""


class IdIndex:
    """The index of one archive, for its one writer.

    Args:
        folder: The archive's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._runs: list[Run] = []
        self._recent: dict[int, int] = {}
        self._shared: dict[int, list[int]] = {}
        """The numbers of hashes that more than one recent activity has, beside those in `_recent`."""
        self._looked_for: tuple[Sequence[str], list[int]] = ((), [])
        """The ids that were looked for last, and their hashes: those that are not found are added next."""
        self._table_id = ""
        self._up_to = self._written_up_to = self._entries = 0
        self._anchor: tuple[int, int] = (0, 0)
        with suppress(DamagedRunError, OSError):
            self._load()

    @property
    def up_to(self) -> int:
        """The number up to which all stored activities are in the index."""
        return self._up_to

    def find(self, ids: Sequence[str]) -> dict[str, list[int]]:
        """Return under which numbers ids may be stored; those that are left out certainly are not.

        Raises:
            DamagedRunError: A file is damaged: `forget` it all, and catch up.
        """
        hashes = hashes_of(ids)
        self._looked_for = ids, hashes
        recent = self._recent.keys() & set(hashes)
        found = {one: [self._recent[one], *self._shared.get(one, ())] for one in recent}
        if self._runs:
            needles = sorted(set(hashes))
            column = pa.array(needles, pa.uint64())
            for run in self._runs:
                for one, number in run.find(needles, column):
                    found.setdefault(one, []).append(number)
        return {name: found[one] for name, one in zip(ids, hashes, strict=True) if one in found} if found else {}

    def add(self, ids: Sequence[str], numbers: Sequence[int]) -> None:
        """Take in ids that were stored under numbers that follow on those before, in order.

        Raises:
            DamagedRunError: A file is damaged: `forget` it all, and catch up.
            OSError: A run can't be written; the ids are known nevertheless.
        """
        hashes = self._hashes_of(ids)
        new = dict(zip(hashes, numbers, strict=True))
        if len(new) == len(hashes) and new.keys().isdisjoint(self._recent):
            self._recent.update(new)
        else:
            self._add_one_by_one(hashes, numbers)
        if numbers:
            self._anchor = (numbers[-1], hashes[-1])
            self._up_to = numbers[-1]
            self._entries += len(numbers)
        if len(self._recent) >= _RECENT:
            self.flush()

    def _hashes_of(self, ids: Sequence[str]) -> list[int]:
        """Return hashes, those of the last look-up again: most of what it did not find is added next."""
        (names, hashes), self._looked_for = self._looked_for, ((), [])
        if len(names) == len(ids) and all(map(eq, names, ids)):
            return hashes
        known = dict(zip(names, hashes, strict=True))
        return [known[name] for name in ids] if known.keys() >= set(ids) else hashes_of(ids)

    def _add_one_by_one(self, hashes: Iterable[int], numbers: Iterable[int]) -> None:
        for one, number in zip(hashes, numbers, strict=True):
            if one in self._recent:
                self._shared.setdefault(one, []).append(number)
            else:
                self._recent[one] = number

    def catch_up(self, source: IdSource) -> None:
        """Take in what was stored without the index; make it again when it is not this table's, or says too much.

        Raises:
            DamagedRunError: A file is damaged: `forget` it all, and catch up.
        """
        if not self._is_of(source):
            self.forget()
        self._table_id = source.table_id
        self._take_in(source)
        if self._entries < source.rows:  # rows have come back that had been gone when the index was made
            self.forget()
            self._table_id = source.table_id
            self._take_in(source)

    def forget(self) -> None:
        """Delete the index."""
        for run in self._runs:
            run.close()
        self._runs, self._recent, self._shared = [], {}, {}
        self._up_to = self._written_up_to = self._entries = 0
        self._anchor, self._table_id = (0, 0), ""
        for file in self._folder.glob("*"):
            with suppress(OSError):
                file.unlink()

    def flush(self) -> None:
        """Write the hashes that are in memory as a run, and merge runs that have become similar.

        Raises:
            DamagedRunError: A run to be merged is damaged.
            OSError: Nothing could be written; memory keeps what it has.
        """
        if not self._recent:
            return
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{self._written_up_to + 1:020}-{self._up_to:020}.run"
        hashes, numbers = self._columns()
        write_run(path, len(hashes), [(hashes, numbers)])
        runs = self._merged([*self._runs, Run(path)])
        self._write_manifest(runs)
        kept = {run.path for run in runs}
        self._runs, self._recent, self._shared, self._written_up_to = runs, {}, {}, self._up_to
        for file in self._folder.glob("*.run"):
            if file not in kept:
                with suppress(OSError):
                    file.unlink()

    def close(self) -> None:
        """Write what is worth it, and let go of all files."""
        if len(self._recent) >= _WORTH_WRITING:
            with suppress(OSError, DamagedRunError):  # it is made from the table the next time
                self.flush()
        for run in self._runs:
            run.close()
        self._runs = []

    def _take_in(self, source: IdSource) -> None:
        for stretch in source.read(self._up_to, source.last):
            with suppress(OSError):  # a full disk: what can't be written stays in memory, and is tried again
                self.add(stretch.ids, stretch.numbers)
        self._up_to = max(self._up_to, source.last)

    def _is_of(self, source: IdSource) -> bool:
        """Say whether what was written down is of this table as it is: the same table, and the same last activity."""
        if self._up_to == 0:
            return True
        if self._table_id != source.table_id or self._up_to > source.last:
            return False
        number, expected = self._anchor
        found = [hashes_of(stretch.ids) for stretch in source.read(number - 1, number)]
        return any(expected in hashes for hashes in found)

    def _columns(self) -> Pairs:
        more = [(one, number) for one, numbers in self._shared.items() for number in numbers]
        hashes = [*self._recent, *(one for one, _ in more)]
        numbers = [*self._recent.values(), *(number for _, number in more)]
        return in_order(pa.array(hashes, pa.uint64()), pa.array(numbers, pa.uint64()))

    def _merged(self, runs: list[Run]) -> list[Run]:
        """Merge the newest runs until each is several times as long as all that are newer."""
        first, together = len(runs) - 1, runs[-1].count
        while first > 0 and runs[first - 1].count < _RATIO * together:
            first -= 1
            together += runs[first].count
        if first == len(runs) - 1:
            return runs
        names = (runs[first].path.name.split("-")[0], runs[-1].path.name.split("-")[1])
        path = self._folder / "-".join(names)
        merge_runs(path, runs[first:])
        for run in runs[first:]:
            run.close()
        return [*runs[:first], Run(path)]

    def _write_manifest(self, runs: Iterable[Run]) -> None:
        told = {
            "version": _VERSION,
            "table": self._table_id,
            "up_to": self._up_to,
            "entries": self._entries,
            "anchor": list(self._anchor),
            "runs": [[run.path.name, run.count] for run in runs],
        }
        text = json.dumps(told, sort_keys=True)
        temporary = self._folder / f"{_MANIFEST}.new"
        with temporary.open("w") as file:
            file.write(json.dumps({"index": told, "sha256": sha256(text.encode()).hexdigest()}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / _MANIFEST)

    def _load(self) -> None:
        told = _manifest(self._folder / _MANIFEST)
        if told is None:
            return
        runs = [Run(self._folder / name) for name, _ in told["runs"]]
        if [run.count for run in runs] != [count for _, count in told["runs"]]:
            return
        self._runs, self._table_id, self._entries = runs, told["table"], told["entries"]
        self._up_to = self._written_up_to = told["up_to"]
        self._anchor = (told["anchor"][0], told["anchor"][1])


def hashes_of(ids: Sequence[str]) -> list[int]:
    """Return a hash of 64 bits of each id; the same on every machine."""
    digests = [blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest() for one in ids]
    return memoryview(b"".join(digests)).cast("Q").tolist()


def _manifest(path: Path) -> dict[str, Any] | None:
    """Read what was written down; None if it is missing, damaged or of another version."""
    try:
        told = json.loads(path.read_bytes())
        text = json.dumps(told["index"], sort_keys=True)
        is_whole = told["sha256"] == sha256(text.encode()).hexdigest() and told["index"]["version"] == _VERSION
        found: dict[str, Any] = told["index"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if is_whole else None
