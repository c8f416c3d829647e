"""Compare the archive with a catalogue: every activity that can hold something new is read, and none is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import orjson
import pyarrow as pa

from anthropic_audit.archive.duck import translated
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.catalogue.drift import Drift, watched_actors, watched_types

_BATCH_ROWS = 2_000
_WANTED = """
SELECT id, created_at, raw FROM activities
WHERE {span} AND (
    NOT list_contains(?, type)
    OR seq IN (SELECT seq FROM events WHERE NOT is_known OR list_contains(?, actor_type))
    OR seq > (SELECT coalesce(max(seq), 0) FROM events)
)
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found, and how much it went through."""

    drift: Drift
    activities: int
    """How many activities there are in the span; those that can't hold anything new were not read."""


def compare(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, since: datetime | None, until: datetime | None
) -> Compared:
    """Return what activities of a span show that the catalogue does not have.

    An event says whether the catalogue that made it knew everything but the values of enums and the members of
    objects; so the activities that are read are those of types with such, those that events flag, and those that have
    no event yet.

    Raises:
        ArchiveError: The archive can't be read.
    """
    span, parameters = _span(since, until)
    drift = Drift(catalogue)
    plain = sorted(catalogue.types.keys() - set(watched_types(catalogue)))
    with translated():
        count = f"SELECT count(*) FROM activities WHERE {span}"  # noqa: S608 - our own text
        total = connection.execute(count, parameters).fetchall()[0][0]
        wanted = [*parameters, plain, watched_actors(catalogue)]
        batches = connection.sql(_WANTED.format(span=span), params=wanted).to_arrow_reader(_BATCH_ROWS)
        for batch in batches:
            _compare(drift, batch)
    return Compared(drift, total)


def _compare(drift: Drift, batch: pa.RecordBatch) -> None:
    columns = (batch.column(name).to_pylist() for name in ("id", "created_at", "raw"))
    for identity, when, raw in zip(*columns, strict=True):
        try:
            activity = orjson.loads(raw)
        except orjson.JSONDecodeError:
            activity = None
        drift.compare(activity, identity, when.astimezone(UTC))


def _span(since: datetime | None, until: datetime | None) -> tuple[str, list[object]]:
    parts, parameters = ["true"], list[object]()
    if since is not None:
        parts.append("created_at >= ? AND day >= CAST(? AS DATE)")
        parameters += [since, since.date()]
    if until is not None:
        parts.append("created_at < ? AND day <= CAST(? AS DATE)")
        parameters += [until, until.date()]
    return " AND ".join(parts), parameters
