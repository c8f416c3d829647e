"""Looking through an archive, and keeping house in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.collecting import NOTHING_WRONG, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "archive", settings())
    for _ in range(4):
        house.collect(house.feed())
        house.clock.advance(timedelta(minutes=5))
    return house


def found(house: House) -> dict[str, int]:
    return {one.what: one.number for one in verify(open_reader(str(house.folder)))}


def change(house: House, table: str, changed: Callable[[pa.Table], pa.Table]) -> None:
    """Change the rows of a table's largest file on the disk, as damage or a hand would."""
    files = sorted((house.folder / table).rglob("*.parquet"), key=lambda file: file.stat().st_size)
    pq.write_table(changed(pq.ParquetFile(files[-1]).read()), files[-1])


def replaced(rows: pa.Table, column: str, value: object) -> pa.Table:
    """Put a value into the first row of a column."""
    kind = rows.schema.field(column)
    values = pa.chunked_array([pa.array([value], kind.type), rows.column(column).slice(1).combine_chunks()])
    return rows.set_column(rows.schema.get_field_index(column), kind, values)


def test_a_good_archive_is_right(house: House) -> None:
    steps: list[tuple[int, int]] = []

    assert verify(open_reader(str(house.folder)), lambda done, last: steps.append((done, last))) == []
    assert steps[-1][0] == steps[-1][1] > 1000


@pytest.mark.parametrize(
    ("table", "changed", "what"),
    [
        ("activities", lambda rows: replaced(rows, "raw", b"{}"), "SHA-256"),
        ("activities", lambda rows: replaced(rows, "sha256", b"x" * 32), "SHA-256"),
        ("activities", lambda rows: rows.slice(1), "numbers of activities are missing"),
        ("activities", lambda rows: rows.slice(1), "an event is of no activity"),
        ("activities", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "stored more than once"),
        ("activities", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "given to more than one"),
        ("activities", lambda rows: replaced(rows, "id", "activity_other"), "an event is of no activity"),
        ("activities", lambda rows: replaced(rows, "created_at", datetime(2020, 1, 1)), "partition of another day"),  # noqa: DTZ001 - Arrow's own
        ("events", lambda rows: rows.slice(1), "an activity has no event"),
        ("events", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "more than one event"),
        ("events", lambda rows: replaced(rows, "document", '{"event":{"id":"other"}}'), "names another activity"),
        ("coverage", lambda rows: replaced(rows, "to_time", datetime(2030, 1, 1)), "beyond the time"),  # noqa: DTZ001 - Arrow's own
        ("coverage", lambda rows: replaced(rows, "new", 1_000_000), "as many activities as it claims"),
    ],
)
def test_whatever_is_wrong_is_found(
    house: House, table: str, changed: Callable[[pa.Table], pa.Table], what: str
) -> None:
    change(house, table, changed)

    assert [one for one in found(house) if what in one]


def test_compacting_changes_files_and_nothing_else(house: House) -> None:
    before = open_reader(str(house.folder))
    with open_writer(str(house.folder), house.clock) as archive:
        marks = archive.last_seq, archive.normalized_seq
        done = {one.table: one for one in archive.compact()}
        assert (archive.last_seq, archive.normalized_seq) == marks

    assert done["coverage"].files_before > done["coverage"].files_after == 1
    assert done["activities"].files_before > done["activities"].files_after
    with before.connect() as connection:
        assert connection.sql("SELECT count(*) FROM activities").fetchall() == [(marks[0],)], "open readers go on"
    for _ in range(2):
        house.clock.advance(timedelta(minutes=5))
        house.collect(house.feed())
    assert house.missing() == NOTHING_WRONG
    assert found(house) == {}
    assert len(open_reader(str(house.folder)).coverage()) >= 6


def test_files_are_deleted_when_their_grace_is_over(house: House) -> None:
    def on_disk() -> int:
        return sum(1 for _ in house.folder.rglob("*.parquet"))

    with open_writer(str(house.folder), house.clock) as archive:
        archive.compact()
        many = on_disk()
        assert sum(one.files for one in archive.vacuum()) == 0
        gone = archive.vacuum(timedelta(0))

    assert sum(one.files for one in gone) == many - on_disk() > 0
    house.collect(house.feed())
    assert house.missing() == NOTHING_WRONG
    assert found(house) == {}
