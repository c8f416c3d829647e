"""Files of one event a line on a disk: held by one process, packed without a moment in which they are not there."""

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
"""How files end: the one that is written, one that is closed, and one that is packed."""


def hold(folder: Path) -> int:
    """Have a folder for oneself, and return what is closed to let go of it; the system does so when a process dies.

    Where the disk knows no such locks, nobody is kept out.

    Raises:
        BlockingIOError: Somebody else has it.
        OSError: It can't be read.
    """
    held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise
    except OSError:
        return held
    return held


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def pack(path: Path) -> None:
    """Compress a closed file; the packed one takes its name when it is whole, and only then the other one goes."""
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
    """Yield the ids of events in files, the newest file first, until so many lines were read."""
    for path in paths:
        if lines <= 0:
            return
        for line in _lines(path):
            lines -= 1
            yield _id_of(line)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; one that is damaged ends where it can be read no more."""
    try:
        with gzip.open(path) if path.name.endswith(PACKED) else path.open("rb") as file:
            yield from file
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _id_of(line: bytes) -> str:
    """Return an event's id; a line that somebody else has written has none."""
    try:
        document: Any = orjson.loads(line)
    except ValueError:
        return ""
    event = document.get("event") if isinstance(document, dict) else None
    return str(event.get("id", "")) if isinstance(event, dict) else ""
