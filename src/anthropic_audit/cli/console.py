"""`anthropic-audit console`: serve the web console of an archive."""

from __future__ import annotations

import sys
import webbrowser
from contextlib import suppress
from typing import Annotated

import typer

from anthropic_audit.application.console import open_configured_console
from anthropic_audit.console import hash_password
from anthropic_audit.errors import InterruptedRunError

from .configuration import open_application
from .options import Archive, Config
from .output import notes
from .signals import stopping

_DAY_SECONDS = 86_400.0


def console(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; addresses other than loopback need users.", show_default=False),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.", show_default=False)
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the link without opening a browser.")] = False,
    hash_a_password: Annotated[
        bool, typer.Option("--hash-password", help="Ask for a password, print its hash for `console.users`, and exit.")
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Serve the web console.

    It reads only the archive, also while a collector is running. Without users in the settings, it is served on this
    machine only, and opened by a link with a one-time token; when a token was used, the next link is printed. With
    users, or an OpenID Connect provider, users log in: viewers see personal data masked, investigators see everything.
    Every access is recorded in `console/access.ndjson` in the archive's folder.

    Exit codes: 0 stopped, 1 failed, 2 wrong use or settings.
    """
    if hash_a_password:
        typer.echo(hash_password(_password()))
        return
    application = open_application(config, {"archive": archive})
    settings = application.settings
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"console": settings.console.model_copy(update=changes)})
    application, clock = application.with_settings(settings), application.clock
    with stopping(clock.interrupt, 0), open_configured_console(application, _print_link) as served:
        _print_link(served.link())
        notes().print("stop with Ctrl-C")
        if not no_open and sys.stderr.isatty():
            webbrowser.open(served.link())
        with suppress(InterruptedRunError):
            while True:
                clock.wait(_DAY_SECONDS)


def _print_link(link: str) -> None:
    notes().print(f"console: {link}", markup=False, soft_wrap=True)


def _password() -> str:
    """Return a password: prompt for it twice on a terminal, or read a line of stdin otherwise."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")
