"""Turn every failure of a command into a message and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

from anthropic_audit.errors import AuditError

from .damage import reporting_damage
from .failures import INCOMPLETE, INTERRUPTED, PIPE_CLOSED, UNEXPECTED, explained, print_error
from .streams import close_stdout

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def guarded(command: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Wrap a command so that every exception becomes lines on stderr and an exit code."""

    @wraps(command)
    def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            with reporting_damage() as damage:
                result = command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError as error:
            close_stdout()
            raise typer.Exit(PIPE_CLOSED) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error
        except AuditError as error:
            print_error(str(error), error.hint, error)
            raise typer.Exit(error.exit_code) from error
        except Exception as error:
            print_error(*explained(error), error)
            raise typer.Exit(UNEXPECTED) from error
        if damage.is_incomplete:
            raise typer.Exit(INCOMPLETE)
        return result

    return run
