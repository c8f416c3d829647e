"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.errors import SetupError
from anthropic_audit.times import parse_time

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file; else ANTHROPIC_AUDIT_CONFIG, ./anthropic-audit.toml, the user's configuration folder.",
        show_default=False,
    ),
]
Archive = Annotated[
    str | None,
    typer.Option(
        "--archive",
        metavar="FOLDER",
        help="Folder of the archive, instead of the settings' `archive`.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="Start time: a duration before now (24h, 7d), a date, or RFC 3339 (2026-11-23T09:00:00Z).",
        show_default=False,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="TIME", help="End time (excluded), in the same notation as --from.", show_default=False
    ),
]

SinkName = Annotated[str, typer.Argument(metavar="NAME", help="The sink's name in the settings.", show_default=False)]


class TableOrJson(StrEnum):
    """Output format: for people, or for programs."""

    TABLE = "table"
    JSON = "json"


def read_span(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the start and the end of --from and --to; None for an option that is not given.

    Raises:
        SetupError: An option is not a valid time, or the span ends before it starts.
    """
    start = None if since is None else parse_time(since, now)
    end = None if until is None else parse_time(until, now)
    if start is not None and end is not None and start >= end:
        message = f"the span ends before it starts: --from {since} --to {until}"
        raise SetupError(
            message, hint="for example, `--from 7d --to 1d` is the time between seven days and one day ago"
        )
    return start, end
