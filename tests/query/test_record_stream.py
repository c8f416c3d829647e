"""All records of a kind, line by line, in the order in which they were stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import duckdb
import pytest

from anthropic_audit.archive.duck import connect
from anthropic_audit.archive.rows import activity_rows
from anthropic_audit.errors import ArchiveError
from anthropic_audit.model import Activity, Received
from anthropic_audit.query import RecordKind, RecordSelection, lines, record_stream

START = datetime(2026, 11, 20, tzinfo=UTC)
RAWS = [b'{"n":1}', b'{\n  "n": 2,\r\n  "t": "a\\nb"\n}', b'{"n":3}', b'{"n":4}', b'{"n":5}']


def received(index: int) -> Received:
    raw, when = RAWS[index], START + timedelta(days=index)
    activity = Activity(f"activity_{index}", "x", when, None, raw, sha256(raw).digest())
    return Received(activity, "odd" if index % 2 else "even", when, None, "walk")


@pytest.fixture
def archive() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.register("rows", activity_rows([received(index) for index in reversed(range(len(RAWS)))], 11))
        connection.execute("CREATE TABLE activities AS SELECT * FROM rows")
        yield connection


def exported(archive: duckdb.DuckDBPyConnection, selection: RecordSelection) -> list[bytes]:
    return b"".join(content for _, content in lines(archive, selection)).splitlines()


def test_activities_come_as_received_in_the_order_they_were_stored(archive: duckdb.DuckDBPyConnection) -> None:
    found = exported(archive, RecordSelection(RecordKind.ACTIVITIES))

    assert found == [RAWS[4], RAWS[3], RAWS[2], b'{   "n": 2,    "t": "a\\nb" }', RAWS[0]]


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        pytest.param(RecordSelection(RecordKind.ACTIVITIES, since=START + timedelta(days=2)), [4, 3, 2], id="from"),
        pytest.param(RecordSelection(RecordKind.ACTIVITIES, until=START + timedelta(days=2)), [1, 0], id="to"),
        pytest.param(RecordSelection(RecordKind.ACTIVITIES, feed="odd"), [3, 1], id="feed"),
        pytest.param(RecordSelection(RecordKind.ACTIVITIES, feed="other"), [], id="a feed that is not there"),
        pytest.param(
            RecordSelection(RecordKind.ACTIVITIES, START + timedelta(days=1), START + timedelta(days=4), "odd"),
            [3, 1],
            id="all",
        ),
    ],
)
def test_a_selection_is_kept_to(
    archive: duckdb.DuckDBPyConnection, selection: RecordSelection, numbers: list[int]
) -> None:
    found = exported(archive, selection)

    assert [line[:3] for line in found] == [
        RAWS[number][:1] + b"  " if number == 1 else RAWS[number][:3] for number in numbers
    ]


def test_slices_leave_nothing_out(archive: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_stream, "_SLICE", 2)

    found = [number for number, _ in lines(archive, RecordSelection(RecordKind.ACTIVITIES))]

    assert found == [2, 2, 1]


def test_an_archive_that_can_not_be_read_says_so() -> None:
    with connect() as empty, pytest.raises(ArchiveError):
        list(lines(empty, RecordSelection(RecordKind.EVENTS)))
