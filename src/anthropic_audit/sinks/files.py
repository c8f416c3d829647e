"""Delivery to files of one event a line, closed by size or age, or to standard output."""

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

from .event_files import CLOSED, OPEN, PACKED, hold, newest_ids, pack, sync_folder

_CREATED = Verdict(Fate.CREATED)
_READ_BACK = 100_000
"""So many lines are looked at for repeats: more than are ever sent again after a crash."""


class FileSink:
    """A folder of files; the one that is written ends in `.part`, and takes its name when it is closed.

    Files are named after the time they were begun and a number. What is written is on the disk before it counts as
    delivered; half a line that a crash has left is cut off. Opening it looks at the folder only: nothing is touched
    before the first question or delivery, and from then on nobody else writes there.

    Raises:
        SetupError: The folder can't be written.
    """

    def __init__(self, settings: NdjsonSink, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = Path(settings.folder).expanduser()
        self._writing = threading.Lock()
        self._held: int | None = None
        self._file: FileIO | None = None
        self._begun: datetime = clock.now()
        self._before: frozenset[str] | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            message = f"sink {settings.name}: files can't be written: {self._folder}: {error.strerror or error}"
            raise SetupError(message, hint="set a folder that this user can write to, on a disk with space") from error

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, and have them on the disk.

        Raises:
            SinkBusyError: The disk does not take them now; what was written of them is cut off again.
        """
        lines = "".join(f"{parcel.document}\n" for parcel in parcels).encode()
        with self._writing, self._translated():
            self._take_up()
            file = self._file or self._begin()
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
        """Return the ids of those events that were among the newest lines when this run began.

        What this run has written it knows: a write that fails is cut off again.

        Raises:
            SinkBusyError: The files can't be read now, or somebody else writes them.
        """
        with self._writing, self._translated():
            self._take_up()
            if self._before is None:
                self._before = frozenset(newest_ids(self._files(), _READ_BACK))
        return {parcel.id for parcel in parcels} & self._before

    def close(self) -> None:
        """Close the file, which keeps its name with `.part`: the next run goes on with it."""
        with self._writing:
            self._let_go()

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

    def _take_up(self) -> None:
        """Have the folder for ourselves, and go on with what the last run has left there."""
        if self._held is not None:
            return
        self._held = hold(self._folder)
        try:
            for left in self._folder.glob(f".*{PACKED}"):
                left.unlink()
            self._go_on()
            self._pack_closed()
        except OSError:
            self._let_go()
            raise

    def _go_on(self) -> None:
        """Go on with the file of the last run, without the half line that it may end with; finish what it had begun."""
        for part in sorted(self._folder.glob(f"*{OPEN}")):
            if self._file is not None:
                self._finish()
            file = part.open("r+b", buffering=0)
            content = file.readall()
            file.truncate(content.rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
            self._file = file
            self._begun = self._clock.now()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _files(self) -> list[Path]:
        """Return all files, the newest first."""
        found = (path for path in self._folder.iterdir() if path.name.endswith((OPEN, CLOSED, PACKED)))
        return sorted(found, reverse=True)

    def _begin(self) -> FileIO:
        self._begun = self._clock.now()
        stem = f"{self._begun:%Y%m%dT%H%M%S}"
        taken = {path.name.partition(".")[0] for path in self._folder.glob(f"{stem}-*")}
        number = next(number for number in range(len(taken) + 1) if f"{stem}-{number:04}" not in taken)
        self._file = (self._folder / f"{stem}-{number:04}{OPEN}").open("x+b", buffering=0)
        sync_folder(self._folder)
        return self._file

    def _close_if_due(self) -> None:
        if self._file is not None:
            is_old = self._clock.now() - self._begun >= self._settings.rotate_after
            if self._file.tell() >= self._settings.rotate_bytes or is_old:
                self._finish()
                self._pack_closed()

    def _finish(self) -> None:
        if self._file is not None:
            path = Path(self._file.name)
            path.rename(path.with_name(path.name.removesuffix(OPEN) + CLOSED))
            self._file.close()
            self._file = None
            sync_folder(self._folder)

    def _pack_closed(self) -> None:
        """Pack every closed file, also one that could not be packed before."""
        if self._settings.compress:
            for whole in sorted(self._folder.glob(f"*{CLOSED}")):
                pack(whole)


class StreamSink:
    """Standard output."""

    def __init__(self, name: str) -> None:
        self._name = name

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, a line each.

        Raises:
            SinkDeniedError: It can't be written; nobody knows how much of them was.
            BrokenPipeError: Nobody reads any more.
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
        """Return nothing: what was written is gone."""
        return frozenset()

    def close(self) -> None:
        """Leave it open: it is not ours."""


def _write(file: FileIO, content: bytes) -> None:
    """Have bytes in a file on the disk; the system may take them in parts."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
