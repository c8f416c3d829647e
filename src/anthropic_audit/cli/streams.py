"""Prepare standard streams that may be closed, full, blocked or in any encoding: messages may be lost, but not work."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import Final

_PIECE_BYTES: Final = 4096
"""Bytes that a pipe reported as writable accepts without blocking (PIPE_BUF)."""
_TIMEOUT_MS: Final = 1000
_STANDARD: Final = (0, 1, 2)


class LossyFile(io.RawIOBase):
    """A file whose writes never fail and never block for long: bytes that the descriptor does not accept are lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_truncated = False
        self._timeout_ms = _TIMEOUT_MS

    def put(self, content: bytes) -> bool:
        """Write bytes, and return whether all of them were written.

        Wait up to one second for a blocked reader, and then not again until it reads. After a truncated line, the next
        content starts on a new line.
        """
        left = memoryview(b"\n" + content if self._is_truncated else content)
        poller = select.poll()
        poller.register(self._descriptor, select.POLLOUT)
        written = 0
        while left:
            try:
                ready = poller.poll(self._timeout_ms)
                count = os.write(self._descriptor, left[:_PIECE_BYTES]) if ready else 0
            except OSError:
                count = 0
            if not count:
                self._is_truncated = self._is_truncated or bool(written)
                self._timeout_ms = 0
                return False
            written += count
            left = left[count:]
        self._is_truncated, self._timeout_ms = False, _TIMEOUT_MS
        return True

    def write(self, content: object) -> int:
        """Write bytes, or drop them; always return their number."""
        data = bytes(content)  # type: ignore[call-overload] # a buffer, as the base class says
        self.put(data)
        return len(data)

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self._descriptor)


class _Closed(io.RawIOBase):
    """Standard output of a process that was started with a closed one; every write fails."""

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        raise OSError(errno.EBADF, "standard output is closed")


def prepare_streams() -> None:
    """Replace the standard streams by ones that are safe to use.

    A closed descriptor is opened on the null device: otherwise the next opened file, perhaps one of the archive, would
    get its number, and the output of libraries. Writing to standard error never fails. Writing to standard output still
    fails, so that a command can report it; characters that its encoding lacks are written as escapes.
    """
    closed = [one for one in _STANDARD if not _is_open(one)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)
    if 1 in closed or sys.stdout is None:
        sys.stdout = io.TextIOWrapper(_Closed(), encoding="utf-8", write_through=True)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr = io.TextIOWrapper(
        LossyFile(2), encoding=encoding, errors="backslashreplace", line_buffering=True, write_through=True
    )


def close_stdout() -> None:
    """Redirect stdout to the null device, so that the interpreter does not report unwritable output when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
