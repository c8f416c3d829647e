"""Stop a command by signals: the first SIGTERM or Ctrl-C requests an end, the second one exits at once.

Work checks its clock regularly, and ends within a second after an interrupt. Work that can't check it (a hanging disk,
a compaction, a pipe without a reader) gets some seconds; then the process exits with the exit code of a normal stop.
Archives survive this like a crash: each commit is atomic.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from anthropic_audit.clock import SystemClock

GIVEN_SECONDS = 8.0
"""How long a stop may take before the process exits anyway."""
_SECOND = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit codes after a second signal."""
_SHOW_CURSOR = "\x1b[?25h"


class Stop:
    """The operator's stop, for work that gets a new clock from time to time."""

    def __init__(self) -> None:
        self._clock: SystemClock | None = None
        self.is_asked = False

    def ask(self) -> None:
        """Interrupt the current and every later clock; safe in a signal handler."""
        self.is_asked = True
        if self._clock is not None:
            self._clock.interrupt()

    def reach(self, clock: SystemClock) -> None:
        """Interrupt this clock at a stop; at once if there was a stop before."""
        self._clock = clock
        if self.is_asked:
            clock.interrupt()


@contextmanager
def stopping(interrupt: Callable[[], None], exit_code: int, given_seconds: float = GIVEN_SECONDS) -> Iterator[None]:
    """Call `interrupt` at the first SIGTERM or SIGINT, and exit the process at the second one.

    Args:
        interrupt: Requests the end of all work; must be safe in a signal handler.
        exit_code: Exit code of the process if its work has not ended after `given_seconds`.
        given_seconds: How long a stop may take.
    """
    before = {number: signal.getsignal(number) for number in _SECOND}
    reading, writing = os.pipe()
    has_ended = threading.Event()
    threading.Thread(target=_watch, args=(reading, has_ended, exit_code, given_seconds), daemon=True).start()

    def leave(number: int, _: FrameType | None) -> None:
        _leave(_SECOND[signal.Signals(number)])

    def stop(_: int, __: FrameType | None) -> None:
        for number in before:
            signal.signal(number, leave)
        with suppress(OSError):
            os.write(writing, b"!")
        interrupt()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        has_ended.set()
        for number, disposition in before.items():
            signal.signal(number, disposition)
        os.close(writing)


@contextmanager
def reloading(reload: Callable[[], None]) -> Iterator[None]:
    """Call `reload` at each SIGHUP."""
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, lambda _, __: reload())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def leave_with(exit_code: int) -> None:
    """Exit the process; if other threads are still running, skip the interpreter's clean-up.

    The clean-up would remove modules, and libraries would free their threads and memory, while such a thread uses them.
    """
    for number in _SECOND:  # another signal must not change the exit code
        signal.signal(number, lambda _, __: _leave(exit_code))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    if any(one is not threading.main_thread() for one in threading.enumerate()):
        _leave(exit_code)
    for number in _SECOND:  # the interpreter removes handlers before it exits
        signal.signal(number, signal.SIG_IGN)
    sys.exit(exit_code)


def expect_termination() -> None:
    """Make SIGTERM exit the process with its documented exit code whenever `stopping` is not active."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda _, __: _leave(_SECOND[signal.SIGTERM]))


def _watch(reading: int, has_ended: threading.Event, exit_code: int, given_seconds: float) -> None:
    """Wait for a stop, and exit the process if its work takes too long to end."""
    try:
        is_asked = bool(os.read(reading, 1))
    finally:
        os.close(reading)
    ends = time.monotonic() + given_seconds
    if is_asked and not has_ended.wait(max(0.0, ends - time.monotonic())):
        _leave(exit_code)


def _leave(exit_code: int) -> None:
    """Exit at once, without clean-up."""
    if os.isatty(2):
        with suppress(OSError):
            os.write(2, _SHOW_CURSOR.encode())
    os._exit(exit_code)
