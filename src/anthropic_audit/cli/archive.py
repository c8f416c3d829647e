"""`anthropic-audit archive`: look through an archive, and keep house in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anthropic_audit.application import retention
from anthropic_audit.archive import (
    ArchiveReader,
    ArchiveWriter,
    late_files,
    open_reader,
    open_writer,
    record_missing,
    unrecorded_files,
    verify,
)
from anthropic_audit.archive.schema import TABLES
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.ports import REPAIR_HINT
from anthropic_audit.times import parse_duration

from .configuration import load_settings
from .logs import logging_watch, open_log
from .options import Archive, Config, TableOrJson
from .output import Heading, console, notes, print_json, print_table
from .signals import stopping

_FOUND = 3


def verify_archive(
    record: Annotated[
        bool,
        typer.Option("--record", help="Record the digests of files that have none, such as those of older versions."),
    ] = False,
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Check every file, hash, record and coverage claim.

    It reads only, beside a running collector, and lists all damage. The digest of each file was recorded when the file
    was committed: any changed bit is found.

    Each activity must be there once, under a number of its own without holes, in the partition of its day, with the
    bytes that were hashed when they were received, and with one event that names it. No claim may reach beyond the
    time at which it was made, or be of fewer activities than its walk has stored.

    Exit codes: 0 all is right, 1 a file can't be read, 2 wrong use or settings, 3 something is wrong.
    """
    settings = load_settings(config, {"archive": archive}).settings
    reader = open_reader(settings.archive)
    if record:
        notes().print(f"{record_missing(settings.archive):,} digests recorded")
    with _progress() as progress:
        task = progress.add_task("looking at activities", total=None)
        found = verify(reader, lambda done, last: progress.update(task, completed=done, total=last))
    if format is TableOrJson.JSON:
        print_json([{"what": one.what, "number": one.number, "examples": one.examples} for one in found])
    elif found:
        headings = (Heading("wrong"), Heading("how many", is_number=True), Heading("such as"))
        print_table(headings, [(one.what, one.number, ", ".join(one.examples[:3])) for one in found])
        for one in found:
            for example in one.examples if one.is_of_files else ():
                console().print(f"{one.what}: {example}", markup=False, soft_wrap=True)
    else:
        console().print(f"archive {settings.archive}: every hash, record and claim is right", markup=False)
    _note_digests(reader)
    if found:
        notes().print(f"hint: {REPAIR_HINT}", markup=False)
        raise typer.Exit(_FOUND)


def _note_digests(reader: ArchiveReader) -> None:
    """Say of how many files the digest was not recorded when they were written."""
    none = sum(unrecorded_files(reader.folder, TABLES[name], newest) for name, newest in reader.tables.items())
    late = sum(late_files(reader.folder, table) for table in TABLES.values())
    if none:
        notes().print(
            f"{none:,} files have no digest: `anthropic-audit archive verify --record` records what they are now"
        )
    if late:
        notes().print(f"{late:,} digests were recorded at an opening, and not when the file was written")


def compact(config: Config = None, archive: Archive = None) -> None:
    """Merge small files into large ones.

    `run` does this every six hours. While another process writes the archive, this waits for it.
    """
    with _writer(config, archive) as writer:
        for one in writer.compact():
            notes().print(f"{one.table}: {one.files_before:,} files before, {one.files_after:,} now")


def vacuum(
    grace: Annotated[
        str, typer.Option("--grace", metavar="DURATION", help="Keep what was replaced less than this ago.")
    ] = "24h",
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Delete replaced files that no reader needs any more.

    `run` does this every six hours. While another process writes the archive, this waits for it.
    """
    kept = parse_duration(grace)
    with _writer(config, archive) as writer:
        for one in writer.vacuum(kept):
            notes().print(f"{one.table}: {one.files:,} files deleted")


def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Remove days older than `retention.keep`, except legal holds.

    A day that a sink has still to get events of waits for it, unless `retention.wait_for_sinks` is false. `run` does
    this every six hours. What was walked stays recorded, and so does what was removed and when: `archive verify`
    tells it from a loss. Files are deleted by `vacuum`, a day later.
    """
    settings = load_settings(config, {"archive": archive}).settings
    if not settings.retention.keep:
        notes().print("retention.keep is not set: everything is kept")
        return
    with _writer(config, archive) as writer:
        done = retention.retain(writer, settings, SystemClock().now(), is_rehearsal=dry_run)
    number = sum(one.activities for one in done.removed)
    words = f"{number:,} activities of {len(done.removed):,} days"
    notes().print(f"{'would remove' if dry_run else 'removed'} {words}")
    for line in retention.told(done.waiting):
        notes().print(f"kept until they are delivered: {line}", markup=False)
    for line in retention.told(done.never_delivered):
        notes().print(f"never delivered: {line}", markup=False)


@contextmanager
def _writer(config: Path | None, archive: str | None) -> Iterator[ArchiveWriter]:
    settings, clock = load_settings(config, {"archive": archive}).settings, SystemClock()
    with (
        stopping(clock.interrupt, InterruptedRunError.exit_code),
        open_writer(settings.archive, clock, logging_watch(open_log())) as writer,
    ):
        yield writer


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=notes(), transient=True)
