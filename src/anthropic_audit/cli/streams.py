"""Standard streams that may be closed, full, clogged or of an odd encoding: messages are lost then, never work."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import Final

_PIECE_BYTES: Final = 4096
"""What a pipe that takes anything takes without blocking (PIPE_BUF)."""
_PATIENCE_MS: Final = 1000
_STANDARD: Final = (0, 1, 2)


class LossyFile(io.RawIOBase):
    """A file descriptor whose writes never fail and never block for long: what it does not take is lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_torn = False
        self._patience_ms = _PATIENCE_MS

    def put(self, content: bytes) -> bool:
        """Write bytes, and say whether all of them were taken.

        A reader that does not read is waited for one second, and then no more until it reads again. What follows a
        line that was cut off begins on a new one.
        """
        left = memoryview(b"\n" + content if self._is_torn else content)
        poller = select.poll()
        poller.register(self._descriptor, select.POLLOUT)
        written = 0
        while left:
            try:
                ready = poller.poll(self._patience_ms)
                count = os.write(self._descriptor, left[:_PIECE_BYTES]) if ready else 0
            except OSError:
                count = 0
            if not count:
                self._is_torn = self._is_torn or bool(written)
                self._patience_ms = 0
                return False
            written += count
            left = left[count:]
        self._is_torn, self._patience_ms = False, _PATIENCE_MS
        return True

    def write(self, content: object) -> int:
        """Write bytes, or lose them."""
        taken = bytes(content)  # type: ignore[call-overload] # a buffer, as the base class says
        self.put(taken)
        return len(taken)

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Say whether somebody looks."""
        return os.isatty(self._descriptor)


class _Closed(io.RawIOBase):
    """Standard output of a process that was started without one."""

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        raise OSError(errno.EBADF, "standard output is closed")


def prepare_streams() -> None:
    """Make standard streams that can be used whatever they are.

    A descriptor that is closed is opened on the null device: else the next file that is opened, perhaps one of the
    archive, would get its number, and what libraries write there. Standard error never fails. Standard output fails as
    before, so that a command can say so; what its encoding does not have is written as an escape.
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
    """Keep the interpreter from complaining, when it ends, about output that nobody can have."""
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
