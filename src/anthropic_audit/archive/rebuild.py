"""Rebuild a table from its undamaged files; damaged ones are moved aside, and never deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from deltalake import CommitProperties, Schema, Transaction
from deltalake.transaction import AddAction, create_table_with_add_actions

from anthropic_audit.atomic import sync

from .delta import DeltaLog
from .digests import LOG, DigestJournal, FileDigest, Recorded, digest_of, log_files
from .large_values import stated
from .schema import DAY, Table
from .snapshot import DataFile, Snapshot, translated

FOLDER = "damaged"
"""The folder of the archive for damaged files; each repair moves them into a subfolder of its own."""

_PARTITION = re.compile(rf"^{DAY}=([^/]+)/")


class SetAsideFolder:
    """The folder into which one repair moves damaged files, under the paths that they had in the archive."""

    def __init__(self, archive: Path, now: datetime) -> None:
        self._archive = archive
        self._folder = archive / FOLDER / f"{now:%Y-%m-%dT%H%M%SZ}"
        self._moved: list[Path] = []

    @property
    def folder(self) -> Path:
        """The folder of this repair."""
        return self._folder

    @property
    def moved(self) -> tuple[Path, ...]:
        """The present paths of the moved files and folders."""
        return tuple(self._moved)

    def take(self, path: Path) -> None:
        """Move a file or a folder out of the archive; a missing one is ignored.

        Raises:
            OSError: It can't be moved.
        """
        if not path.exists():
            return
        wanted = self._folder / path.relative_to(self._archive)
        place, number = wanted, 1
        while place.exists():
            number += 1
            place = wanted.with_name(f"{wanted.name}.{number}")
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
        self._moved.append(place)


def drop_files(archive: Path, table: Table, damaged: Collection[str], aside: SetAsideFolder) -> None:
    """Move damaged data files aside, and remove them and missing ones from the table's newest version.

    Raises:
        ArchiveError: The table can't be written.
    """
    with translated(archive / table.name):
        for path in sorted(damaged):
            aside.take(Path(path))
    DeltaLog(archive, table).drop_missing()


def rebuild_table(
    archive: Path, table: Table, aside: SetAsideFolder, *, files: Sequence[DataFile], marks: Mapping[str, int]
) -> None:
    """Write a new log for a table, with these files and marks; the old log is moved aside.

    A rebuild can be repeated after a crash at any point: the digest journal, which lists the files, is written last.

    Raises:
        ArchiveError: The table can't be written.
    """
    folder = archive / table.name
    with translated(folder):
        aside.take(folder / LOG)
        folder.mkdir(parents=True, exist_ok=True)
        create_table_with_add_actions(
            folder.as_uri(),
            Schema.from_arrow(table.schema),
            [_added(folder, file) for file in files],
            mode="error",
            partition_by=list(table.partition_by),
            configuration={"delta.dataSkippingStatsColumns": ",".join(table.indexed)},
            commit_properties=CommitProperties(app_transactions=[Transaction(*mark) for mark in marks.items()]),
        )
        sync(*(folder / LOG).iterdir(), folder / LOG, folder)
        _record_rebuilt(archive, table, files, marks)


def refresh_journal(archive: Path, table: Table, newest: Snapshot) -> None:
    """Rewrite a table's digest journal without its damaged lines, and add the digests of files that have none."""
    folder = archive / table.name
    journal = DigestJournal(archive, table.name)
    known = journal.read().files
    late = {
        name: one
        for file in newest.files
        if (name := _name(folder, file)) not in known
        for one in [_digest(folder, file)]
    }
    logs = {
        one.path: replace(one, is_late=True)
        for path in sorted((folder / LOG).glob("*.json"))
        for one in log_files(folder, int(path.name[:20]))
        if one.path not in known
    }
    live = frozenset(_name(folder, file) for file in newest.files)
    journal.rewrite(lambda now: Recorded(newest.version, newest.marks, {**logs, **late, **now.files}, live))


def _record_rebuilt(archive: Path, table: Table, files: Sequence[DataFile], marks: Mapping[str, int]) -> None:
    folder = archive / table.name
    journal = DigestJournal(archive, table.name)
    known = journal.read().files
    data = [known.get(_name(folder, file)) or _digest(folder, file) for file in files]
    found = {one.path: one for one in (*data, *log_files(folder, 0))}
    journal.rewrite(lambda _: Recorded(0, marks, found, frozenset(one.path for one in data)))


def _added(folder: Path, file: DataFile) -> AddAction:
    name = _name(folder, file)
    partition = _PARTITION.match(name)
    lowest, highest = ({column: stated(bounds[end]) for column, bounds in file.bounds.items()} for end in (0, 1))
    stats = {"numRecords": file.rows, "minValues": lowest, "maxValues": highest}
    values = {DAY: partition.group(1)} if partition else {}
    modified = int(Path(file.path).stat().st_mtime * 1000)
    return AddAction(name, file.nbytes, values, modified, data_change=True, stats=json.dumps(stats))


def _name(folder: Path, file: DataFile) -> str:
    return str(Path(file.path).relative_to(folder))


def _digest(folder: Path, file: DataFile) -> FileDigest:
    nbytes, sha256 = digest_of(Path(file.path))
    return FileDigest(_name(folder, file), nbytes, sha256, is_late=True, rows=file.rows, bounds=file.bounds)
