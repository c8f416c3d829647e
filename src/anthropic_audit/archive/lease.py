"""The archive's lease: one writer at a time, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from anthropic_audit.errors import ArchiveBusyError, ArchiveError
from anthropic_audit.times import format_time

_FILE = "writer.lease"


class Lease:
    """The right to do something alone, held as a lock that the system takes back when the process dies.

    Args:
        folder: The archive's folder; it must exist.
        now: The time that others are told.
        file: The lock's file in that folder; that of the right to write the archive is the default.
        what: What another process does that holds it.

    Raises:
        ArchiveBusyError: Another process holds it; says which.
        ArchiveError: The folder can't be written.
    """

    def __init__(
        self, folder: Path, now: datetime, *, file: str = _FILE, what: str = "another process writes this archive"
    ) -> None:
        path = folder / file
        try:
            if path.parent != folder:
                path.parent.mkdir(exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"the archive can't be written: `{path}`: {error.strerror}"
            raise ArchiveError(message, hint="choose a folder that this user may write, or mend its rights") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._file)
            os.close(self._file)
            message = f"{what}: {holder}"
            raise ArchiveBusyError(
                message, hint="wait until it ends, or stop it; reading is possible meanwhile"
            ) from error
        self._announce(now)

    def release(self) -> None:
        """Let the next one write."""
        with suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _announce(self, now: datetime) -> None:
        told = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": format_time(now)})
        with suppress(OSError):  # the lock counts, not what is told; a full disk must not keep a writer out
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, told.encode(), 0)


def _holder(file: int) -> str:
    try:
        told = json.loads(os.pread(file, 4096, 0))
        return f"process {told['pid']} on {told['host']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said who it is"
