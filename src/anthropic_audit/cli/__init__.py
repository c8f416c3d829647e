"""The door: arguments to settings to one call; the only place that prints and exits."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType

__all__ = ["main"]

_INTERRUPTED = 130
_FAILED = 1


def main() -> None:
    """Load the command line, run it, and exit.

    Loading takes a second: a Ctrl-C meanwhile, or too little memory, ends in an exit code and a message as well.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    try:
        door = import_module(".app", __package__)
    except (ImportError, MemoryError, OSError) as error:
        said = f"error: this program can't be loaded: {' '.join(str(error).split()) or type(error).__name__}\n"
        hint = "hint: give the process more memory (`ulimit -v`), or install anthropic-audit again\n"
        try:
            os.write(2, f"{said}{hint}".encode(errors="backslashreplace"))
        finally:
            sys.exit(_FAILED)
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    door.main()


def _leave(_: int, __: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
