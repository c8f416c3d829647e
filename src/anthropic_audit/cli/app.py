"""The command `anthropic-audit` and its subcommands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from anthropic_audit import __version__

from . import archive as archive_commands
from . import catalogue as catalogue_commands
from . import gaps as gaps_commands
from . import search as search_command
from . import settings as settings_command
from . import simulate as simulate_command
from . import sinks as sinks_commands
from .check import check
from .collect import collect
from .console import console
from .demo import demo
from .environment import forget_narrow_terminal
from .export import export
from .failures import end, guarded, thread_ended
from .files import private_files
from .normalize import normalize
from .reading import backfill, reconcile
from .renormalize import renormalize
from .report import report
from .run import run
from .status import status
from .stopping import expect_termination, leave_with
from .streams import prepare_streams

COMMANDS: Mapping[str, tuple[Callable[..., None], str | None]] = MappingProxyType(
    {
        "demo": (demo, None),
        "collect": (collect, None),
        "run": (run, None),
        "backfill": (backfill, None),
        "reconcile": (reconcile, None),
        "check": (check, None),
        "status": (status, None),
        "console": (console, None),
        "search": (search_command.search, search_command.EXAMPLES),
        "export": (export, None),
        "report": (report, None),
        "normalize": (normalize, None),
        "renormalize": (renormalize, None),
        "simulate": (simulate_command.simulate, simulate_command.EXAMPLES),
        "settings": (settings_command.settings, settings_command.EXAMPLES),
    }
)
"""Every subcommand, and what its help ends with."""

app = typer.Typer(
    name="anthropic-audit",
    help="Collect, keep, normalize and search the audit trail of Anthropic (Claude) organizations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
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


for _name, (_command, _examples) in COMMANDS.items():
    app.command(_name, epilog=_examples)(guarded(_command))
app.add_typer(archive_commands.app, name="archive")
app.add_typer(catalogue_commands.app, name="catalogue")
app.add_typer(gaps_commands.app, name="gaps")
app.add_typer(sinks_commands.app, name="sinks")


def main() -> None:
    """Run the command line and exit."""
    prepare_streams()
    forget_narrow_terminal()
    threading.excepthook = thread_ended
    expect_termination()
    leave_with(end(lambda: app(prog_name="anthropic-audit")))
