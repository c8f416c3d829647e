"""Delivery to files of one event a line, closed by size or age, or to standard output."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from io import FileIO
from pathlib import Path

import orjson

from anthropic_audit.errors import SetupError, SinkBusyError
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.ports import Clock
from anthropic_audit.settings import NdjsonSink

_CREATED = Verdict(Fate.CREATED)
_OPEN, _CLOSED, _PACKED = ".ndjson.part", ".ndjson", ".ndjson.gz"
_READ_BACK = 100_000
"""So many lines are looked at for repeats: more than are ever sent again after a crash."""


class FileSink:
    """A folder of files; the one that is written ends in `.part`, and takes its name when it is closed.

    Files are named after the time they were begun and a number. What is written is on the disk before it counts as
    delivered; half a line that a crash has left is cut off.

    Raises:
        SetupError: The folder can't be written.
    """

    def __init__(self, settings: NdjsonSink, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = Path(settings.folder).expanduser()
        self._writing = threading.Lock()
        self._file: FileIO | None = None
        self._begun: datetime = clock.now()
        self._before: frozenset[str] | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_up()
        except OSError as error:
            message = f"sink {settings.name}: files can't be written: {self._folder}: {error.strerror or error}"
            raise SetupError(message, hint="name a folder that this user may write, on a disk with space") from error

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, and have them on the disk.

        Raises:
            SinkBusyError: The disk does not take them now; what was written of them is cut off again.
        """
        lines = "".join(f"{parcel.document}\n" for parcel in parcels).encode()
        with self._writing:
            try:
                file = self._file or self._begin()
                before = file.tell()
                try:
                    _write(file, lines)
                except OSError:
                    file.truncate(before)
                    file.seek(before)
                    raise
                self._close_if_due()
            except OSError as error:
                message = f"sink {self._settings.name}: the file can't be written: {error.strerror or error}"
                raise SinkBusyError(message, hint="make space; events are written when there is some") from error
        return [_CREATED] * len(parcels)

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that were among the newest lines when this run began.

        What this run has written it knows: a write that fails is cut off again.
        """
        with self._writing:
            if self._before is None:
                self._before = frozenset(self._newest_ids())
        return {parcel.id for parcel in parcels} & self._before

    def close(self) -> None:
        """Close the file, which keeps its name with `.part`: the next run goes on with it."""
        with self._writing:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _take_up(self) -> None:
        """Go on with the file of the last run, without the half line that it may end with; finish what it had begun."""
        for part in sorted(self._folder.glob(f"*{_OPEN}")):
            if self._file is not None:
                self._finish()
            file = part.open("r+b", buffering=0)
            content = file.readall()
            file.truncate(content.rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
            self._file = file
            self._begun = self._clock.now()
        if self._settings.compress:
            for whole in sorted(self._folder.glob(f"*{_CLOSED}")):
                _pack(whole)

    def _begin(self) -> FileIO:
        self._begun = self._clock.now()
        stem = f"{self._begun:%Y%m%dT%H%M%S}"
        taken = {path.name.partition(".")[0] for path in self._folder.glob(f"{stem}-*")}
        number = next(number for number in range(len(taken) + 1) if f"{stem}-{number:04}" not in taken)
        self._file = (self._folder / f"{stem}-{number:04}{_OPEN}").open("x+b", buffering=0)
        return self._file

    def _close_if_due(self) -> None:
        if self._file is not None:
            is_old = self._clock.now() - self._begun >= self._settings.rotate_after
            if self._file.tell() >= self._settings.rotate_bytes or is_old:
                self._finish()

    def _finish(self) -> None:
        if self._file is not None:
            self._file.close()
            path = Path(self._file.name)
            whole = path.with_name(path.name.removesuffix(_OPEN) + _CLOSED)
            path.rename(whole)
            self._file = None
            if self._settings.compress:
                _pack(whole)

    def _newest_ids(self) -> Iterator[str]:
        lines = 0
        for path in sorted(self._folder.iterdir(), reverse=True):
            if not path.name.endswith((_OPEN, _CLOSED, _PACKED)):
                continue
            if lines > _READ_BACK:
                return
            content = gzip.decompress(path.read_bytes()) if path.name.endswith(_PACKED) else path.read_bytes()
            for line in content.splitlines():
                lines += 1
                yield orjson.loads(line).get("event", {}).get("id", "")


class StreamSink:
    """Standard output."""

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Write events, a line each."""
        sys.stdout.write("".join(f"{parcel.document}\n" for parcel in parcels))
        sys.stdout.flush()
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


def _pack(path: Path) -> None:
    """Compress a file; the packed one takes its name when it is whole, and only then the other one goes."""
    packed = path.with_name(path.name.removesuffix(_CLOSED) + _PACKED)
    temporary = packed.with_name(f".{packed.name}")
    with path.open("rb") as source, gzip.open(temporary, "wb", compresslevel=6) as target:
        shutil.copyfileobj(source, target)
    temporary.replace(packed)
    path.unlink()
