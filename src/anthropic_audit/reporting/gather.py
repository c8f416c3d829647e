"""From an archive to the values of a report: all that is asked of it, once, and nothing that may not be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import duckdb

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.archive.damage import Damage
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.console.masking import Masking
from anthropic_audit.console.url_query import Period
from anthropic_audit.documents import value_at
from anthropic_audit.model import Window
from anthropic_audit.normalize import SentenceWriter
from anthropic_audit.search import (
    CRITICAL,
    EVERYTHING,
    FAILURE,
    FIRST_SEEN,
    NOTABLE,
    SIGN_IN,
    AllOf,
    Bucket,
    Query,
    SearchHit,
    SearchRequest,
    SortOrder,
    Totals,
    first_seen,
    over_time,
    page,
    top_values,
    totals,
)
from anthropic_audit.search.aggregations import FirstSeenIndex
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import current_gaps, feed_statuses
from anthropic_audit.status.record_counts import KeptRecords, kept

from .completeness import FeedCoverage, coverages, past, shared
from .text import plain

MAX_SENTENCES: Final = 200
"""So many critical events are told one by one."""
MAX_SENTENCE_CHARS: Final = 400
MAX_FIRST_SEEN: Final = 12
_ALL: Final = 10_000

ACTION, OUTCOME, USER = "event.action", "event.outcome", "user.email"
COUNTRY, NETWORK, PROGRAM = "source.geo.country_iso_code", "source.as.organization.name", "user_agent.name"
ADDRESS, ACTOR = "source.ip", "anthropic.audit.actor.type"
ORGANIZATION, ORGANIZATION_NAME = "organization.id", "organization.name"

RANKED: Final[Mapping[str, int]] = {
    ACTION: 20,
    OUTCOME: 5,
    USER: 15,
    ACTOR: 12,
    COUNTRY: 300,
    NETWORK: 10,
    PROGRAM: 10,
    ORGANIZATION: 20,
    ORGANIZATION_NAME: 20,
}
"""The fields whose most frequent values are told, and how many of them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about."""

    period: Period
    now: datetime
    title: str
    query: Query = EVERYTHING
    written: str = ""
    """The query, as it was written."""

    @property
    def search_request(self) -> SearchRequest:
        """What the archive is asked."""
        return SearchRequest(self.period.since, self.period.until, query=self.query)

    @property
    def before(self) -> SearchRequest:
        """The same of the period before."""
        return SearchRequest(self.period.before.since, self.period.before.until, query=self.query)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A value, how many events have it, and how many of the period before had."""

    value: str
    events: int
    before: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The most frequent values of a field."""

    values: tuple[Ranked, ...]
    distinct: int
    without: int


@dataclass(frozen=True, slots=True)
class First:
    """A value that had not occurred before."""

    value: str
    first: datetime
    events: int


@dataclass(frozen=True, slots=True)
class FirstSeenGroup:
    """The newest of those, and how many there are altogether."""

    values: tuple[First, ...]
    total: int


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """An event in a sentence."""

    seq: int
    at: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that a report tells, as it may be seen."""

    scope: Scope
    archive: str
    is_masked: bool
    catalogue_version: str
    feeds: tuple[FeedCoverage, ...]
    window: Window | None
    """The part of the period that is over."""
    before_share: float | None
    """How much of the period before was covered, or None when there is no feed."""
    history: timedelta
    """How much time before the period the archive covers."""
    kept: KeptRecords
    now: Totals
    before: Totals
    over_time: tuple[Bucket, ...]
    failed_sign_ins: tuple[Bucket, ...]
    rankings: Mapping[str, Ranking]
    failures: Ranking
    """Actions that failed."""
    failed_users: Ranking
    failed_addresses: Ranking
    firsts: Mapping[str, FirstSeenGroup]
    critical: tuple[SentenceRow, ...]
    critical_actions: Ranking
    notable_actions: Ranking
    damage: tuple[Damage, ...] = ()
    """Damaged or missing files of the archive, which are left out of everything."""


def gather(
    reader: ArchiveReader, scope: Scope, masking: Masking, catalogue: Catalogue, *, feeds: Sequence[FeedSettings] = ()
) -> Gathered:
    """Query an archive for everything that a report shows.

    Args:
        reader: The archive.
        scope: The period, the time of the report, and its filter.
        masking: Masks personal data, or not.
        catalogue: Names activity types.
        feeds: The configured feeds; see `feed_statuses`.

    Raises:
        QueryError: The query asks for what may not be seen.
        ArchiveError: The archive can't be read.
    """
    masking.check(scope.query)
    walks = reader.coverage()
    found = feed_statuses(walks, feeds, scope.now)
    window = past(scope.period.since, scope.period.until, scope.now)
    gaps = current_gaps(walks, reader.gaps(), feeds, scope.now)
    earlier = Window(scope.period.before.since, scope.period.before.until)
    begins = min((one.covered.start for one in found if one.covered.start is not None), default=scope.period.since)
    with reader.connect() as connection:
        known = FirstSeenIndex(tuple(FIRST_SEEN))
        known.take(connection, reader.event_files)
        queries = _Queries(connection, scope, masking, catalogue, known)
        sign_ins = (SIGN_IN, FAILURE)
        return Gathered(
            scope=scope,
            archive=plain(reader.folder if masking.sees_everything else reader.folder.name),
            is_masked=not masking.sees_everything,
            catalogue_version=catalogue.version,
            feeds=coverages(found, gaps, window) if window else (),
            window=window,
            before_share=shared(found, earlier),
            history=max(timedelta(0), scope.period.since - begins),
            kept=kept(connection, scope.period.since, scope.period.until),
            now=totals(connection, scope.search_request, scope.now),
            before=totals(connection, scope.before, scope.now),
            over_time=queries.buckets("event.category"),
            failed_sign_ins=queries.buckets(ACTION, *sign_ins),
            rankings={field: queries.ranking(field, limit) for field, limit in RANKED.items()},
            failures=queries.ranking(ACTION, 10, FAILURE),
            failed_users=queries.ranking(USER, 10, *sign_ins),
            failed_addresses=queries.ranking(ADDRESS, 10, *sign_ins),
            firsts={field: queries.firsts(field) for field in FIRST_SEEN},
            critical=queries.sentences(CRITICAL),
            critical_actions=queries.ranking(ACTION, 50, CRITICAL),
            notable_actions=queries.ranking(ACTION, 50, NOTABLE),
            damage=reader.damage,  # last: reading finds more of it
        )


@dataclass(frozen=True, slots=True)
class _Queries:
    """An archive, what it is asked about, and who may see what of the answers."""

    connection: duckdb.DuckDBPyConnection
    scope: Scope
    masking: Masking
    catalogue: Catalogue
    known: FirstSeenIndex

    def buckets(self, by: str, *more: Query) -> tuple[Bucket, ...]:
        """Count over time by a field that is not personal."""
        search_request = _narrowed(self.scope.search_request, more)
        step = self.scope.period.step
        buckets = over_time(self.connection, search_request, self.scope.now, step=step, by=by)
        return tuple(replace(one, value=None if one.value is None else plain(one.value, 60)) for one in buckets)

    def ranking(self, field: str, limit: int, *more: Query) -> Ranking:
        """Return the most frequent values of a field."""
        scope, connection = self.scope, self.connection
        found = top_values(connection, _narrowed(scope.search_request, more), scope.now, field=field, limit=limit)
        earlier = top_values(connection, _narrowed(scope.before, more), scope.now, field=field, limit=_ALL)
        before = dict(earlier.values)
        values = [
            Ranked(self._shown(field, value), events, before.get(value, 0), self._about(field, value))
            for value, events in found.values
        ]
        return Ranking(tuple(values), found.distinct, found.without)

    def firsts(self, field: str) -> FirstSeenGroup:
        """Return what occurred for the first time, the newest first."""
        scope = self.scope
        new = self.known.between(field, scope.period.since, scope.period.until)
        found = first_seen(self.connection, scope.search_request, scope.now, field=field, candidates=new, limit=_ALL)
        values = [First(self._shown(field, one.value), one.first, one.events) for one in found[:MAX_FIRST_SEEN]]
        return FirstSeenGroup(tuple(values), len(found))

    def sentences(self, kind: Query) -> tuple[SentenceRow, ...]:
        """Return the newest events of a kind in sentences."""
        writer = SentenceWriter(self.catalogue)
        search_request = _narrowed(self.scope.search_request, (kind,))
        found = page(self.connection, search_request, self.scope.now, order=SortOrder(), size=MAX_SENTENCES)
        return tuple(self._sentence(writer, hit) for hit in found.hits)

    def _sentence(self, writer: SentenceWriter, hit: SearchHit) -> SentenceRow:
        document = self.masking.document(hit.fields)
        address = value_at(document, ADDRESS) or value_at(document, "source.address")
        source = " ".join(str(one) for one in (address, value_at(document, COUNTRY)) if one)
        when = str(value_at(document, "@timestamp") or "")[:19].replace("T", " ")
        sentence = plain(writer.tell(document), MAX_SENTENCE_CHARS)
        return SentenceRow(hit.seq, plain(when), sentence, plain(source) if source else "")

    def _shown(self, field: str, value: str) -> str:
        return plain(self.masking.value(field, value))

    def _about(self, field: str, value: str) -> str:
        """Return what the catalogue says of an action, or of a kind of actors."""
        if field == ACTION:
            kind = self.catalogue.types.get(value)
            return kind.description if kind else ""
        actor = self.catalogue.actors.get(value) if field == ACTOR else None
        return actor.description if actor else ""


def _narrowed(search_request: SearchRequest, more: tuple[Query, ...]) -> SearchRequest:
    """Return a search_request for fewer events."""
    return replace(search_request, query=AllOf((search_request.query, *more)))
