"""Find damage to an archive's files: missing, truncated and changed files, and where they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.errors import ArchiveError

from .digests import LOG, DigestJournal, FileDigest, Recorded, digest_of, on_disk
from .late_digests import is_whole, record_late
from .location import folder_of
from .schema import DAY, TABLES, Table
from .snapshot import DataFile, Snapshot, is_table, snapshot_of
from .table_list import FILE as TABLES_FILE
from .table_list import recorded_tables

FILE_MISSING = "a file is missing"
FILE_CUT = "a file has another size than was written"
FILE_CHANGED = "a file has other bytes than were written"
FILE_UNREADABLE = "a file can't be read"
JOURNAL_DAMAGED = "a line of a digest journal is damaged"
TABLE_GONE = "a table is gone"
COMMITS_LOST = "commits of a table are lost"
LOG_UNREADABLE = "a table's log can't be read"

_DAY_FOLDER = re.compile(rf"{DAY}=(\d{{4}}-\d{{2}}-\d{{2}})")


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged or missing file, or other damage to a table."""

    table: str
    what: str
    """One of the constants of this module."""
    where: str
    """The file's path, or the table's."""
    detail: str = ""

    @property
    def day(self) -> str | None:
        """The UTC day whose rows the file holds; None for files that are not stored by day."""
        found = _DAY_FOLDER.search(self.where)
        return found.group(1) if found else None

    def __str__(self) -> str:
        """Return the damage as one line of text."""
        return f"{self.what}: `{self.where}`" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table as it can be read: its newest version, its undamaged files, and its damage."""

    newest: Snapshot
    whole: tuple[DataFile, ...]
    damage: tuple[Damage, ...] = ()


def open_table(archive: Path, table: Table, *, is_log_trusted: bool = True) -> OpenedTable:
    """Open a table for reading; damage is returned, not raised.

    The digest journal is read first, since other processes may commit meanwhile. If the table's log can't be read, or
    has lost commits, the journal's list of files is used.

    Raises:
        ArchiveError: The table was made by an older version, or can't be read and no damage explains why.
    """
    folder = archive / table.name
    journal = DigestJournal(archive, table.name)
    opened = _opened(folder, table, journal, is_log_trusted=is_log_trusted)
    if any(one.what == FILE_MISSING for one in opened.damage):  # lost, or replaced and deleted just now
        opened = _opened(folder, table, journal, is_log_trusted=is_log_trusted)
    return opened


def _opened(folder: Path, table: Table, journal: DigestJournal, *, is_log_trusted: bool) -> OpenedTable:
    newest, damage = _newest(folder, table, journal, is_log_trusted=is_log_trusted)
    whole, more = [], list(damage)
    for file in newest.files:
        found = _size_damage(table, file)
        if found is None:
            whole.append(file)
        else:
            more.append(found)
    return OpenedTable(newest, tuple(whole), tuple(more))


def damaged_since(archive: Path, whole: Mapping[str, Sequence[DataFile]], error: str, query: str) -> Iterator[Damage]:
    """Find the damaged files that made a query fail: those that the error names, or else any of those that it reads.

    Files that are not in the newest version of their table were replaced and deleted meanwhile, and are not damaged.
    """
    files = [(name, file) for name, some in whole.items() for file in some]
    named = [(name, file) for name, file in files if file.path in error]
    read = [(name, file) for name, file in files if re.search(rf"\b{name}\b", query)]
    for some in (named, read, files):
        found = [one for name, file in some if (one := _file_damage(archive, TABLES[name], file)) is not None]
        if found:
            yield from found
            return


def _file_damage(archive: Path, table: Table, file: DataFile) -> Damage | None:
    folder = archive / table.name
    found = _size_damage(table, file)
    if found is not None:
        is_needed = any(
            one.path == file.path
            for one in _newest(folder, table, DigestJournal(archive, table.name), is_log_trusted=True)[0].files
        )
        return found if is_needed else None
    known = DigestJournal(archive, table.name).read().files.get(str(Path(file.path).relative_to(folder)))
    if known is not None:
        return _content_damage(folder, table, known, is_needed=True)
    return None if is_whole(file) else Damage(table.name, FILE_UNREADABLE, file.path)


def missing_files(table: Table, files: Sequence[DataFile]) -> Iterator[Damage]:
    """Yield the data files that are missing, or have another size than was written."""
    yield from (found for file in files if (found := _size_damage(table, file)) is not None)


def changed_files(archive: Path, table: Table) -> Iterator[Damage]:
    """Compare every recorded file of a table with its digest; yield the files that differ.

    Files that the newest version does not need are compared as long as they exist.
    """
    folder, journal = archive / table.name, DigestJournal(archive, table.name)
    recorded = journal.read()
    if recorded.damaged_lines:
        yield Damage(table.name, JOURNAL_DAMAGED, str(journal.path), f"{recorded.damaged_lines} lines")
    needed = _needed_logs(folder, recorded) if is_table(folder) else frozenset[str]()
    for path, one in recorded.files.items():
        if path != on_disk(path):
            continue
        found = _content_damage(folder, table, one, is_needed=path in needed)
        if found is not None:
            yield found
    yield from _pointer_damage(folder, table, recorded)


def list_damage(archive: Path, damaged: Collection[str]) -> Iterator[Damage]:
    """Yield the list of tables if it differs from the tables on disk, apart from tables known to be damaged."""
    if (archive / TABLES_FILE).exists():
        there = {name for name in TABLES if is_table(archive / name)}
        if (recorded_tables(archive) ^ there) - set(damaged):
            yield Damage("", FILE_CHANGED, str(archive / TABLES_FILE))


def recorded_paths(archive: Path, table: Table) -> frozenset[str]:
    """Return the paths of a table's files that have a digest."""
    recorded = DigestJournal(archive, table.name).read()
    return frozenset(str(archive / table.name / path) for path in recorded.files)


def unrecorded_files(archive: Path, table: Table, newest: Snapshot) -> int:
    """Return the number of files of a table's newest version that have no digest."""
    recorded = recorded_paths(archive, table)
    return sum(file.path not in recorded for file in newest.files)


def late_files(archive: Path, table: Table) -> int:
    """Return the number of data files of a table's newest version whose digest was recorded after their commit."""
    recorded = DigestJournal(archive, table.name).read()
    return sum(recorded.files[path].is_late for path in recorded.live if path in recorded.files)


def record_missing(location: str) -> int:
    """Record the digests of all files of an archive that have none, and return their number.

    Raises:
        ArchiveError: A table can't be read.
        OSError: A file of a log or a journal can't be read or written.
        SetupError: The location does not name a local folder.
    """
    folder = folder_of(location)
    done = 0
    for table in TABLES.values():
        if is_table(folder / table.name):
            journal = DigestJournal(folder, table.name)
            recorded = journal.read()
            newest = snapshot_of(folder / table.name, table)
            done += record_late(journal, folder / table.name, recorded, newest, max_bytes=None)
    return done


def journal_snapshot(folder: Path, recorded: Recorded) -> Snapshot:
    """Return the newest version of a table according to its digest journal."""
    live = (recorded.files[path] for path in sorted(recorded.live) if path in recorded.files)
    files = tuple(DataFile(str(folder / one.path), one.rows or 0, one.bounds, one.nbytes) for one in live)
    return Snapshot(files, recorded.marks, recorded.version)


def has_content(archive: Path, table: Table) -> bool:
    """Return whether anything was ever committed to a table."""
    log = archive / table.name / LOG
    return (
        DigestJournal(archive, table.name).newest_version() > 0
        or (log / f"{1:020}.json").exists()
        or any(log.glob("*.checkpoint*.parquet"))
    )


def _newest(
    folder: Path, table: Table, journal: DigestJournal, *, is_log_trusted: bool
) -> tuple[Snapshot, tuple[Damage, ...]]:
    version = journal.newest_version()
    if not is_table(folder):
        gone = (Damage(table.name, TABLE_GONE, str(folder)),) if version > 0 else ()
        return journal_snapshot(folder, journal.read()), gone
    if not is_log_trusted and version >= 0:
        return journal_snapshot(folder, journal.read()), ()
    try:
        newest = snapshot_of(folder, table)
    except ArchiveError as error:
        recorded = journal.read()
        if error.__cause__ is None and not any(_log_damage(folder, table, recorded)):
            raise
        detail = str(error.__cause__ or error)[:200]
        return journal_snapshot(folder, recorded), (Damage(table.name, LOG_UNREADABLE, str(folder / LOG), detail),)
    if newest.version < version:
        detail = f"the newest is {newest.version}, and {version} was committed"
        lost = Damage(table.name, COMMITS_LOST, str(folder / LOG), detail)
        return journal_snapshot(folder, journal.read()), (lost,)
    return newest, ()


def _log_damage(folder: Path, table: Table, recorded: Recorded) -> Iterator[Damage]:
    for path, one in recorded.files.items():
        if one.rows is None and path == on_disk(path):
            found = _content_damage(folder, table, one, is_needed=False)
            if found is not None:
                yield found


def log_damage_since_checkpoint(archive: Path, table: Table) -> Iterator[Damage]:
    """Compare the commits that opening a table reads with their digests."""
    folder = archive / table.name
    recorded = DigestJournal(archive, table.name).read()
    for path in sorted(_needed_logs(folder, recorded)):
        found = _content_damage(folder, table, recorded.files[path], is_needed=True)
        if found is not None:
            yield found
    yield from _pointer_damage(folder, table, recorded)


def _size_damage(table: Table, file: DataFile) -> Damage | None:
    try:
        nbytes = Path(file.path).stat().st_size
    except FileNotFoundError:
        return Damage(table.name, FILE_MISSING, file.path, f"{file.rows:,} rows")
    except OSError as error:
        return Damage(table.name, FILE_UNREADABLE, file.path, error.strerror or str(error))
    if nbytes != file.nbytes:
        return Damage(table.name, FILE_CUT, file.path, f"{nbytes:,} bytes of {file.nbytes:,}")
    return None


def _content_damage(folder: Path, table: Table, one: FileDigest, *, is_needed: bool) -> Damage | None:
    """Compare a file with its digest; a missing file is damage only if it is needed."""
    path = folder / one.path
    try:
        nbytes, sha256 = digest_of(path)
    except FileNotFoundError:
        return Damage(table.name, FILE_MISSING, str(path)) if is_needed else None
    except OSError as error:
        return Damage(table.name, FILE_UNREADABLE, str(path), error.strerror or str(error))
    if nbytes != one.nbytes:
        return Damage(table.name, FILE_CUT, str(path), f"{nbytes:,} bytes of {one.nbytes:,}")
    return None if sha256 == one.sha256 else Damage(table.name, FILE_CHANGED, str(path))


def _needed_logs(folder: Path, recorded: Recorded) -> frozenset[str]:
    """Return the recorded log files without which the newest version can't be read."""
    logs = [path for path, one in recorded.files.items() if one.rows is None and path == on_disk(path)]
    numbers = {path: int(Path(path).name[:20]) for path in logs}
    checkpoints = [number for path, number in numbers.items() if path.endswith(".parquet") and (folder / path).exists()]
    checkpoints += [int(path.name[:20]) for path in (folder / LOG).glob("*.checkpoint.parquet")]
    newest = max(checkpoints, default=-1)
    return frozenset(
        path for path, number in numbers.items() if number > newest or (number == newest and path.endswith(".parquet"))
    )


def _pointer_damage(folder: Path, table: Table, recorded: Recorded) -> Iterator[Damage]:
    """Yield the pointer to the newest checkpoint if it differs from all of its recorded states."""
    known = {one.sha256 for path, one in recorded.files.items() if path != on_disk(path)}
    pointer = folder / LOG / "_last_checkpoint"
    if not known:
        return
    try:
        _, sha256 = digest_of(pointer)
    except FileNotFoundError:
        yield Damage(table.name, FILE_MISSING, str(pointer))
        return
    if sha256 not in known:
        yield Damage(table.name, FILE_CHANGED, str(pointer))
