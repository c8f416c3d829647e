"""The command `anthropic-audit`: its options, and the table of its subcommands."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from anthropic_audit import __version__

from .commands import COMMANDS
from .environment import forget_narrow_terminal
from .failures import end, thread_ended
from .files import private_files
from .lazy import CONTEXT, lazy_group
from .signals import expect_termination, leave_with
from .streams import prepare_streams

app = typer.Typer(
    name="anthropic-audit",
    cls=lazy_group(COMMANDS),
    help="Collect, archive, normalize and search the audit trail of Anthropic (Claude) organizations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT,
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 incomplete (something is left to do).",
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"anthropic-audit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version
    private_files()


def main() -> None:
    """Run the command line and exit."""
    prepare_streams()
    forget_narrow_terminal()
    threading.excepthook = thread_ended
    expect_termination()
    leave_with(end(lambda: app(prog_name="anthropic-audit")))
