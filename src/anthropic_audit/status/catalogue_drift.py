"""Compare the archive with a catalogue: read every activity that may have something unknown, and keep none."""

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
    """The result of a comparison, and the number of activities in its span."""

    drift: Drift
    activities: int
    """All activities of the span; those that can't have anything unknown were not read."""


def compare(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, since: datetime | None, until: datetime | None
) -> Compared:
    """Return the drift of a span's activities: everything in them that the catalogue lacks.

    An event records whether its catalogue knew the activity, apart from the values of enums and the members of
    objects. So three kinds of activities are read: those of types with enums or objects, those that events flag, and
    those without an event.

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
