"""The archive as the console sees it: always what was committed last, read by many, each until it gives up."""

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
"""How old what is shown may be: so often is looked whether anything was committed."""


@dataclass(frozen=True)
class SnapshotVersion:
    """One version of the archive."""

    reader: ArchiveReader
    connection: duckdb.DuckDBPyConnection
    version: int
    """Grows with each version that is opened."""


@dataclass
class ReaderTicket:
    """A reader's place: by it, what it asks for can be given up from another thread."""

    is_cancelled: bool = False
    cursor: duckdb.DuckDBPyConnection | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """End the question that is being answered, and all that would follow."""
        with self.lock:
            self.is_cancelled = True
            if self.cursor is not None:
                self.cursor.interrupt()

    @property
    def percent(self) -> float | None:
        """How much of the statement that is being run is done, or None when nobody knows."""
        with self.lock:
            percent = -1.0 if self.cursor is None else self.cursor.query_progress()
        return percent if percent >= 0 else None


class ReaderTickets:
    """The tickets of questions that are being answered, by who asked and the name that they gave; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], ReaderTicket] = {}

    @contextmanager
    def held(self, who: str, name: str) -> Iterator[ReaderTicket]:
        """Give a new ticket, which is found by its name until the question is answered; one without a name never is."""
        ticket = ReaderTicket()
        with self._lock:
            self._held[who, name] = ticket
        try:
            yield ticket
        finally:
            with self._lock:
                if self._held.get((who, name)) is ticket:
                    del self._held[who, name]

    def percent(self, who: str, name: str) -> float | None:
        """Return how far a question is, or None when it is answered, or nobody knows."""
        with self._lock:
            ticket = self._held.get((who, name)) if name else None
        return None if ticket is None else ticket.percent


class SnapshotPool:
    """An archive, opened anew when something was committed; safe to be used by several threads.

    Raises:
        SetupError: There is no archive.
        ArchiveError: It can't be read.
    """

    def __init__(self, location: str, clock: Clock) -> None:
        self._location = location
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = clock.now()
        self._stamp = _stamp(folder_of(location))
        self._shelf = _open(location, 1)

    @property
    def folder(self) -> Path:
        """Where the archive lies."""
        return self._shelf.reader.folder

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What is known to be damaged, and left out."""
        return self._shelf.reader.damage

    def shelf(self) -> SnapshotVersion:
        """Return the newest version, opened again if it is older than `FRESH` and something was committed."""
        with self._lock:
            now = self._clock.now()
            if not timedelta(0) <= now - self._looked_at < FRESH:
                self._looked_at = now
                stamp = _stamp(self.folder)
                if stamp != self._stamp:
                    self._shelf = _open(self._location, self._shelf.version + 1)
                    self._stamp = stamp
            return self._shelf

    @contextmanager
    def cursor(self, ticket: ReaderTicket, shelf: SnapshotVersion | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor that the ticket can interrupt.

        Raises:
            InterruptedRunError: It was.
        """
        cursor = (shelf or self.shelf()).connection.cursor()
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

    def ask(self, ticket: ReaderTicket, question: Callable[[duckdb.DuckDBPyConnection], _Result]) -> _Result:
        """Answer one question from the newest version.

        A file that was vacuumed meanwhile belongs to an old version: then the newest one is asked, once.

        Raises:
            ArchiveError: The archive can't be read.
            InterruptedRunError: The ticket was cancelled.
        """
        shelf = self.shelf()
        try:
            with self.cursor(ticket, shelf) as cursor:
                return question(cursor)
        except ArchiveError:
            with self._lock:
                self._looked_at = EPOCH
            newest = self.shelf()
            if newest.version == shelf.version:
                raise
        with self.cursor(ticket, newest) as cursor:
            return question(cursor)


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
    """Return what changes with each commit: the times of the tables' logs."""
    found: list[tuple[str, int]] = []
    for log in sorted(folder.glob("*/_delta_log")):
        with suppress(OSError):
            found.append((log.parent.name, log.stat().st_mtime_ns))
    return tuple(found)
