"""A small table of `events` to query."""

from __future__ import annotations

from typing import Final

from tests.query.conftest import NOW, stored

from anthropic_audit.archive.duck import connect
from anthropic_audit.archive.rows import event_rows
from anthropic_audit.catalogue import load
from anthropic_audit.query import document_fields, known_fields

__all__ = ["CONNECTION", "KNOWN", "NOW"]

CONNECTION: Final = connect()
KNOWN: Final = known_fields(document_fields(load()))

CONNECTION.register("events_rows", event_rows(stored()))
CONNECTION.execute("CREATE TABLE events AS SELECT * FROM events_rows")
