"""`anthropic-audit demo`: collect a simulated organization, and show the results, within a minute."""

from __future__ import annotations

import signal
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from anthropic_audit.clock import SystemClock
from anthropic_audit.console import open_console
from anthropic_audit.errors import FatalError, SetupError
from anthropic_audit.settings import ConsoleSettings, Settings
from anthropic_audit.times import parse_duration

from .demo_play import DemoWorld, play
from .failures import print_error
from .options import Archive

_WIDTH = 118
_PORT = 8642
_DAY_SECONDS = 86_400.0
_SUGGESTED_FOLDER = "./demo-archive"


def demo(
    archive: Archive = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed of the simulated organization; a seed always gives the same one.")
    ] = 1,
    history: Annotated[
        str, typer.Option("--history", metavar="DURATION", help="How far its history reaches back.")
    ] = "30d",
    console_port: Annotated[
        int | None,
        typer.Option(
            "--console-port",
            min=0,
            max=65535,
            help="Port of the console at the end; 0: any free port.",
            show_default=False,
        ),
    ] = None,
    no_console: Annotated[
        bool, typer.Option("--no-console", help="End after the report, without the console.")
    ] = False,
) -> None:
    """Show the product in a minute, without a key.

    A simulator of the Compliance API on this machine serves the history of an invented organization, and its current
    activities. They are collected like those of a real feed. The report shows activity over time, top actions and
    users, an incident with the command that finds it, and whether the archive is complete. On a terminal, or with
    --console-port, the console then opens with live data, until Ctrl-C. With --archive FOLDER the archive is kept for
    further commands; otherwise it is deleted.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    with _folder(archive) as folder, _ending_on_sigterm():
        place = archive or _SUGGESTED_FOLDER
        port = _PORT if console_port is None else console_port
        is_wanted = not no_console and (console_port is not None or sys.stdout.isatty())
        proof = play(
            console,
            folder,
            DemoWorld(seed, parse_duration(history)),
            place=place,
            then=lambda: _show(console, folder, port) if is_wanted else None,
        )
        console.print(_next_steps(place, is_kept=archive is not None), soft_wrap=True)
    if not proof.holds:
        message = "the archive and the simulator's ground truth differ"
        print_error(message, "please report it with the seed and the output above")
        raise typer.Exit(FatalError.exit_code)


def _show(console: Console, folder: Path, port: int) -> None:
    """Serve the console until Ctrl-C."""
    settings = Settings(archive=str(folder), console=ConsoleSettings(port=port))
    clock = SystemClock()

    def print_link(link: str) -> None:
        console.print(f"  {link}", markup=False, soft_wrap=True)

    console.print(Text("\nThe console, on live data", style="bold"))
    with open_console(settings, clock, print_link) as served:
        print_link(served.link())
        console.print("  (works once; Ctrl-C ends the demo)")
        if sys.stdout.isatty():
            webbrowser.open(served.link())
        with suppress(KeyboardInterrupt):
            while True:
                clock.wait(_DAY_SECONDS)


@contextmanager
def _folder(archive: str | None) -> Iterator[Path]:
    """Open the folder to collect into: the named one, or a temporary one that is deleted at the end.

    Raises:
        SetupError: The named folder is not empty.
    """
    if archive is None:
        with tempfile.TemporaryDirectory(prefix="anthropic-audit-demo-") as name:
            yield Path(name)
        return
    folder = Path(archive)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"the demo needs an empty folder, and this one is not: {folder}"
        raise SetupError(message, hint="name a folder that does not exist yet")
    yield folder


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Make SIGTERM end the demo like Ctrl-C, so that everything is stopped and cleaned up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _next_steps(place: str, *, is_kept: bool) -> Text:
    look = f"anthropic-audit search --archive {place}"
    steps = [
        ("Keep the archive for further commands", f"anthropic-audit demo --archive {place}"),
        ("Show the coverage", f"anthropic-audit status --archive {place}"),
        ("Open the console", f"anthropic-audit console --archive {place}"),
        ("Find failures of the last day", f"{look} --from 24h -f event.outcome=failure"),
        (
            "Export everything about API keys, for programs",
            f"{look} api_key --format ndjson --columns @timestamp,event.action",
        ),
        ("Run only the simulator, with faults on demand", "anthropic-audit simulate --help"),
        ("Collect your own organization", "ANTHROPIC_COMPLIANCE_ACCESS_KEY=… anthropic-audit collect --once"),
    ]
    shown = Text("\nNext steps", style="bold")
    for what, command in steps[1:] if is_kept else steps:
        shown.append(f"\n  {what}\n", style="not bold").append(f"    $ {command}", style="not bold cyan")
    return shown
