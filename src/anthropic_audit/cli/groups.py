"""Commands that have subcommands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from .failures import guarded


def group(about: str, commands: Mapping[str, Callable[..., None]]) -> typer.Typer:
    """Return a command with these subcommands, which leave by `guarded` whatever happens."""
    app = typer.Typer(help=about, no_args_is_help=True, rich_markup_mode="rich")
    for name, command in commands.items():
        app.command(name)(guarded(command))
    return app
