"""Files with one event per line: locking their folder, compressing them without a gap, and reading ids back."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

OPEN, CLOSED, PACKED = ".ndjson.part", ".ndjson", ".ndjson.gz"
"""File name extensions: of the file that is written, of closed files, and of compressed files."""


def lock_folder(folder: Path) -> int:
    """Lock a folder for this process, and return the file descriptor whose closing unlocks it.

    The system unlocks it when the process ends. On file systems without such locks, other processes are not kept out.

    Raises:
        BlockingIOError: Another process has locked the folder.
        OSError: The folder can't be opened.
    """
    lock_fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock_fd)
        raise
    except OSError:
        return lock_fd
    return lock_fd


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def pack(path: Path) -> None:
    """Compress a closed file; it is removed only after the compressed file is complete and on the disk."""
    packed = path.with_name(path.name.removesuffix(CLOSED) + PACKED)
    temporary = packed.with_name(f".{packed.name}")
    try:
        with path.open("rb") as source, temporary.open("wb") as file:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file) as target:
                shutil.copyfileobj(source, target)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(packed)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    path.unlink()


def newest_ids(paths: Iterable[Path], lines: int) -> Iterator[str]:
    """Yield the ids of events in files, in the order of `paths`, until `lines` lines were read."""
    for path in paths:
        if lines <= 0:
            return
        for line in _lines(path):
            lines -= 1
            yield _id_of(line)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; a damaged file ends where it becomes unreadable."""
    try:
        with gzip.open(path) if path.name.endswith(PACKED) else path.open("rb") as file:
            yield from file
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _id_of(line: bytes) -> str:
    """Return the id of the event in a line, or an empty text for a line that is not an event."""
    try:
        document: Any = orjson.loads(line)
    except ValueError:
        return ""
    event = document.get("event") if isinstance(document, dict) else None
    return str(event.get("id", "")) if isinstance(event, dict) else ""
