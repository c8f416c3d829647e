"""Command groups that import a command's module only when the command is called, not for help or completion."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Final

import typer
from typer.core import TyperCommand, TyperGroup

from anthropic_audit.errors import SetupError

from .commands import CommandSource, GroupSource
from .error_boundary import guarded

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "console": ("argon2", "jinja2", "joserfc", "starlette", "uvicorn", "vl_convert"),
    "report": ("jinja2", "pymupdf_fonts", "typst", "vl_convert"),
}
"""The modules that each extra of the package installs, for commands that need one."""
CONTEXT: Final = {"help_option_names": ["-h", "--help"]}
"""Context settings of every command and group."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table, and imports a command when it is resolved."""

    sources: ClassVar[Mapping[str, CommandSource | GroupSource]] = {}

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as in the parent class
        super().__init__(**options)
        for name, source in self.sources.items():
            self.commands[name] = (
                _group(name, source)
                if isinstance(source, GroupSource)
                else TyperCommand(name=name, callback=None, help=source.summary, rich_markup_mode=None)
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer does not export the classes
        """Return the name, the command (imported now) and the arguments that are left."""
        name, command, left = super().resolve_command(ctx, args)
        return name, command if name is None else self.loaded(name), left

    def loaded(self, name: str) -> Any:  # noqa: ANN401 - typer does not export the class
        """Import a command's module, and return the command with all its options."""
        source = self.sources[name]
        return self.commands[name] if isinstance(source, GroupSource) else load(name, source)


def lazy_group(sources: Mapping[str, CommandSource | GroupSource]) -> type[LazyGroup]:
    """Return a subclass of LazyGroup with these commands, for typer's `cls`."""
    return type("Group", (LazyGroup,), {"sources": sources})


@cache
def load(name: str, source: CommandSource) -> Any:  # noqa: ANN401 - typer does not export the class
    """Import a command; whatever it raises when it runs becomes a message and an exit code.

    Raises:
        SetupError: An extra of the package is not installed.
    """
    check_extra(f"`anthropic-audit {name}`", source.extra)
    module = import_module(f".{source.module}", __package__)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=CONTEXT)
    app.command(name, epilog=getattr(module, "EXAMPLES", None))(guarded(getattr(module, source.function)))
    return typer.main.get_command(app)


def check_extra(what: str, extra: str | None) -> None:
    """Refuse what needs an extra of the package that is not installed.

    Raises:
        SetupError: It is not installed; the hint says how to install it.
    """
    missing = [module for module in EXTRAS.get(extra or "", ()) if find_spec(module) is None]
    if missing:
        message = f"{what} needs libraries that are not installed: {', '.join(missing)}"
        raise SetupError(message, hint=f"install them with `pip install 'anthropic-audit[{extra}]'`")


def _group(name: str, source: GroupSource) -> LazyGroup:
    return lazy_group(source.commands)(
        name=name, help=source.summary, no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT
    )
