"""How the operator ends a command: the first SIGTERM or Ctrl-C asks for an end, the second one takes it.

Whoever works looks at its clock again and again, and ends by itself within a second. What can't look (a disk that
hangs, a compaction, a pipe that nobody reads) is given some seconds; then the process leaves with the exit code that
a stop has anyway. Archives survive that as they survive a crash: each commit is there as a whole or not at all.
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
"""How long a stop may take before the process leaves as it is."""
_SECOND = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit codes of those who were asked twice."""
_SHOW_CURSOR = "\x1b[?25h"


class Stop:
    """The operator's stop, for work that gets a new clock now and then."""

    def __init__(self) -> None:
        self._clock: SystemClock | None = None
        self.is_asked = False

    def ask(self) -> None:
        """End the work of now, and what comes after it; safe in a signal handler."""
        self.is_asked = True
        if self._clock is not None:
            self._clock.interrupt()

    def reach(self, clock: SystemClock) -> None:
        """Interrupt this clock from now on, at once if a stop was asked for before."""
        self._clock = clock
        if self.is_asked:
            clock.interrupt()


@contextmanager
def stopping(interrupt: Callable[[], None], exit_code: int, given_seconds: float = GIVEN_SECONDS) -> Iterator[None]:
    """Call `interrupt` at the first SIGTERM or SIGINT, and leave the process at the second one.

    Args:
        interrupt: Asks all work for its end; safe in a signal handler.
        exit_code: What the process leaves with when its work has not ended after `given_seconds`.
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
    """Leave the process; where a thread is left that can't be ended, without tearing down what it may still use.

    The interpreter would take away its modules, and libraries their own threads and memory, under that thread's feet.
    """
    for number in _SECOND:  # one more signal on the way out is no other end
        signal.signal(number, lambda _, __: _leave(exit_code))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    if any(one is not threading.main_thread() for one in threading.enumerate()):
        _leave(exit_code)
    for number in _SECOND:  # the interpreter takes handlers away before it ends
        signal.signal(number, signal.SIG_IGN)
    sys.exit(exit_code)


def expect_termination() -> None:
    """Let a SIGTERM end the process with its documented exit code wherever `stopping` is not, or no longer, at work."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda _, __: _leave(_SECOND[signal.SIGTERM]))


def _watch(reading: int, has_ended: threading.Event, exit_code: int, given_seconds: float) -> None:
    """Wait for a stop, and leave the process when its work takes too long to end."""
    try:
        is_asked = bool(os.read(reading, 1))
    finally:
        os.close(reading)
    ends = time.monotonic() + given_seconds
    if is_asked and not has_ended.wait(max(0.0, ends - time.monotonic())):
        _leave(exit_code)


def _leave(exit_code: int) -> None:
    """Leave at once; whoever waits for anything is not asked."""
    if os.isatty(2):
        with suppress(OSError):
            os.write(2, _SHOW_CURSOR.encode())
    os._exit(exit_code)
