"""Probes of the archive: write access, disk space, damage, file rights, backlog and coverage."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from anthropic_audit.archive import ArchiveReader, open_reader
from anthropic_audit.archive.consistency import contradicting_numbers
from anthropic_audit.archive.lease import Lease
from anthropic_audit.archive.location import folder_of
from anthropic_audit.errors import ArchiveBusyError, SetupError
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedState, FeedStatus, count_records, feed_statuses
from anthropic_audit.status.changed_repeats import change_counts
from anthropic_audit.status.undelivered import undelivered
from anthropic_audit.times import format_duration

from .findings import CheckResult, State

_REPAIR = "run `anthropic-audit archive repair`; `archive verify` checks everything"
_GIGABYTE = 10**9
_LOW_BYTES, _LOW_SHARE = 5 * _GIGABYTE, 0.1
_MIN_FREE_BYTES = _GIGABYTE // 2
_MANY_FILES = 2_000
_BEHIND = 50_000
_MAX_DAMAGES = 10


class Disk(NamedTuple):
    """Size and free space of a disk, in bytes."""

    total: int
    free: int


def disk_of(folder: Path) -> Disk:
    """Return the space on the disk of a folder, or of its nearest parent that exists."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    usage = shutil.disk_usage(place)
    return Disk(usage.total, usage.free)


def archive_findings(
    location: str, feeds: Sequence[FeedSettings], now: datetime, disk: Callable[[Path], Disk] = disk_of
) -> Iterator[CheckResult]:
    """Yield the results for an archive; a running collector is not disturbed.

    Raises:
        SetupError: The location is not a valid one.
        ArchiveError: A table can't be read.
    """
    folder = folder_of(location)
    yield _writable(folder, now)
    yield _room(disk(folder))
    try:
        reader = open_reader(location)
    except SetupError:
        yield CheckResult("archive", State.FINE, f"no archive at {folder} yet: the first `collect` creates it")
        return
    yield from _whole(reader)
    yield _files(folder)
    yield _rights(folder)
    yield _events(reader)
    yield from _changes(reader)
    yield from _coverage(reader, feeds, now)


def _damaged(reader: ArchiveReader, *tables: str) -> str:
    """Return a clause that names the damaged ones of these tables; an empty string if there is none."""
    found = sorted({one.table for one in reader.damage}.intersection(tables))
    return f"{' and '.join(found)} {'is' if len(found) == 1 else 'are'} damaged" if found else ""


def _whole(reader: ArchiveReader) -> Iterator[CheckResult]:
    """Yield a result per damaged file and per contradiction between tables."""
    wrong = [str(one) for one in reader.damage]
    if any(contradicting_numbers(reader.tables)):
        wrong += contradicting_numbers(reader.tables, open_reader(str(reader.folder)).tables)
    for one in wrong[:_MAX_DAMAGES]:
        yield CheckResult("archive: damage", State.WRONG, one, _REPAIR)
    if len(wrong) > _MAX_DAMAGES:
        yield CheckResult(
            "archive: damage", State.WRONG, f"{len(wrong) - _MAX_DAMAGES:,} more files are damaged", _REPAIR
        )


def _writable(folder: Path, now: datetime) -> CheckResult:
    if not folder.exists():
        above = next(one for one in folder.parents if one.exists())
        if os.access(above, os.W_OK):
            return CheckResult("archive: writing", State.FINE, f"the folder can be created in {above}")
        cure = "choose a folder that this user may write, or correct its permissions"
        return CheckResult("archive: writing", State.WRONG, f"{above} can't be written", cure)
    try:
        Lease(folder, now).release()
    except ArchiveBusyError as error:
        return CheckResult("archive: writing", State.FINE, str(error))
    return CheckResult("archive: writing", State.FINE, "it can be written, and no process writes it now")


def _room(disk: Disk) -> CheckResult:
    found = f"{disk.free / _GIGABYTE:,.1f} GB of {disk.total / _GIGABYTE:,.0f} GB are free"
    cure = "free some space, or move the archive: a full disk stops collecting (nothing is lost, it resumes later)"
    if disk.free < _MIN_FREE_BYTES:
        return CheckResult("archive: disk", State.WRONG, found, cure)
    if disk.free < min(_LOW_BYTES, disk.total * _LOW_SHARE):
        return CheckResult("archive: disk", State.WARNING, found, cure)
    return CheckResult("archive: disk", State.FINE, found)


def _files(folder: Path) -> CheckResult:
    number = sum(1 for _ in folder.rglob("*.parquet"))
    if number > _MANY_FILES:
        cure = "run `anthropic-audit archive compact` and `archive vacuum`; `run` does both automatically"
        return CheckResult("archive: files", State.WARNING, f"{number:,} files: queries get slow", cure)
    return CheckResult("archive: files", State.FINE, f"{number:,} files")


def _rights(folder: Path) -> CheckResult:
    """Check that only the owner can read or write the archive's files; temporary files may disappear meanwhile."""
    open_to_others = 0
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            open_to_others += not stat.S_ISLNK(mode) and bool(mode & 0o077)
    if open_to_others:
        found = f"{open_to_others:,} files and folders are accessible to other users than their owner"
        return CheckResult("archive: rights", State.WARNING, found, f"run `chmod -R go-rwx {shlex.quote(str(folder))}`")
    return CheckResult("archive: rights", State.FINE, "only their owner can read its files")


def retention_findings(location: str, sinks: Sequence[str], keep: timedelta, now: datetime) -> Iterator[CheckResult]:
    """Yield a result per sink; a sink with undelivered events older than half of `keep` gets a warning.

    Raises:
        SetupError, ArchiveError: The archive can't be read.
    """
    if not keep or not sinks:
        return
    with open_reader(location).connect() as connection:
        behind = undelivered(connection, sinks, (now - keep / 2).date())
    for sink in sinks:
        mine = [one for one in behind if one.sink == sink]
        if not mine:
            yield CheckResult(
                f"sink {sink}: retention", State.FINE, "all events that will be removed soon are delivered"
            )
            continue
        left = mine[0].day + keep - now.date()
        when = f"retention is due in {left.days} days" if left.days > 0 else "retention waits for them"
        found = f"{sum(one.events for one in mine):,} events since {mine[0].day} are not delivered, {when}"
        cure = "deliver them, or give them up with `retention.wait_for_sinks = false`"
        yield CheckResult(f"sink {sink}: retention", State.WARNING, found, cure)


def _events(reader: ArchiveReader) -> CheckResult:
    with reader.connect() as connection:
        counts = count_records(connection)
    stored = f"{sum(counts.activities.values()):,} activities, {counts.events:,} events"
    if unread := _damaged(reader, "activities", "events"):
        return CheckResult("archive: events", State.WARNING, f"{stored} can be read: {unread}", _REPAIR)
    if counts.not_normalized > _BEHIND:
        cure = "check that `run` or `collect` is running; `renormalize` is not needed"
        return CheckResult(
            "archive: events", State.WARNING, f"{stored}: {counts.not_normalized:,} activities have no event yet", cure
        )
    return CheckResult("archive: events", State.FINE, stored)


def _changes(reader: ArchiveReader) -> Iterator[CheckResult]:
    """Warn about stored activities that were served again with other content; another notation is fine."""
    with reader.connect() as connection:
        changes = change_counts(connection)
    for one in changes:
        content = one.texts - one.same_content
        found = (
            f"{one.activities:,} stored activities were served again with other bytes, {content:,} with other content"
        )
        state = State.WARNING if content else State.FINE
        yield CheckResult(
            f"feed {one.feed}: changes",
            state,
            found,
            "`anthropic-audit status --changes` lists them" if content else "",
        )


def _coverage(reader: ArchiveReader, feeds: Sequence[FeedSettings], now: datetime) -> Iterator[CheckResult]:
    if unread := _damaged(reader, "coverage"):
        yield CheckResult("archive: coverage", State.WARNING, f"not all claims can be read: {unread}", _REPAIR)
    for one in feed_statuses(reader.coverage(), feeds, now):
        if feeds and one.is_configured:
            yield _feed_coverage(one)


def _feed_coverage(one: FeedStatus) -> CheckResult:
    what, lag = f"feed {one.feed}: coverage", one.lag
    if lag is None:
        cure = "run `anthropic-audit collect --once`, and see what it prints"
        return CheckResult(what, State.WARNING, "never collected with these filters", cure)
    covered = f"covered up to {format_duration(lag)} ago, {len(one.holes)} holes"
    if one.state is FeedState.BEHIND:
        return CheckResult(what, State.WARNING, covered, "check that `run` is running, and see its log")
    if one.holes:
        cure = "`anthropic-audit status --gaps` lists them with their causes; the collector reads them automatically"
        return CheckResult(what, State.WARNING, covered, cure)
    return CheckResult(what, State.FINE, covered)
