"""The digest journal: size and SHA-256 of each file of a table, recorded when the file is committed.

A journal is a text file in the archive's folder, with one line for each commit. Each line begins with the CRC-32 of its
own text, so damage to the journal is found and is not mistaken for damage to the data. Lines are appended under a file
lock, because `gaps`, `deliveries` and `rejected` are written by several processes. The journal is also a second copy of
the table's list of files: see ADR 0018.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from anthropic_audit.atomic import atomic_file, sync

FOLDER = "digests"
"""The folder of the archive that holds the journals."""

LOG = "_delta_log"
"""The folder of a table that holds its commits."""

POINTER = f"{LOG}/_last_checkpoint"
"""The file of a table that names its newest checkpoint; it is the only one that is overwritten."""

_READ_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
_CRC_CHARS = 8
_EMPTY: Mapping[str, Any] = MappingProxyType({})

Bound = int | datetime


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The size and digest of a table's file at the time they were recorded."""

    path: str
    """The path relative to the table's folder."""
    nbytes: int
    sha256: str
    is_late: bool = False
    """True if it was recorded when the table was opened, or by `archive verify --record`, and not with its commit."""
    rows: int | None = None
    """The number of rows of a data file; None for files of the log."""
    bounds: Mapping[str, tuple[Bound, Bound]] = field(default_factory=lambda: _EMPTY)
    """The lowest and highest value of each indexed column of a data file."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of a table: the files that it added and removed, and the marks that it set."""

    version: int
    files: tuple[FileDigest, ...] = ()
    removed: frozenset[str] = frozenset()
    marks: Mapping[str, int] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The content of a journal."""

    version: int = -1
    """The newest version that was recorded, or -1."""
    marks: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    files: Mapping[str, FileDigest] = field(default_factory=lambda: _EMPTY)
    """All recorded files by path, including those that the newest version no longer needs."""
    live: frozenset[str] = frozenset()
    """The data files of the newest version."""
    damaged_lines: int = 0
    lines: int = 0


class DigestJournal:
    """The digest journal of one table.

    Args:
        archive: The archive's folder.
        table: The table's name.
    """

    def __init__(self, archive: Path, table: str) -> None:
        self._path = archive / FOLDER / f"{table}.journal"

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def read(self) -> Recorded:
        """Read the journal; a missing one is empty.

        Raises:
            OSError: The journal can't be read.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return Recorded()
        return _read(text)

    def newest_version(self) -> int:
        """Return the newest version that was recorded, or -1, without reading all of a long journal.

        Raises:
            OSError: The journal can't be read.
        """
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                text = os.pread(file.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        except FileNotFoundError:
            return -1
        found = [one for line in text.split(b"\n") if (one := _checked(line)) is not None]
        versions = [one["commit"] for one in found if "commit" in one]
        return max(versions) if versions else self.read().version

    def append(self, commits: Sequence[Commit]) -> None:
        """Record commits, and sync them to the disk before returning.

        Raises:
            OSError: The journal can't be written.
        """
        if commits:
            self._path.parent.mkdir(exist_ok=True)
            with _locked(self._path) as file:
                _write(file, b"".join(_line(_commit_text(one)) for one in commits))

    def clear(self) -> None:
        """Empty the journal, for a table that is created again.

        Raises:
            OSError: The journal can't be written.
        """
        if self._path.exists():
            self.rewrite(lambda recorded: Recorded())

    def rewrite(self, change: Callable[[Recorded], Recorded | None]) -> None:
        """Replace the journal's content by that which `change` returns, without damage or history; None keeps it.

        Raises:
            OSError: The journal can't be read or written.
        """
        self._path.parent.mkdir(exist_ok=True)
        with _locked(self._path):
            recorded = change(self.read())
            if recorded is not None:
                with atomic_file(self._path) as file:
                    file.write(b"".join(_state_lines(recorded)))
                sync(self._path.parent)

    def forget_missing(self, folder: Path) -> None:
        """Drop the records of files that the newest version does not need and that no longer exist.

        Raises:
            OSError: The journal can't be read or written.
        """
        self.rewrite(lambda recorded: _without_missing(recorded, folder))


def digest_of(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and SHA-256 in hex, read in bounded memory.

    Raises:
        OSError: The file can't be read.
    """
    found, nbytes = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_READ_BYTES):
            found.update(block)
            nbytes += len(block)
    return nbytes, found.hexdigest()


def log_files(folder: Path, version: int) -> Iterator[FileDigest]:
    """Yield the digests of a version's commit and, if it has one, of its checkpoint and the pointer to that."""
    commit, checkpoint = f"{LOG}/{version:020}.json", f"{LOG}/{version:020}.checkpoint.parquet"
    if (folder / commit).exists():
        yield FileDigest(commit, *digest_of(folder / commit))
    if (folder / checkpoint).exists():
        yield FileDigest(checkpoint, *digest_of(folder / checkpoint))
        if (pointer := pointer_of(folder)) is not None:
            yield pointer


def pointer_of(folder: Path) -> FileDigest | None:
    """Return the digest of the pointer to a table's newest checkpoint, under a path that ends with the version.

    Returns None if there is no pointer, or it can't be read, or it names a checkpoint that does not exist.
    """
    try:
        text = (folder / POINTER).read_bytes()
        version = int(orjson.loads(text)["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (folder / LOG / f"{version:020}.checkpoint.parquet").exists():
        return None
    return FileDigest(f"{POINTER}@{version}", len(text), hashlib.sha256(text).hexdigest())


def on_disk(path: str) -> str:
    """Return the path of the file that was recorded under a path: each state of the pointer has a path of its own."""
    return path.partition("@")[0] if path.startswith(POINTER) else path


def _without_missing(recorded: Recorded, folder: Path) -> Recorded | None:
    kept = {
        path: one for path, one in recorded.files.items() if path in recorded.live or (folder / on_disk(path)).exists()
    }
    return replace(recorded, files=kept) if len(kept) < len(recorded.files) else None


def _read(text: bytes) -> Recorded:
    version, marks, files, live = -1, dict[str, int](), dict[str, FileDigest](), set[str]()
    commits: dict[int, Commit] = {}
    lines = text.split(b"\n")
    is_torn = bool(lines.pop())
    damaged = 0
    for line in lines:
        found = _checked(line)
        if found is None:
            damaged += bool(line)
        elif "state" in found:
            version, marks, files, live, commits = found["state"], dict(found["marks"]), {}, set(), {}
        elif "held" in found:
            one = _digest_read(found["held"])
            files[one.path] = one
            live |= {one.path} if found["live"] else set()
        else:
            _merge(commits, _commit_read(found))
    for number in sorted(commits):
        commit = commits[number]
        version, marks = max(version, number), {**marks, **commit.marks}
        for one in commit.files:
            files.setdefault(one.path, one)
            live |= {one.path} if one.rows is not None else set()
        live -= commit.removed
    return Recorded(version, marks, files, frozenset(live), damaged + is_torn, len(lines))


def _merge(commits: dict[int, Commit], commit: Commit) -> None:
    """Add a commit; if several processes have recorded it, the digests that were recorded first count."""
    before = commits.get(commit.version)
    if before is None:
        commits[commit.version] = commit
        return
    known = {one.path for one in before.files}
    more = tuple(one for one in commit.files if one.path not in known)
    commits[commit.version] = replace(
        before,
        files=before.files + more,
        removed=before.removed | commit.removed,
        marks={**commit.marks, **before.marks},
    )


def _state_lines(recorded: Recorded) -> Iterator[bytes]:
    yield _line({"state": recorded.version, "marks": dict(recorded.marks)})
    for path, one in recorded.files.items():
        yield _line({"held": _digest_text(one), "live": path in recorded.live})
    if recorded.version >= 0:
        yield _line(_commit_text(Commit(recorded.version)))


def _commit_text(commit: Commit) -> dict[str, Any]:
    text: dict[str, Any] = {"commit": commit.version, "files": [_digest_text(one) for one in commit.files]}
    text |= {"removed": sorted(commit.removed)} if commit.removed else {}
    return text | ({"marks": dict(commit.marks)} if commit.marks else {})


def _commit_read(text: Mapping[str, Any]) -> Commit:
    files = tuple(map(_digest_read, text["files"]))
    return Commit(text["commit"], files, frozenset(text.get("removed", ())), text.get("marks", _EMPTY))


def _digest_text(one: FileDigest) -> dict[str, Any]:
    text: dict[str, Any] = {"path": one.path, "bytes": one.nbytes, "sha256": one.sha256}
    text |= {"late": True} if one.is_late else {}
    return text if one.rows is None else text | {"rows": one.rows, "bounds": dict(one.bounds)}


def _digest_read(text: Mapping[str, Any]) -> FileDigest:
    bounds = {name: (_bound(low), _bound(high)) for name, (low, high) in text.get("bounds", _EMPTY).items()}
    return FileDigest(text["path"], text["bytes"], text["sha256"], text.get("late", False), text.get("rows"), bounds)


def _bound(value: int | str) -> Bound:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _line(text: Mapping[str, Any]) -> bytes:
    body = orjson.dumps(text)
    return f"{zlib.crc32(body):0{_CRC_CHARS}x} ".encode() + body + b"\n"


def _checked(line: bytes) -> dict[str, Any] | None:
    """Return the content of a line, or None if the line is damaged."""
    body = line[_CRC_CHARS + 1 :]
    if line[: _CRC_CHARS + 1] != f"{zlib.crc32(body):0{_CRC_CHARS}x} ".encode():
        return None
    found: dict[str, Any] = orjson.loads(body)
    return found


def _write(file: int, text: bytes) -> None:
    """Append whole lines; a line that a crash has truncated is ended first."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        text = b"\n" + text
    while text:
        text = text[os.write(file, text) :]
    os.fdatasync(file)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open a journal for appending under an exclusive lock; one that is replaced meanwhile is opened again."""
    while True:
        is_new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_same(file, path):
                if is_new:
                    sync(path.parent)
                yield file
                return
        finally:
            os.close(file)


def _is_same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
