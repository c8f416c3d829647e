"""All matching events: slices of any size yield the events of one query, in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from anthropic_audit.archive.duck import connect
from anthropic_audit.query import SearchRequest, SortOrder, external_sort, run
from anthropic_audit.query import slices as slices_module
from anthropic_audit.query.paging import in_order
from anthropic_audit.query.slices import SliceSizing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENTS = 3_000
_MADE = f"""
CREATE TABLE events AS SELECT
    i AS seq, 'acme' AS feed, '{{"n":' || i || '}}' AS document, CAST(timestamp AS DATE) AS day, *
FROM (
    SELECT i, TIMESTAMPTZ '2026-11-21 00:00:00+00' +
        to_seconds(CAST(86400 * (i % 3) + 60 * ((i * 7919) % 40) AS BIGINT)) AS timestamp,
        CASE WHEN i % 5 = 0 THEN NULL ELSE chr(CAST(65 + (i * 31) % 700 AS INTEGER)) || 'x' END AS user_email,
        CASE WHEN i % 4 = 0 THEN NULL ELSE i % 11 END AS http_response_status_code
    FROM range({EVENTS}) t(i)
)
"""  # noqa: S608 - our own text


@pytest.fixture(scope="module")
def events() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return events of three days, of which very many have the same time."""
    with connect() as connection:
        connection.execute(_MADE)
        yield connection


@pytest.fixture(params=[7, 100, 5_000], ids="{} events a step".format)
def _steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices_module, "STEP", request.param)
    monkeypatch.setattr(external_sort, "MIN_BUCKET_ROWS", request.param)
    monkeypatch.setattr(SliceSizing.__init__, "__defaults__", (request.param,))


def sorted_by(events: duckdb.DuckDBPyConnection, order: str) -> Sequence[int]:
    return [seq for (seq,) in events.execute(f"SELECT seq FROM events ORDER BY {order}").fetchall()]  # noqa: S608 - our own text


@pytest.mark.usefixtures("_steps")
@pytest.mark.parametrize("oldest_first", [False, True])
def test_slices_of_a_day_join_on_to_each_other(events: duckdb.DuckDBPyConnection, *, oldest_first: bool) -> None:
    found = [hit.seq for hit in run(events, SearchRequest(oldest_first=oldest_first), NOW)]

    direction = "ASC" if oldest_first else "DESC"
    assert found == sorted_by(events, f"timestamp {direction}, seq {direction}")


@pytest.mark.usefixtures("_steps")
@pytest.mark.parametrize("field", ["user.email", "http.response.status_code"])
@pytest.mark.parametrize("descending", [False, True])
def test_buckets_join_on_to_each_other(events: duckdb.DuckDBPyConnection, field: str, *, descending: bool) -> None:
    found = [hit.seq for some in in_order(events, SearchRequest(), NOW, SortOrder(field, descending)) for hit in some]

    direction, column = "DESC" if descending else "ASC", field.replace(".", "_")
    assert found == sorted_by(events, f"{column} {direction} NULLS LAST, timestamp {direction}, seq {direction}")


def test_a_large_limit_is_kept_across_slices(events: duckdb.DuckDBPyConnection) -> None:
    found = [hit.seq for hit in run(events, SearchRequest(since=NOW - timedelta(days=30), limit=2_345), NOW)]

    assert found == sorted_by(events, "timestamp DESC, seq DESC")[:2_345]


def test_the_pace_follows_the_size_of_documents() -> None:
    sizing = SliceSizing()
    sizing.note(sizing.rows, 0)
    grown = sizing.rows
    sizing.note(grown, grown * 1_000_000)

    assert grown > SliceSizing().rows
    assert sizing.rows == slices_module.STEP
