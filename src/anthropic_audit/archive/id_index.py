"""An index of stored ids and their numbers, by hash, derived from `activities`.

The index only makes look-ups fast: it can be deleted at any time, and is extended or built again if it is older than
the table, belongs to another table, or is damaged. An id whose hash is not in it is certainly not stored; an id whose
hash is in it may be stored, and the caller compares it with the activity. So two ids with the same hash do no harm.

New hashes are kept in memory until there are enough for a run (see `sorted_runs`); runs of similar size are merged.
Memory is bounded by `_MAX_RECENT_HASHES` and some hundredths of a byte for each id for the tables of the runs.
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
_MAX_RECENT_HASHES = 1 << 17
"""Number of hashes that are kept in memory before they are written as a run."""
_MIN_RUN_HASHES = 1 << 12
"""Closing writes a run of at least this many hashes; fewer are read from the table at the next opening."""
_MERGE_RATIO = 3
"""A run is merged with the newer ones once it is shorter than this multiple of their total length."""


@dataclass(frozen=True, slots=True)
class StoredIds:
    """Ids of stored activities, and the number of each."""

    ids: Sequence[str]
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class IdSource:
    """The source of the index: the table `activities` in its present version."""

    table_id: str
    rows: int
    last: int
    """The highest number of an activity."""
    read: Callable[[int, int], Iterable[StoredIds]]
    """Reads the ids with numbers above the first argument and up to the second, in parts."""


class IdIndex:
    """The index of one archive, for its single writer.

    Args:
        folder: The archive's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._runs: list[Run] = []
        self._recent: dict[int, int] = {}
        self._shared: dict[int, list[int]] = {}
        """The further numbers of hashes that several recent activities share, in addition to the one in `_recent`."""
        self._looked_for: tuple[Sequence[str], list[int]] = ((), [])
        """The ids of the last look-up, and their hashes: those that were not found are added next."""
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
        """Return the numbers under which ids may be stored; ids that are left out are certainly not stored.

        Raises:
            DamagedRunError: A file is damaged: call `forget`, then `catch_up`.
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
        """Add ids that were stored, in order, under numbers that continue those in the index.

        Raises:
            DamagedRunError: A file is damaged: call `forget`, then `catch_up`.
            OSError: A run can't be written; its ids stay in memory.
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
        if len(self._recent) >= _MAX_RECENT_HASHES:
            self.flush()

    def _hashes_of(self, ids: Sequence[str]) -> list[int]:
        """Return the hashes of ids; those of the last look-up are used again, since missing ids are added next."""
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
        """Add ids that were stored without the index; build it again if it is of another table or ahead of it.

        Raises:
            DamagedRunError: A file is damaged: call `forget`, then `catch_up`.
        """
        if not self._is_of(source):
            self.forget()
        self._table_id = source.table_id
        self._take_in(source)
        if self._entries < source.rows:  # the table has rows again that it lacked when the index was built
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
        """Write the hashes in memory as a run, and merge runs that have become similar in size.

        Raises:
            DamagedRunError: A run to be merged is damaged.
            OSError: A file can't be written; the hashes stay in memory.
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
        """Write the hashes in memory if there are enough of them, and close all files."""
        if len(self._recent) >= _MIN_RUN_HASHES:
            with suppress(OSError, DamagedRunError):  # the next opening reads the hashes from the table
                self.flush()
        for run in self._runs:
            run.close()
        self._runs = []

    def _take_in(self, source: IdSource) -> None:
        for part in source.read(self._up_to, source.last):
            with suppress(OSError):  # a full disk: hashes that can't be written stay in memory until the next attempt
                self.add(part.ids, part.numbers)
        self._up_to = max(self._up_to, source.last)

    def _is_of(self, source: IdSource) -> bool:
        """Return whether the index belongs to this table: same table id, and same last activity."""
        if self._up_to == 0:
            return True
        if self._table_id != source.table_id or self._up_to > source.last:
            return False
        number, expected = self._anchor
        found = [hashes_of(part.ids) for part in source.read(number - 1, number)]
        return any(expected in hashes for hashes in found)

    def _columns(self) -> Pairs:
        more = [(one, number) for one, numbers in self._shared.items() for number in numbers]
        hashes = [*self._recent, *(one for one, _ in more)]
        numbers = [*self._recent.values(), *(number for _, number in more)]
        return in_order(pa.array(hashes, pa.uint64()), pa.array(numbers, pa.uint64()))

    def _merged(self, runs: list[Run]) -> list[Run]:
        """Merge the newest runs until each run is several times as long as all newer ones together."""
        first, together = len(runs) - 1, runs[-1].count
        while first > 0 and runs[first - 1].count < _MERGE_RATIO * together:
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
        manifest = {
            "version": _VERSION,
            "table": self._table_id,
            "up_to": self._up_to,
            "entries": self._entries,
            "anchor": list(self._anchor),
            "runs": [[run.path.name, run.count] for run in runs],
        }
        text = json.dumps(manifest, sort_keys=True)
        temporary = self._folder / f"{_MANIFEST}.new"
        with temporary.open("w") as file:
            file.write(json.dumps({"index": manifest, "sha256": sha256(text.encode()).hexdigest()}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / _MANIFEST)

    def _load(self) -> None:
        manifest = _manifest(self._folder / _MANIFEST)
        if manifest is None:
            return
        runs = [Run(self._folder / name) for name, _ in manifest["runs"]]
        if [run.count for run in runs] != [count for _, count in manifest["runs"]]:
            return
        self._runs, self._table_id, self._entries = runs, manifest["table"], manifest["entries"]
        self._up_to = self._written_up_to = manifest["up_to"]
        self._anchor = (manifest["anchor"][0], manifest["anchor"][1])


def hashes_of(ids: Sequence[str]) -> list[int]:
    """Return a 64-bit hash of each id, which is the same on every machine."""
    digests = [blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest() for one in ids]
    return memoryview(b"".join(digests)).cast("Q").tolist()


def _manifest(path: Path) -> dict[str, Any] | None:
    """Read the index's manifest; return None if it is missing, damaged or of another version."""
    try:
        manifest = json.loads(path.read_bytes())
        text = json.dumps(manifest["index"], sort_keys=True)
        is_whole = manifest["sha256"] == sha256(text.encode()).hexdigest() and manifest["index"]["version"] == _VERSION
        found: dict[str, Any] = manifest["index"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if is_whole else None
