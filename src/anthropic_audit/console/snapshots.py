"""Snapshots of the archive for concurrent readers: always the newest commit, with queries that can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from anthropic_audit.archive import ArchiveReader, Damage, open_reader
from anthropic_audit.archive.location import folder_of
from anthropic_audit.errors import ArchiveError, InterruptedRunError
from anthropic_audit.ports import Clock
from anthropic_audit.times import EPOCH

_Result = TypeVar("_Result")

_WITH_PROGRESS: Final = "SET enable_progress_bar = true; SET enable_progress_bar_print = false"
FRESH: Final = timedelta(seconds=3)
"""Upper bound on the age of a snapshot: how often the archive is checked for new commits."""


@dataclass(frozen=True)
class SnapshotVersion:
    """A snapshot of the archive."""

    reader: ArchiveReader
    connection: duckdb.DuckDBPyConnection
    version: int
    """Number of the snapshot; grows with each one that is opened."""


@dataclass
class ReaderTicket:
    """A handle by which the queries of one reader can be cancelled from another thread."""

    is_cancelled: bool = False
    cursor: duckdb.DuckDBPyConnection | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """Interrupt the running query, and refuse all further ones with this ticket."""
        with self.lock:
            self.is_cancelled = True
            if self.cursor is not None:
                self.cursor.interrupt()

    @property
    def percent(self) -> float | None:
        """Progress of the running statement in percent, or None if it is unknown."""
        with self.lock:
            percent = -1.0 if self.cursor is None else self.cursor.query_progress()
        return percent if percent >= 0 else None


class ReaderTickets:
    """The tickets of running queries, by session and the client's name for the query; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], ReaderTicket] = {}

    @contextmanager
    def held(self, session: str, name: str) -> Iterator[ReaderTicket]:
        """Open a new ticket that `percent` finds while the context is open; one with an empty name is never found."""
        ticket = ReaderTicket()
        with self._lock:
            self._held[session, name] = ticket
        try:
            yield ticket
        finally:
            with self._lock:
                if self._held.get((session, name)) is ticket:
                    del self._held[session, name]

    def percent(self, session: str, name: str) -> float | None:
        """Return the progress of a query in percent, or None if it is finished or its progress is unknown."""
        with self._lock:
            ticket = self._held.get((session, name)) if name else None
        return None if ticket is None else ticket.percent


class SnapshotPool:
    """An archive that is opened again after new commits; safe to be used by several threads.

    Raises:
        SetupError: There is no archive.
        ArchiveError: The archive can't be read.
    """

    def __init__(self, location: str, clock: Clock) -> None:
        self._location = location
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = clock.now()
        self._stamp = _stamp(folder_of(location))
        self._snapshot = _open(location, 1)

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self._snapshot.reader.folder

    @property
    def damage(self) -> tuple[Damage, ...]:
        """Files known to be damaged or missing, which are left out of all results."""
        return self._snapshot.reader.damage

    def newest(self) -> SnapshotVersion:
        """Return the newest snapshot; it is opened again after new commits, for which is looked once per `FRESH`."""
        with self._lock:
            now = self._clock.now()
            if not timedelta(0) <= now - self._looked_at < FRESH:
                self._looked_at = now
                stamp = _stamp(self.folder)
                if stamp != self._stamp:
                    self._snapshot = _open(self._location, self._snapshot.version + 1)
                    self._stamp = stamp
            return self._snapshot

    @contextmanager
    def cursor(
        self, ticket: ReaderTicket, snapshot: SnapshotVersion | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a cursor that the ticket can interrupt.

        Raises:
            InterruptedRunError: The ticket was cancelled.
        """
        cursor = (snapshot or self.newest()).connection.cursor()
        cursor.execute(_WITH_PROGRESS)
        with ticket.lock:
            ticket.cursor = cursor
        try:
            _check(ticket)
            yield cursor
        except (ArchiveError, duckdb.InterruptException) as error:
            _check(ticket, error)
            raise
        finally:
            with ticket.lock:
                ticket.cursor = None
            cursor.close()

    def ask(self, ticket: ReaderTicket, read: Callable[[duckdb.DuckDBPyConnection], _Result]) -> _Result:
        """Run a function on the newest snapshot, and return its result.

        A file that was vacuumed meanwhile belongs to an older snapshot; the function then runs again, on the
        newest one.

        Raises:
            ArchiveError: The archive can't be read.
            InterruptedRunError: The ticket was cancelled.
        """
        snapshot = self.newest()
        try:
            with self.cursor(ticket, snapshot) as cursor:
                return read(cursor)
        except ArchiveError:
            with self._lock:
                self._looked_at = EPOCH
            newest = self.newest()
            if newest.version == snapshot.version:
                raise
        with self.cursor(ticket, newest) as cursor:
            return read(cursor)


def _check(ticket: ReaderTicket, cause: Exception | None = None) -> None:
    if ticket.is_cancelled:
        message = "the client has closed the connection"
        raise InterruptedRunError(message) from cause


def _open(location: str, version: int) -> SnapshotVersion:
    reader = open_reader(location)
    connection = reader.connect()
    connection.execute("SET GLOBAL parquet_metadata_cache = true")
    return SnapshotVersion(reader, connection, version)


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return a value that changes with each commit: the modification times of the tables' logs."""
    found: list[tuple[str, int]] = []
    for log in sorted(folder.glob("*/_delta_log")):
        with suppress(OSError):
            found.append((log.parent.name, log.stat().st_mtime_ns))
    return tuple(found)
