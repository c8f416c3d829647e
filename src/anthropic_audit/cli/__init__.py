"""The command line: parse arguments, load settings, call the library; only this package prints and exits."""

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

    Loading takes a second: Ctrl-C or too little memory during that time also gives an exit code and a message.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    try:
        app_module = import_module(".app", __package__)
    except (ImportError, MemoryError, OSError, SystemError) as error:
        message = f"error: this program can't be loaded: {' '.join(str(error).split()) or type(error).__name__}\n"
        hint = "hint: give the process more memory (`ulimit -v`), or install anthropic-audit again\n"
        try:
            os.write(2, f"{message}{hint}".encode(errors="backslashreplace"))
        finally:
            sys.exit(_FAILED)
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app_module.main()


def _leave(_: int, __: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
