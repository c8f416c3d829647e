"""The archive's lease: a lock that allows one writer at a time, and ends with its process."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from anthropic_audit.errors import ArchiveBusyError, ArchiveError, ArchiveLostError
from anthropic_audit.times import format_time

_FILE = "writer.lease"
_ATTEMPTS = 20
_LOST_HINT = (
    "make sure that nothing cleans up, syncs or moves the archive's folder, then start again; stored data stays"
)


class Lease:
    """The right to do something alone, held as a lock that the operating system releases when the process dies.

    Args:
        folder: The archive's folder; it must exist.
        now: The time that is shown to other processes.
        file: The lock's file in that folder; the default is the one of the archive's writer.
        what: The clause that an error begins with, about the process that holds the lease.

    Raises:
        ArchiveBusyError: Another process holds the lease; the message names it.
        ArchiveError: The folder can't be written.
    """

    def __init__(
        self, folder: Path, now: datetime, *, file: str = _FILE, what: str = "another process writes this archive"
    ) -> None:
        self._path = folder / file
        self._what = what
        self._lost: str | None = None
        self.writer_id = secrets.token_hex(8)
        """The id of this holder, which its commits to tables carry."""
        for _ in range(_ATTEMPTS):
            self._file = self._opened(folder)
            self._lock()
            if self._is_in_place():
                break
            os.close(self._file)  # another process deleted or replaced the file before it was locked
        else:
            message = f"the archive's lease file is replaced again and again: `{self._path}`"
            raise ArchiveError(message, hint=_LOST_HINT)
        self._announce(now)

    def check(self) -> None:
        """Raise if the lease is lost; call this before each commit.

        Raises:
            ArchiveLostError: The lock's file was deleted or replaced, so another process may hold a lease of its own;
                or `lose` was called before.
        """
        if self._lost is None and not self._is_in_place():
            self.lose(f"the lease file was deleted, replaced or moved away: `{self._path}`")
        if self._lost is not None:
            raise ArchiveLostError(self._lost, hint=_LOST_HINT)

    def lose(self, reason: str) -> None:
        """Mark the lease as lost, because another process has written: each later `check` raises."""
        self._lost = f"{reason}; nothing more is written"

    def _is_in_place(self) -> bool:
        held = os.fstat(self._file)
        try:
            there = self._path.stat()
        except OSError:
            return False
        return held.st_nlink > 0 and (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)

    def _opened(self, folder: Path) -> int:
        try:
            if self._path.parent != folder:
                self._path.parent.mkdir(exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"the archive can't be written: `{self._path}`: {error.strerror}"
            hint = "choose a folder that this user may write, or change its permissions"
            raise ArchiveError(message, hint=hint) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._file)
            os.close(self._file)
            message = f"{self._what}: {holder}"
            raise ArchiveBusyError(
                message, hint="wait until it ends, or stop it; reading is possible meanwhile"
            ) from error

    def release(self) -> None:
        """Release the lease, so that another process can take it."""
        with suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _announce(self, now: datetime) -> None:
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": format_time(now)})
        with suppress(OSError):  # only the lock counts, not its text; a full disk must not keep a writer out
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text.encode(), 0)


def _holder(file: int) -> str:
    try:
        holder = json.loads(os.pread(file, 4096, 0))
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "an unknown process"
