"""Record digests of files whose commit recorded none: after a crash, or written by an older version or another program.

A file is read from end to end before its digest is recorded, so that a file left incomplete by a power loss does not
count as whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .digests import LOG, DigestJournal, FileDigest, Recorded, digest_of, log_files, pointer_of
from .snapshot import DataFile, Snapshot

_MAX_BYTES_AT_OPENING = 256 * 2**20
"""Maximum bytes that are read when an archive is opened; `archive verify --record` does the rest."""


def record_late(
    journal: DigestJournal,
    folder: Path,
    recorded: Recorded,
    newest: Snapshot,
    *,
    max_bytes: int | None = _MAX_BYTES_AT_OPENING,
) -> int:
    """Record the digests of files that have none, unless those exceed `max_bytes`; return the number recorded.

    Args:
        journal: The table's journal.
        folder: The table's folder.
        recorded: The content of the journal before the table was opened.
        newest: The newest version of the table.
        max_bytes: Upper bound on the bytes to read; None for no bound.

    Raises:
        OSError: A file of the log or the journal can't be read or written.
    """
    unknown = [file for file in newest.files if _name(folder, file) not in recorded.files]
    logs = list(_unknown_logs(folder, recorded, newest.version))
    if recorded.version > newest.version or not (unknown or logs):
        return 0
    if max_bytes is not None and sum(file.nbytes for file in unknown) > max_bytes:
        return 0
    late = [replace(one, is_late=True) for one in (*logs, *_whole(folder, unknown))]
    live = frozenset(_name(folder, file) for file in newest.files)

    def changed(now: Recorded) -> Recorded | None:
        if now.version > newest.version or now.damaged_lines > recorded.damaged_lines:
            return None
        files = {one.path: one for one in late} | dict(now.files)
        return Recorded(newest.version, {**now.marks, **newest.marks}, files, live)

    if late:
        journal.rewrite(changed)
    return len(late)


def rows_in(path: Path) -> int | None:
    """Read a data file from end to end and return its number of rows, or None if it can't be read."""
    try:
        with pq.ParquetFile(path) as read:
            return sum(int(batch.num_rows) for batch in read.iter_batches())
    except (OSError, pa.ArrowException):
        return None


def is_whole(file: DataFile) -> bool:
    """Return whether a data file can be read from end to end, and has the size and rows that its table's log lists."""
    path = Path(file.path)
    return path.exists() and path.stat().st_size == file.nbytes and rows_in(path) == file.rows


def _whole(folder: Path, files: list[DataFile]) -> Iterator[FileDigest]:
    for file in files:
        if is_whole(file):
            yield FileDigest(_name(folder, file), *digest_of(Path(file.path)), rows=file.rows, bounds=file.bounds)


def _unknown_logs(folder: Path, recorded: Recorded, version: int) -> Iterator[FileDigest]:
    """Yield the digests of commits and checkpoints that have none in the journal."""
    if recorded.version < 0:
        names = sorted(path.name for path in (folder / LOG).iterdir() if path.name[:20].isdigit())
        versions = sorted({int(name[:20]) for name in names})
    else:
        versions = list(range(recorded.version + 1, version + 1))
    pointer = pointer_of(folder)
    found = [one for number in versions for one in log_files(folder, number)]
    if pointer is not None:
        checkpoint = f"{LOG}/{int(pointer.path.partition('@')[2]):020}.checkpoint.parquet"
        found += (
            [pointer, FileDigest(checkpoint, *digest_of(folder / checkpoint))]
            if pointer.path not in recorded.files
            else []
        )
    yield from {one.path: one for one in found if one.path not in recorded.files}.values()


def _name(folder: Path, file: DataFile) -> str:
    return str(Path(file.path).relative_to(folder))
