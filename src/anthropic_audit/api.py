"""The Python API: collect into an archive, open one, search it, and normalize activities.

Every error is an `anthropic_audit.errors.AuditError` with a message and, as `hint`, what to do next. Nothing here reads
settings files or environment variables.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from .application import Application
from .application.collecting import open_collecting
from .application.feed_filters import with_types
from .application.normalizing import Schema
from .archive import ArchiveReader, open_reader
from .catalogue import load as load_catalogue
from .ecs import Normalizer, SentenceWriter
from .errors import SetupError
from .ocsf import to_ocsf
from .progress import Watch, ignore_progress
from .query import SearchRequest, check_fields, document_fields, known_fields, parse_kql, run
from .query.ast import conditions_of
from .redact import Secret
from .settings import FeedSettings, Settings
from .times import parse_time

__all__ = ["collect", "normalize", "open_archive", "search"]

Json = dict[str, Any]
Archive = ArchiveReader | str | os.PathLike[str]
"""An archive that is open, or the folder of one."""
Time = datetime | str
"""An aware time, or a text: `24h` or `7d` ago, a date, or RFC 3339 (`2026-11-23T09:00:00Z`)."""


def open_archive(location: str | os.PathLike[str]) -> ArchiveReader:
    """Open an archive for reading, as it is now; a collector may write it meanwhile.

    Args:
        location: The archive's folder.

    Raises:
        SetupError: There is no archive.
        ArchiveError: It can't be read.
    """
    return open_reader(os.fspath(location))


def search(
    archive: Archive,
    query: str = "",
    *,
    since: Time | None = None,
    until: Time | None = None,
    limit: int | None = None,
    oldest_first: bool = False,
) -> Iterator[Json]:
    """Yield the events that match a query, as ECS documents, newest first.

    Args:
        archive: An open archive, or its folder.
        query: A query in KQL, such as `event.action : sso_* and event.outcome : failure`; empty for all events.
        since: Earliest time of an event (included).
        until: Latest time of an event (excluded).
        limit: Upper bound on the number of events; None for no bound.
        oldest_first: Yield the oldest events first.

    Raises:
        QueryError: The query can't be read, or names an unknown field.
        SetupError: There is no archive, or a time can't be read.
        ArchiveError: The archive can't be read.
    """
    reader = archive if isinstance(archive, ArchiveReader) else open_archive(archive)
    now = datetime.now(UTC)
    known = known_fields(document_fields(load_catalogue()))
    parsed = parse_kql(query, known, now)
    check_fields([one.field for one in conditions_of(parsed)], known)
    request = SearchRequest(_time(since, now), _time(until, now), query=parsed, limit=limit, oldest_first=oldest_first)
    return _found(reader, request, now)


def collect(
    archive: str | os.PathLike[str],
    key: str,
    *,
    feed: Mapping[str, object] | None = None,
    watch: Watch = ignore_progress,
) -> datetime:
    """Collect a feed up to now, each activity exactly once, and normalize what is new.

    Args:
        archive: The archive's folder; it is created if there is none.
        key: A Compliance API key, or an Admin API key.
        feed: Settings of the feed by name, as in a `[[feeds]]` table of the settings file (docs/reference/settings.md):
            `name`, `url`, `initial_interval`, `activity_types` and others.
        watch: Gets the progress (`anthropic_audit.progress`).

    Returns:
        The end of the feed's coverage: every activity up to then is stored.

    Raises:
        SetupError: A setting of the feed is wrong.
        FeedDeniedError: The API refuses the key.
        TransientError: The API could not be reached, or was busy for too long; what is stored stays.
        ArchiveBusyError: Another process writes the archive.
        ArchiveError: The archive can't be written.
    """
    settings = with_types(Settings(archive=os.fspath(archive), feeds=(_feed_settings(feed or {}),)))
    application = Application(settings, {}, warn=_ignore_warning)
    with open_collecting(application, [(settings.feeds[0], Secret(key))], watch) as collecting:
        (outcome,) = collecting.once()
    if outcome.error is not None:
        raise outcome.error
    if outcome.covered_to is None:
        message = f"feed {outcome.feed} is not covered yet: its newest activities are not settled"
        raise SetupError(message, hint="collect again in a minute")
    return outcome.covered_to


def normalize(activities: Iterable[bytes | Mapping[str, object]], *, schema: str = "ecs") -> Iterator[Json]:
    """Yield one event for each activity, in order; it needs no archive and no network.

    Args:
        activities: Activities as the API sent them: JSON bytes, or mappings.
        schema: `ecs` for the Elastic Common Schema, `ocsf` for the Open Cybersecurity Schema Framework.

    Raises:
        SetupError: There is no such schema.
    """
    try:
        chosen = Schema(schema)
    except ValueError as error:
        message = f"there is no such schema: {schema}"
        raise SetupError(message, hint=f"the schemas are: {', '.join(Schema)}") from error
    return _normalized(activities, chosen)


def _normalized(activities: Iterable[bytes | Mapping[str, object]], schema: Schema) -> Iterator[Json]:
    catalogue = load_catalogue()
    normalizer, sentences = Normalizer(catalogue), SentenceWriter(catalogue)
    for activity in activities:
        raw = activity if isinstance(activity, bytes) else orjson.dumps(dict(activity))
        document = normalizer.document(raw)
        yield document if schema is Schema.ECS else to_ocsf(document, sentences.write(document), raw)


def _found(reader: ArchiveReader, request: SearchRequest, now: datetime) -> Iterator[Json]:
    with reader.connect() as connection:
        for hit in run(connection, request, now):
            yield hit.fields


def _time(value: Time | None, now: datetime) -> datetime | None:
    return parse_time(value, now) if isinstance(value, str) else value


def _feed_settings(values: Mapping[str, object]) -> FeedSettings:
    try:
        return FeedSettings.model_validate(dict(values))
    except ValueError as error:
        message = f"the feed's settings are wrong: {error}"
        raise SetupError(message, hint="docs/reference/settings.md lists the settings of feeds") from error


def _ignore_warning(_: str) -> None:
    """Leave out warnings about databases that are not configured here."""
