"""Print every failure as an error line and a hint, and choose the exit code."""

from __future__ import annotations

import errno
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Final

import typer

from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.redact import redact
from anthropic_audit.visible import visible

from .environment import environment, is_debugging
from .streams import close_stdout

MAX_MESSAGE_CHARS: Final = 20_000
"""Longest error message that is printed, in characters; a message may quote invalid input."""

INTERRUPTED = 130
PIPE_CLOSED = 141
INCOMPLETE = 3
UNEXPECTED = 1
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SEVERITY = (0, InterruptedRunError.exit_code, SetupError.exit_code, AuditError.exit_code)
"""Exit codes, the most severe one last."""


def end(run: Callable[[], None]) -> int:
    """Run a command line, and return its exit code; errors outside of a command also become messages."""
    try:
        run()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception as error:  # noqa: BLE001 - the last place where an error can be reported
        code = _report(error)
    else:
        code = 0
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        code = code or _report(error)
        close_stdout()
    return code


def thread_ended(ended: threading.ExceptHookArgs) -> None:
    """Print that a thread ended by an unexpected error, without a traceback (`threading.excepthook`)."""
    if isinstance(ended.exc_value, Exception):
        name = ended.thread.name if ended.thread else "a thread"
        message, hint = explained(ended.exc_value)
        print_error(f"{name}: {message}", hint, ended.exc_value)


def _report(error: Exception) -> int:
    """Print an unexpected error, and return its exit code."""
    if isinstance(error, BrokenPipeError):
        close_stdout()
        return PIPE_CLOSED
    if isinstance(error, AuditError):
        print_error(str(error), error.hint, error)
        return error.exit_code
    print_error(*explained(error), error)
    return UNEXPECTED


def print_error(message: str, hint: str | None = None, error: BaseException | None = None) -> None:
    """Print an error and its hint on stderr, secrets redacted; with the traceback when debugging."""
    if len(message) > MAX_MESSAGE_CHARS:
        message = f"{message[:MAX_MESSAGE_CHARS]}… ({len(message):,} characters)"
    print_note("error", message, typer.colors.RED)
    if hint:
        print_note("hint", hint, typer.colors.CYAN)
    if error is not None and is_debugging():
        sys.stderr.write(redact("".join(traceback.format_exception(error))))


def print_note(kind: str, text: str, color: str) -> None:
    """Print a line such as `hint: ...` on stderr; on a terminal its label is coloured, unless NO_COLOR is set."""
    label = f"{kind}: "
    if sys.stderr.isatty() and not environment().get("NO_COLOR"):
        label = typer.style(label, fg=color, bold=True)
    sys.stderr.write(label + visible(redact(text), "\n\t") + "\n")


def worst(exit_codes: Iterable[int]) -> int:
    """Return the most severe exit code, 0 if there is none."""
    return max(exit_codes, key=_SEVERITY.index, default=0)


def explained(error: Exception) -> tuple[str, str]:
    """Return message and hint for an unexpected error; file errors may also concern standard output."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "the output can't be written: standard output is closed", "redirect it, for example with `> file`"
    if isinstance(error, ImportError):
        return (
            f"this program can't be loaded: {' '.join(str(error).split())}",
            "give the process more memory (`ulimit -v`), or install anthropic-audit again",
        )
    if isinstance(error, MemoryError):
        return "out of memory", "raise the memory limit of the process (`ulimit -v`), container or service"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many open files", "raise the limit of open files (`ulimit -n`): 1,024 are enough"
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return (
            f"the output can't be written: {error.strerror}",
            "free space on the disk of the output; standard output may be a file",
        )
    return f"unexpected error: {type(error).__name__}: {error}", _report_hint()


def _report_hint() -> str:
    if is_debugging():
        return "please report it with the traceback below"
    return "please report it with the output of ANTHROPIC_AUDIT_DEBUG=1"
