"""The figures of the demo."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from anthropic_audit.archive.duck import connect
from anthropic_audit.errors import ArchiveError
from anthropic_audit.query import most_frequent, on_the_map, per_day


def test_days_are_counted_in_order(archive: duckdb.DuckDBPyConnection) -> None:
    assert per_day(archive) == [(date(2026, 11, 21), 1), (date(2026, 11, 22), 1), (date(2026, 11, 23), 1)]


def test_days_without_events_count_too(archive: duckdb.DuckDBPyConnection) -> None:
    archive.execute("DELETE FROM events WHERE seq = 2")

    assert [number for _, number in per_day(archive)] == [1, 0, 1]


def test_an_empty_archive_has_no_days(archive: duckdb.DuckDBPyConnection) -> None:
    archive.execute("DELETE FROM events")

    assert per_day(archive) == []


@pytest.mark.parametrize(
    ("field", "counts"),
    [
        pytest.param("user.name", [("alice", 2), ("bob_x", 1)], id="texts"),
        pytest.param("event.category", [("authentication", 2), ("configuration", 1), ("iam", 1)], id="lists"),
        pytest.param("http.response.status_code", [("200", 1), ("403", 1)], id="numbers"),
    ],
)
def test_values_are_counted_the_most_frequent_first(
    archive: duckdb.DuckDBPyConnection, field: str, counts: list[tuple[str, int]]
) -> None:
    assert most_frequent(archive, field, 3) == counts


def test_no_more_than_the_limit_are_counted(archive: duckdb.DuckDBPyConnection) -> None:
    assert most_frequent(archive, "user.name", 1) == [("alice", 2)]


def test_an_archive_that_can_not_be_read_says_so() -> None:
    with connect() as empty, pytest.raises(ArchiveError):
        per_day(empty)


def test_places_are_counted(archive: duckdb.DuckDBPyConnection) -> None:
    berlin = '{"source":{"geo":{"country_name":"Germany","location":{"lat":52.5,"lon":13.4}}}}'
    archive.execute("UPDATE events SET document = ? WHERE seq < 3", [berlin])

    (spot,) = on_the_map(archive)

    assert (spot.latitude, spot.longitude, spot.country, spot.events) == (52.5, 13.4, "Germany", 2)
