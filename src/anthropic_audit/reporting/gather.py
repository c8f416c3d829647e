"""The values of a report, queried from one snapshot of an archive, with personal data masked if required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import duckdb

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.archive.damage import Damage
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.console.url_query import Period
from anthropic_audit.documents import value_at
from anthropic_audit.ecs import SentenceWriter
from anthropic_audit.model import Window
from anthropic_audit.privacy.masking import Masking
from anthropic_audit.query import (
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
from anthropic_audit.query.aggregations import FirstSeenIndex
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import current_gaps, feed_statuses
from anthropic_audit.status.record_counts import KeptRecords, kept

from .completeness import FeedCoverage, coverages, past, shared
from .text import plain

MAX_SENTENCES: Final = 200
"""Upper bound on the critical events that are listed."""
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
"""Fields with their number of most frequent values in the report."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The period, the time and the query of a report."""

    period: Period
    now: datetime
    title: str
    query: Query = EVERYTHING
    written: str = ""
    """The query as text; empty for all events."""

    @property
    def search_request(self) -> SearchRequest:
        """The search request for the period."""
        return SearchRequest(self.period.since, self.period.until, query=self.query)

    @property
    def before(self) -> SearchRequest:
        """The search request for the previous period."""
        return SearchRequest(self.period.before.since, self.period.before.until, query=self.query)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A value with its numbers of events in the period and in the previous one."""

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
    """A value that occurred for the first time in the period."""

    value: str
    first: datetime
    events: int


@dataclass(frozen=True, slots=True)
class FirstSeenGroup:
    """The newest first occurrences of a field, and their total number."""

    values: tuple[First, ...]
    total: int


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """An event as a sentence."""

    seq: int
    at: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """All values of a report, masked if required."""

    scope: Scope
    archive: str
    is_masked: bool
    catalogue_version: str
    feeds: tuple[FeedCoverage, ...]
    window: Window | None
    """The part of the period that has passed; None if it has not begun."""
    before_share: float | None
    """The share of the previous period that was covered; None if there is no feed."""
    history: timedelta
    """Length of the time before the period that the archive covers."""
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
    """Damaged or missing files of the archive, which are left out of all values."""


def gather(
    reader: ArchiveReader, scope: Scope, masking: Masking, catalogue: Catalogue, *, feeds: Sequence[FeedSettings] = ()
) -> Gathered:
    """Query an archive for everything that a report shows.

    Args:
        reader: The archive.
        scope: The period, the time of the report, and its filter.
        masking: Masks personal data, or nothing.
        catalogue: Describes activity types and actors.
        feeds: The configured feeds; see `feed_statuses`.

    Raises:
        QueryError: The query compares masked fields.
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
            damage=reader.damage,  # read last: queries find more of it
        )


@dataclass(frozen=True, slots=True)
class _Queries:
    """Queries of a report to an archive, with their results masked."""

    connection: duckdb.DuckDBPyConnection
    scope: Scope
    masking: Masking
    catalogue: Catalogue
    known: FirstSeenIndex

    def buckets(self, by: str, *more: Query) -> tuple[Bucket, ...]:
        """Return numbers of events per time bucket, by a field without personal data."""
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
        """Return the values that occurred for the first time in the period, newest first."""
        scope = self.scope
        new = self.known.between(field, scope.period.since, scope.period.until)
        found = first_seen(self.connection, scope.search_request, scope.now, field=field, candidates=new, limit=_ALL)
        values = [First(self._shown(field, one.value), one.first, one.events) for one in found[:MAX_FIRST_SEEN]]
        return FirstSeenGroup(tuple(values), len(found))

    def sentences(self, kind: Query) -> tuple[SentenceRow, ...]:
        """Return the newest matching events as sentences."""
        writer = SentenceWriter(self.catalogue)
        search_request = _narrowed(self.scope.search_request, (kind,))
        found = page(self.connection, search_request, self.scope.now, order=SortOrder(), size=MAX_SENTENCES)
        return tuple(self._sentence(writer, hit) for hit in found.hits)

    def _sentence(self, writer: SentenceWriter, hit: SearchHit) -> SentenceRow:
        document = self.masking.document(hit.fields)
        address = value_at(document, ADDRESS) or value_at(document, "source.address")
        source = " ".join(str(one) for one in (address, value_at(document, COUNTRY)) if one)
        when = str(value_at(document, "@timestamp") or "")[:19].replace("T", " ")
        sentence = plain(writer.write(document), MAX_SENTENCE_CHARS)
        return SentenceRow(hit.seq, plain(when), sentence, plain(source) if source else "")

    def _shown(self, field: str, value: str) -> str:
        return plain(self.masking.value(field, value))

    def _about(self, field: str, value: str) -> str:
        """Return the catalogue's description of an action or an actor type; empty for other fields."""
        if field == ACTION:
            kind = self.catalogue.types.get(value)
            return kind.description if kind else ""
        actor = self.catalogue.actors.get(value) if field == ACTOR else None
        return actor.description if actor else ""


def _narrowed(search_request: SearchRequest, more: tuple[Query, ...]) -> SearchRequest:
    """Return a search request with further conditions."""
    return replace(search_request, query=AllOf((search_request.query, *more)))
