"""How the operator ends a run: the first SIGTERM or Ctrl-C asks for an end, the second one takes it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at the first SIGTERM or SIGINT; leave the second one to whoever had it before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, disposition in before.items():
            signal.signal(number, disposition)

    def stop(_: int, __: FrameType | None) -> None:
        interrupt()
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


@contextmanager
def reloading(reload: Callable[[], None]) -> Iterator[None]:
    """Call `reload` at each SIGHUP."""
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, lambda _, __: reload())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
