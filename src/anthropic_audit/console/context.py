"""Everything that pages need: the archive, the catalogue, who may see what."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar, cast

import anyio
import duckdb
from starlette.requests import Request

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.errors import AuditError
from anthropic_audit.normalize import SentenceWriter
from anthropic_audit.ports import Clock
from anthropic_audit.search import FIRST_SEEN, FirstSeenIndex, SearchRequest, document_fields, known_fields
from anthropic_audit.settings import Settings
from anthropic_audit.times import EPOCH

from .auth import Session, Visitor
from .export_slots import Admission
from .masking import Masked, Masking, Unmasked
from .searches import Searches
from .snapshots import ReaderTicket, ReaderTickets, SnapshotPool
from .url_query import Period, UrlQuery, period, query, question, read_url_query

_Result = TypeVar("_Result")

_ROUND: Final = timedelta(seconds=5)
_LOOK_SECONDS: Final = 0.2


class ConsoleContext:
    """What pages are made from."""

    def __init__(self, settings: Settings, library: SnapshotPool, clock: Clock) -> None:
        self.settings = settings
        self.library = library
        self.clock = clock
        self.catalogue: Catalogue = load_catalogue()
        self.known = known_fields(document_fields(self.catalogue))
        self.teller = SentenceWriter(self.catalogue)
        self.firsts = FirstSeenIndex(tuple(FIRST_SEEN))
        self.tickets = ReaderTickets()
        self.exports = Admission()
        self.searches = Searches(library.folder / "console" / "searches.json")
        self._clear: Masking = Unmasked()
        self._masked: Masking = Masked(self.catalogue, secrets.token_bytes(32))

    def warm(self) -> None:
        """Read the archive once, so that the first visitor does not wait for it."""
        with suppress(AuditError):
            self.library.ask(ReaderTicket(), self.take_firsts)

    def take_firsts(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Know of all that occurred for the first time.

        Raises:
            ArchiveError: The archive can't be read.
        """
        self.firsts.take(connection, self.library.shelf().reader.event_files)

    def now(self) -> datetime:
        """Return the time in steps of five seconds, so that the charts of a page show one period."""
        now = self.clock.now()
        return now - (now - EPOCH) % _ROUND

    def lens(self, session: Session) -> Masking:
        """Return through what somebody looks at events."""
        return self._clear if session.role == "investigator" else self._masked


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks."""

    place: ConsoleContext
    lens: Masking


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a request asks for, read and allowed."""

    viewer: Viewer
    asked: UrlQuery
    period: Period
    question: SearchRequest
    now: datetime
    is_utc: bool
    """Whether times are shown in UTC instead of the visitor's own zone."""


def context_of(request: Request) -> ConsoleContext:
    """Return what pages are made from."""
    return cast("ConsoleContext", request.app.state.place)


def session_of(request: Request) -> Session:
    """Return who asks; the door has let them in."""
    visitor = cast("Visitor", request.state.visitor)
    if visitor.session is None:
        message = "the door lets nobody in without a session"
        raise RuntimeError(message)
    return visitor.session


def viewer_of(request: Request) -> Viewer:
    """Return who looks."""
    place = context_of(request)
    return Viewer(place, place.lens(session_of(request)))


def page_request_of(request: Request) -> PageRequest:
    """Read what a request asks for.

    Raises:
        SetupError: It can't be read.
        QueryError: The query can't be read, or asks for what the visitor may not see.
    """
    viewer = viewer_of(request)
    place = viewer.place
    now = place.now()
    asked = read_url_query(request.query_params.multi_items())
    wanted = query(asked, place.known, now)
    viewer.lens.check(wanted)
    span = period(asked, now)
    is_utc = request.query_params.get("tz") == "utc"
    return PageRequest(viewer, asked, span, question(span, wanted), now, is_utc)


async def answered(request: Request, ask: Callable[[duckdb.DuckDBPyConnection], _Result]) -> _Result:
    """Ask the archive beside the loop; when the visitor goes away, the question ends.

    By the parameter `ticket` of the request, its progress can be asked for meanwhile.

    Raises:
        ArchiveError: The archive can't be read.
        InterruptedRunError: The visitor went away.
    """
    place = context_of(request)
    found: list[_Result] = []
    failed: list[AuditError] = []

    async def watch(ticket: ReaderTicket) -> None:
        while not await request.is_disconnected():
            await anyio.sleep(_LOOK_SECONDS)
        ticket.cancel()

    with place.tickets.held(session_of(request).label, request.query_params.get("ticket", "")) as ticket:
        async with anyio.create_task_group() as group:
            group.start_soon(watch, ticket)
            try:
                found.append(await anyio.to_thread.run_sync(place.library.ask, ticket, ask))
            except AuditError as error:
                failed.append(error)
            group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return found[0]
