"""`anthropic-audit archive`: verify and maintain an archive."""

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
        typer.Option("--record", help="Record digests for files without one, such as files of older versions."),
    ] = False,
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Check every file, hash, record and coverage claim.

    It only reads, also while a collector is running, and lists all damage. The digest of each file was recorded when
    the file was committed, so any changed bit is found.

    Each activity must be stored once, with its own sequence number and no number missing, in the partition of its day,
    with the bytes that were hashed on receipt, and with one event that refers to it. No claim may extend beyond the
    time at which it was made, or cover fewer activities than its walk stored.

    Exit codes: 0 no problem, 1 a file can't be read, 2 wrong use or settings, 3 problems were found.
    """
    settings = load_settings(config, {"archive": archive}).settings
    reader = open_reader(settings.archive)
    if record:
        notes().print(f"{record_missing(settings.archive):,} digests recorded")
    with _progress() as progress:
        task = progress.add_task("verifying activities", total=None)
        found = verify(reader, lambda done, last: progress.update(task, completed=done, total=last))
    if format is TableOrJson.JSON:
        print_json([{"what": one.what, "number": one.number, "examples": one.examples} for one in found])
    elif found:
        headings = (Heading("problem"), Heading("count", is_number=True), Heading("examples"))
        print_table(headings, [(one.what, one.number, ", ".join(one.examples[:3])) for one in found])
        for one in found:
            for example in one.examples if one.is_of_files else ():
                console().print(f"{one.what}: {example}", markup=False, soft_wrap=True)
    else:
        console().print(f"archive {settings.archive}: every hash, record and claim is correct", markup=False)
    _note_digests(reader)
    if found:
        notes().print(f"hint: {REPAIR_HINT}", markup=False)
        raise typer.Exit(_FOUND)


def _note_digests(reader: ArchiveReader) -> None:
    """Print how many files have no digest, or one that was recorded later than the file."""
    none = sum(unrecorded_files(reader.folder, TABLES[name], newest) for name, newest in reader.tables.items())
    late = sum(late_files(reader.folder, table) for table in TABLES.values())
    if none:
        notes().print(
            f"{none:,} files have no digest: `anthropic-audit archive verify --record` records their current content"
        )
    if late:
        notes().print(f"{late:,} digests were recorded when the archive was opened, not when the file was written")


def compact(config: Config = None, archive: Archive = None) -> None:
    """Merge small files into large ones.

    `run` does this every six hours. The command waits while another process writes the archive.
    """
    with _writer(config, archive) as writer:
        for one in writer.compact():
            notes().print(f"{one.table}: {one.files_before:,} files before, {one.files_after:,} now")


def vacuum(
    grace: Annotated[
        str, typer.Option("--grace", metavar="DURATION", help="Keep files that were replaced less than this ago.")
    ] = "24h",
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Delete replaced files that no reader needs.

    `run` does this every six hours. The command waits while another process writes the archive.
    """
    grace_period = parse_duration(grace)
    with _writer(config, archive) as writer:
        for one in writer.vacuum(grace_period):
            notes().print(f"{one.table}: {one.files:,} files deleted")


def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be removed, and remove nothing.")
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Remove days older than `retention.keep`, except legal holds.

    Days with events that a sink has not received are kept, unless `retention.wait_for_sinks` is false. `run` does this
    every six hours. Coverage stays recorded, and each removal is recorded with its time, so that `archive verify`
    distinguishes it from a loss. `vacuum` deletes the files a day later.
    """
    settings = load_settings(config, {"archive": archive}).settings
    if not settings.retention.keep:
        notes().print("retention.keep is not set: nothing is removed")
        return
    with _writer(config, archive) as writer:
        done = retention.retain(writer, settings, SystemClock().now(), is_rehearsal=dry_run)
    number = sum(one.activities for one in done.removed)
    words = f"{number:,} activities of {len(done.removed):,} days"
    notes().print(f"{'would remove' if dry_run else 'removed'} {words}")
    for line in retention.undelivered_lines(done.waiting):
        notes().print(f"kept until delivered: {line}", markup=False)
    for line in retention.undelivered_lines(done.never_delivered):
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
