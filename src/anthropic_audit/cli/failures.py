"""Every failure leaves here: a line that says what is wrong, one that says what to do, and an exit code."""

from __future__ import annotations

import errno
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.redact import redact
from anthropic_audit.visible import visible

from .damage import telling_damage
from .environment import is_debugging
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

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def guarded(command: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Wrap a command so that whatever it raises becomes lines on stderr and an exit code."""

    @wraps(command)
    def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            with telling_damage() as damage:
                result = command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError as error:
            close_stdout()
            raise typer.Exit(PIPE_CLOSED) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error
        except AuditError as error:
            tell(str(error), error.hint, error)
            raise typer.Exit(error.exit_code) from error
        except Exception as error:
            tell(*_explained(error), error)
            raise typer.Exit(UNEXPECTED) from error
        if damage.is_incomplete:
            raise typer.Exit(INCOMPLETE)
        return result

    return run


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
        message, hint = _explained(ended.exc_value)
        tell(f"{name}: {message}", hint, ended.exc_value)


def _told(error: Exception) -> int:
    """Say what went wrong, and return the exit code for it."""
    if isinstance(error, BrokenPipeError):
        close_stdout()
        return PIPE_CLOSED
    tell(*_explained(error), error)
    return UNEXPECTED


def tell(message: str, hint: str | None = None, error: BaseException | None = None) -> None:
    """Print an error and its way out on stderr, without anything secret; with the traceback when debugging."""
    if len(message) > MAX_MESSAGE_CHARS:
        message = f"{message[:MAX_MESSAGE_CHARS]}… ({len(message):,} characters)"
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text("error: ", style="bold red"), Text(visible(redact(message), "\n\t")), sep="")
    if hint:
        console.print(Text("hint: ", style="bold cyan"), Text(visible(redact(hint), "\n\t")), sep="")
    if error is not None and is_debugging():
        sys.stderr.write(redact("".join(traceback.format_exception(error))))


def worst(exit_codes: Iterable[int]) -> int:
    """Return the exit code that counts most, 0 when there is none."""
    return max(exit_codes, key=_SEVERITY.index, default=0)


def _explained(error: Exception) -> tuple[str, str]:
    """Return what is wrong, and what to do, when nobody has foreseen it; standard output may be a file, too."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "what is written goes nowhere: standard output is closed", "give it somewhere to go, such as `> file`"
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
