"""Delivery to files with one event per line, rotated by size or age, or to standard output."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path

from anthropic_audit.errors import SetupError, SinkBusyError, SinkDeniedError
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.ports import Clock
from anthropic_audit.settings import NdjsonSink

from .event_files import CLOSED, OPEN, PACKED, lock_folder, newest_ids, pack, sync_folder

_CREATED = Verdict(Fate.CREATED)
_READ_BACK = 100_000
"""Number of lines that are checked for repeats: more than are ever sent again after a crash."""


class FileSink:
    """A folder of files; the one that is written ends in `.part`, and is renamed when it is closed.

    Files are named after the time of their creation and a number. Events are on the disk before they count as
    delivered; a partial line that a crash has left is cut off. Opening only checks that the folder can be written: the
    first call of `present` or `deliver` locks the folder against other writers.

    Raises:
        SetupError: The folder can't be written.
    """

    def __init__(self, settings: NdjsonSink, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = Path(settings.folder).expanduser()
        self._writing = threading.Lock()
        self._lock_fd: int | None = None
        self._file: FileIO | None = None
        self._opened_at: datetime = clock.now()
        self._earlier_ids: frozenset[str] | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            message = f"sink {settings.name}: files can't be written: {self._folder}: {error.strerror or error}"
            raise SetupError(message, hint="set a folder that this user can write to, on a disk with space") from error

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, and flush them to the disk.

        Raises:
            SinkBusyError: The events can't be written now; a part of them that was written is cut off again.
        """
        lines = "".join(f"{parcel.document}\n" for parcel in parcels).encode()
        with self._writing, self._translated():
            self._prepare_folder()
            file = self._file or self._open_file()
            before = file.tell()
            try:
                _write(file, lines)
            except OSError:
                file.truncate(before)
                file.seek(before)
                raise
            with suppress(OSError):  # these events are on the disk; the file is closed with the next ones
                self._close_if_due()
        return [_CREATED] * len(parcels)

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that were among the newest `_READ_BACK` lines when this run began.

        Events of this run need no check: a write that fails is cut off again.

        Raises:
            SinkBusyError: The files can't be read now, or another process writes them.
        """
        with self._writing, self._translated():
            self._prepare_folder()
            if self._earlier_ids is None:
                self._earlier_ids = frozenset(newest_ids(self._files(), _READ_BACK))
        return {parcel.id for parcel in parcels} & self._earlier_ids

    def close(self) -> None:
        """Close the file, which keeps its extension `.part`: the next run continues it."""
        with self._writing:
            self._release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError as error:
            message = f"sink {self._settings.name}: another process or sink writes into {self._folder}"
            raise SinkBusyError(message, hint="wait until it ends, or set another folder") from error
        except OSError as error:
            message = f"sink {self._settings.name}: the file can't be written: {error.strerror or error}"
            hint = "free space or fix the folder's permissions; events are written once that is done"
            raise SinkBusyError(message, hint=hint) from error

    def _prepare_folder(self) -> None:
        """Lock the folder, remove unfinished compressed files, and continue the file of the last run."""
        if self._lock_fd is not None:
            return
        self._lock_fd = lock_folder(self._folder)
        try:
            for left in self._folder.glob(f".*{PACKED}"):
                left.unlink()
            self._continue_last()
            self._pack_closed()
        except OSError:
            self._release()
            raise

    def _continue_last(self) -> None:
        """Open the file of the last run without the partial line at its end; close older ones."""
        for part in sorted(self._folder.glob(f"*{OPEN}")):
            if self._file is not None:
                self._close_file()
            file = part.open("r+b", buffering=0)
            content = file.readall()
            file.truncate(content.rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
            self._file = file
            self._opened_at = self._clock.now()

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _files(self) -> list[Path]:
        """Return all files of the folder, newest first."""
        found = (path for path in self._folder.iterdir() if path.name.endswith((OPEN, CLOSED, PACKED)))
        return sorted(found, reverse=True)

    def _open_file(self) -> FileIO:
        self._opened_at = self._clock.now()
        stem = f"{self._opened_at:%Y%m%dT%H%M%S}"
        taken = {path.name.partition(".")[0] for path in self._folder.glob(f"{stem}-*")}
        number = next(number for number in range(len(taken) + 1) if f"{stem}-{number:04}" not in taken)
        self._file = (self._folder / f"{stem}-{number:04}{OPEN}").open("x+b", buffering=0)
        sync_folder(self._folder)
        return self._file

    def _close_if_due(self) -> None:
        if self._file is not None:
            is_old = self._clock.now() - self._opened_at >= self._settings.rotate_after
            if self._file.tell() >= self._settings.rotate_bytes or is_old:
                self._close_file()
                self._pack_closed()

    def _close_file(self) -> None:
        if self._file is not None:
            path = Path(self._file.name)
            path.rename(path.with_name(path.name.removesuffix(OPEN) + CLOSED))
            self._file.close()
            self._file = None
            sync_folder(self._folder)

    def _pack_closed(self) -> None:
        """Compress every closed file, including those of earlier failures, if the settings want it."""
        if self._settings.compress:
            for whole in sorted(self._folder.glob(f"*{CLOSED}")):
                pack(whole)


class StreamSink:
    """Standard output, with one event per line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, one per line.

        Raises:
            SinkDeniedError: Standard output can't be written; it is unknown how much was.
            BrokenPipeError: The reader has closed the pipe.
        """
        try:
            sys.stdout.write("".join(f"{parcel.document}\n" for parcel in parcels))
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"sink {self._name}: standard output can't be written: {error.strerror or error}"
            raise SinkDeniedError(message, hint="free space; events that are not recorded are written again") from error
        return [_CREATED] * len(parcels)

    def present(self, _: Sequence[Parcel]) -> AbstractSet[str]:
        """Return no ids: standard output can't be read back."""
        return frozenset()

    def close(self) -> None:
        """Do nothing: standard output stays open."""


def _write(file: FileIO, content: bytes) -> None:
    """Write bytes to a file, in parts if the system accepts them so, and flush them to the disk."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
