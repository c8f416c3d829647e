"""Stream all records of a kind, in stored order, one line each; memory holds one slice of the archive at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import duckdb

from anthropic_audit.archive.duck import translated

_SLICE = 20_000
"""Number of records (`seq`) that one slice spans: some 20 MB of activities."""


class RecordKind(StrEnum):
    """The kinds of records that can be exported."""

    ACTIVITIES = "activities"
    EVENTS = "events"


_COLUMNS = {RecordKind.ACTIVITIES: ("raw", "created_at"), RecordKind.EVENTS: ("encode(document)", "timestamp")}


@dataclass(frozen=True, slots=True)
class RecordSelection:
    """The records to export: of one kind, of a span of their own time, of one feed."""

    what: RecordKind
    since: datetime | None = None
    until: datetime | None = None
    feed: str | None = None


def lines(connection: duckdb.DuckDBPyConnection, selection: RecordSelection) -> Iterator[tuple[int, bytes]]:
    """Yield the number of records and their lines, for each slice.

    Activities are the bytes as received. JSON may contain line breaks between its tokens, and a record must stay on its
    line: they are replaced by spaces, which does not change the JSON value (JSON texts contain no line breaks).

    Raises:
        ArchiveError: The archive can't be read.
    """
    content, _ = _COLUMNS[selection.what]
    condition, parameters = _where(selection)
    with translated():
        sql = f"SELECT min(seq), max(seq) FROM {selection.what} WHERE {condition}"  # noqa: S608 - our own text
        lowest, highest = connection.execute(sql, parameters).fetchall()[0]
        if lowest is None:
            return
        for first in range(lowest, highest + 1, _SLICE):
            last = min(first + _SLICE - 1, highest)
            sql = (
                f"SELECT {content} FROM {selection.what} "  # noqa: S608 - our own text
                f"WHERE seq BETWEEN {first:d} AND {last:d} AND {condition} ORDER BY seq"
            )
            for batch in connection.sql(sql, params=parameters).to_arrow_reader(_SLICE):
                records: list[bytes] = batch.column(0).to_pylist()
                yield len(records), b"".join(_line(record) for record in records)


def _where(selection: RecordSelection) -> tuple[str, list[object]]:
    _, time = _COLUMNS[selection.what]
    parts, parameters = ["true"], list[object]()
    if selection.since is not None:
        parts.append(f"{time} >= ? AND day >= CAST(? AS DATE)")
        parameters += [selection.since, selection.since.date()]
    if selection.until is not None:
        parts.append(f"{time} < ? AND day <= CAST(? AS DATE)")
        parameters += [selection.until, selection.until.date()]
    if selection.feed is not None:
        parts.append("feed = ?")
        parameters.append(selection.feed)
    return " AND ".join(parts), parameters


def _line(record: bytes) -> bytes:
    return record.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
