"""Every failure leaves here: a line that says what is wrong, one that says what to do, and an exit code."""

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
"""Longest error message that is printed; it may quote what is wrong."""

INTERRUPTED = 130
PIPE_CLOSED = 141
INCOMPLETE = 3
UNEXPECTED = 1
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SEVERITY = (0, InterruptedRunError.exit_code, SetupError.exit_code, AuditError.exit_code)
"""Exit codes, the one that counts most last."""


def end(run: Callable[[], None]) -> int:
    """Run a command line, and return its exit code; whatever goes wrong outside of a command is a message, too."""
    try:
        run()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception as error:  # noqa: BLE001 - the last place where anything can be said
        code = _told(error)
    else:
        code = 0
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        code = code or _told(error)
        close_stdout()
    return code


def thread_ended(ended: threading.ExceptHookArgs) -> None:
    """Say that a thread ended by an error that no one foresaw, without a traceback."""
    if isinstance(ended.exc_value, Exception):
        name = ended.thread.name if ended.thread else "a thread"
        message, hint = explained(ended.exc_value)
        print_error(f"{name}: {message}", hint, ended.exc_value)


def _told(error: Exception) -> int:
    """Say what went wrong, and return the exit code for it."""
    if isinstance(error, BrokenPipeError):
        close_stdout()
        return PIPE_CLOSED
    if isinstance(error, AuditError):
        print_error(str(error), error.hint, error)
        return error.exit_code
    print_error(*explained(error), error)
    return UNEXPECTED


def print_error(message: str, hint: str | None = None, error: BaseException | None = None) -> None:
    """Print an error and its way out on stderr, without anything secret; with the traceback when debugging."""
    if len(message) > MAX_MESSAGE_CHARS:
        message = f"{message[:MAX_MESSAGE_CHARS]}… ({len(message):,} characters)"
    print_note("error", message, typer.colors.RED)
    if hint:
        print_note("hint", hint, typer.colors.CYAN)
    if error is not None and is_debugging():
        sys.stderr.write(redact("".join(traceback.format_exception(error))))


def print_note(kind: str, text: str, color: str) -> None:
    """Print a line such as `hint: ...` on stderr, its first word coloured on a terminal (unless NO_COLOR is set)."""
    label = f"{kind}: "
    if sys.stderr.isatty() and not environment().get("NO_COLOR"):
        label = typer.style(label, fg=color, bold=True)
    sys.stderr.write(label + visible(redact(text), "\n\t") + "\n")


def worst(exit_codes: Iterable[int]) -> int:
    """Return the exit code that counts most, 0 when there is none."""
    return max(exit_codes, key=_SEVERITY.index, default=0)


def explained(error: Exception) -> tuple[str, str]:
    """Return what is wrong, and what to do, when nobody has foreseen it; standard output may be a file, too."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "what is written goes nowhere: standard output is closed", "give it somewhere to go, such as `> file`"
    if isinstance(error, ImportError):
        return (
            f"this program can't be loaded: {' '.join(str(error).split())}",
            "give the process more memory (`ulimit -v`), or install anthropic-audit again",
        )
    if isinstance(error, MemoryError):
        return "there is not enough memory", "give the process more (`ulimit -v`, the limit of a container or service)"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open", "raise the limit of open files (`ulimit -n`): 1,024 are enough"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"what is written has no room: {error.strerror}", "make space where it goes, also standard output"
    return f"this should not happen: {type(error).__name__}: {error}", _report_hint()


def _report_hint() -> str:
    if is_debugging():
        return "please report it with the lines below"
    return "please report it with what ANTHROPIC_AUDIT_DEBUG=1 prints"
