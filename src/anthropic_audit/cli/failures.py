"""Every failure leaves here: a line that says what is wrong, one that says what to do, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.redact import redact

from .environment import is_debugging

MAX_MESSAGE_CHARS: Final = 20_000
"""Longest error message that is printed; it may quote what is wrong."""

INTERRUPTED = 130
PIPE_CLOSED = 141
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
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError as error:
            _close_stdout()
            raise typer.Exit(PIPE_CLOSED) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error
        except AuditError as error:
            tell(str(error), error.hint, error)
            raise typer.Exit(error.exit_code) from error
        except Exception as error:
            tell(*_explained(error), error)
            raise typer.Exit(UNEXPECTED) from error

    return run


def tell(message: str, hint: str | None = None, error: BaseException | None = None) -> None:
    """Print an error and its way out on stderr, without anything secret; with the traceback when debugging."""
    if len(message) > MAX_MESSAGE_CHARS:
        message = f"{message[:MAX_MESSAGE_CHARS]}… ({len(message):,} characters)"
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text("error: ", style="bold red"), Text(redact(message)), sep="")
    if hint:
        console.print(Text("hint: ", style="bold cyan"), Text(redact(hint)), sep="")
    if error is not None and is_debugging():
        sys.stderr.write(redact("".join(traceback.format_exception(error))))


def worst(exit_codes: Iterable[int]) -> int:
    """Return the exit code that counts most, 0 when there is none."""
    return max(exit_codes, key=_SEVERITY.index, default=0)


def _explained(error: Exception) -> tuple[str, str]:
    """Return what is wrong, and what to do, when nobody has foreseen it; standard output may be a file, too."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"what is written has no room: {error.strerror}", "make space where it goes, also standard output"
    return f"this should not happen: {type(error).__name__}: {error}", _report_hint()


def _report_hint() -> str:
    if is_debugging():
        return "please report it with the lines below"
    return "please report it with what ANTHROPIC_AUDIT_DEBUG=1 prints"


def _close_stdout() -> None:
    """Keep the interpreter from complaining, when it ends, about output that nobody reads."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
