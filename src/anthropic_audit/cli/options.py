"""The options that several commands share."""

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
    typer.Option("--archive", metavar="FOLDER", help="The archive, instead of the settings' one.", show_default=False),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="Earliest time: 24h or 7d ago, a date, or RFC 3339 (2026-11-23T09:00:00Z).",
        show_default=False,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="TIME", help="Time before which events lie; written as for --from.", show_default=False
    ),
]

SinkName = Annotated[str, typer.Argument(metavar="NAME", help="The sink's name in the settings.", show_default=False)]


class TableOrJson(StrEnum):
    """How something is shown: for people, or for programs."""

    TABLE = "table"
    JSON = "json"


def read_span(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Read a span of time.

    Raises:
        SetupError: One of both is no time, or the span ends before it starts.
    """
    start = None if since is None else parse_time(since, now)
    end = None if until is None else parse_time(until, now)
    if start is not None and end is not None and start >= end:
        message = f"the span ends before it starts: --from {since} --to {until}"
        raise SetupError(message, hint="--from 7d --to 1d is the time between seven days and one day ago")
    return start, end
