"""Shared state of the console's request handlers: the archive, the catalogue, and masking by role."""

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
from anthropic_audit.ecs import SentenceWriter
from anthropic_audit.errors import AuditError
from anthropic_audit.ports import Clock
from anthropic_audit.privacy.masking import Masked, Masking, Unmasked
from anthropic_audit.query import FIRST_SEEN, FirstSeenIndex, SearchRequest, document_fields, known_fields
from anthropic_audit.settings import Settings
from anthropic_audit.times import EPOCH

from .auth import Session, Visitor
from .export_slots import Admission
from .searches import Searches
from .snapshots import ReaderTicket, ReaderTickets, SnapshotPool
from .url_query import Period, UrlQuery, period, query, read_url_query, search_request

_Result = TypeVar("_Result")

_TIME_STEP: Final = timedelta(seconds=5)
_POLL_SECONDS: Final = 0.2


class ConsoleContext:
    """State that all requests share."""

    def __init__(self, settings: Settings, snapshots: SnapshotPool, clock: Clock) -> None:
        self.settings = settings
        self.snapshots = snapshots
        self.clock = clock
        self.catalogue: Catalogue = load_catalogue()
        self.known = known_fields(document_fields(self.catalogue))
        self.sentences = SentenceWriter(self.catalogue)
        self.first_seen = FirstSeenIndex(tuple(FIRST_SEEN))
        self.tickets = ReaderTickets()
        self.exports = Admission()
        self.searches = Searches(snapshots.folder / "console" / "searches.json")
        self._clear: Masking = Unmasked()
        self._masked: Masking = Masked(self.catalogue, secrets.token_bytes(32))

    def warm(self) -> None:
        """Read the archive once in advance, so that the first request does not wait for it; errors are ignored."""
        with suppress(AuditError):
            self.snapshots.ask(ReaderTicket(), self.update_first_seen)

    def update_first_seen(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Update the index of first occurrences from the newest version of the archive.

        Raises:
            ArchiveError: The archive can't be read.
        """
        self.first_seen.take(connection, self.snapshots.newest().reader.event_files)

    def now(self) -> datetime:
        """Return the time, rounded down to five seconds, so that all panels of a page show the same period."""
        now = self.clock.now()
        return now - (now - EPOCH) % _TIME_STEP

    def masking(self, session: Session) -> Masking:
        """Return the masking that applies to a session's role."""
        return self._clear if session.role == "investigator" else self._masked


@dataclass(frozen=True, slots=True)
class Viewer:
    """The masking of a request's user, with the shared state."""

    context: ConsoleContext
    masking: Masking


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The query and period of a request, parsed and permitted for its user."""

    viewer: Viewer
    url_query: UrlQuery
    period: Period
    search_request: SearchRequest
    now: datetime
    is_utc: bool
    """Whether times are shown in UTC instead of the browser's time zone."""


def context_of(request: Request) -> ConsoleContext:
    """Return the shared state of the application that serves a request."""
    return cast("ConsoleContext", request.app.state.context)


def session_of(request: Request) -> Session:
    """Return the session of a request that the access middleware has let through."""
    visitor = cast("Visitor", request.state.visitor)
    if visitor.session is None:
        message = "the access middleware let a request without a session through"
        raise RuntimeError(message)
    return visitor.session


def viewer_of(request: Request) -> Viewer:
    """Return the viewer of a request."""
    context = context_of(request)
    return Viewer(context, context.masking(session_of(request)))


def page_request_of(request: Request) -> PageRequest:
    """Parse the query string of a request, and check that its user may run the query.

    Raises:
        SetupError: The period or the number of filters is invalid.
        QueryError: The query can't be parsed, or queries fields that are masked for the user.
    """
    viewer = viewer_of(request)
    context = viewer.context
    now = context.now()
    url_query = read_url_query(request.query_params.multi_items())
    wanted = query(url_query, context.known, now)
    viewer.masking.check(wanted)
    span = period(url_query, now)
    is_utc = request.query_params.get("tz") == "utc"
    return PageRequest(viewer, url_query, span, search_request(span, wanted), now, is_utc)


async def answered(request: Request, ask: Callable[[duckdb.DuckDBPyConnection], _Result]) -> _Result:
    """Run a function on the archive in a thread, and return its result; interrupt it when the client disconnects.

    While it runs, its progress can be requested by the value of the request's parameter `ticket`.

    Raises:
        ArchiveError: The archive can't be read.
        InterruptedRunError: The client disconnected.
    """
    context = context_of(request)
    found: list[_Result] = []
    failed: list[AuditError] = []

    async def watch(ticket: ReaderTicket) -> None:
        while not await request.is_disconnected():
            await anyio.sleep(_POLL_SECONDS)
        ticket.cancel()

    with context.tickets.held(session_of(request).label, request.query_params.get("ticket", "")) as ticket:
        async with anyio.create_task_group() as group:
            group.start_soon(watch, ticket)
            try:
                found.append(await anyio.to_thread.run_sync(context.snapshots.ask, ticket, ask))
            except AuditError as error:
                failed.append(error)
            group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return found[0]
