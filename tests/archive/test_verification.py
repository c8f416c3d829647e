"""Verify, compact and vacuum an archive."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.collecting import NOTHING_WRONG, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.archive.schema import SEQ


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("verify") / "archive", settings())
    for _ in range(4):
        house.collect(house.feed())
        house.clock.advance(timedelta(minutes=5))
    return house


@pytest.fixture
def house(collected: House, tmp_path: Path) -> House:
    return collected.copied_to(tmp_path / "archive")


def found(house: House, max_activities: int = 200_000) -> dict[str, int]:
    return {one.what: one.number for one in verify(open_reader(str(house.folder)), max_activities=max_activities)}


def lose(house: House, table: str, number: int) -> None:
    """Remove the last rows of a table, in a commit that no journal has recorded."""
    last = open_reader(str(house.folder)).mark(SEQ)
    DeltaTable((house.folder / table).as_uri()).delete(f"seq > {last - number}")


def change(house: House, table: str, changed: Callable[[pa.Table], pa.Table]) -> None:
    """Change the rows of a table's largest file on the disk, without a commit."""
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


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("table", "changed", "what"),
    [
        ("activities", lambda rows: replaced(rows, "raw", b"{}"), "SHA-256"),
        ("activities", lambda rows: replaced(rows, "sha256", b"x" * 32), "SHA-256"),
        ("activities", lambda rows: rows.slice(1), "numbers of activities are missing"),
        ("activities", lambda rows: rows.slice(1), "an event has no activity"),
        ("activities", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "stored more than once"),
        ("activities", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "given to more than one"),
        ("activities", lambda rows: replaced(rows, "id", "activity_other"), "an event has no activity"),
        ("activities", lambda rows: replaced(rows, "created_at", datetime(2020, 1, 1)), "partition of another day"),  # noqa: DTZ001 - Arrow's own
        ("events", lambda rows: rows.slice(1), "an activity has no event"),
        ("events", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "more than one event"),
        ("events", lambda rows: replaced(rows, "document", '{"event":{"id":"other"}}'), "names another activity"),
        ("coverage", lambda rows: replaced(rows, "to_time", datetime(2030, 1, 1)), "beyond the time"),  # noqa: DTZ001 - Arrow's own
        ("coverage", lambda rows: replaced(rows, "new", 1_000_000), "as many activities as it claims"),
        ("coverage", lambda rows: replaced(rows, "walk_id", "lost"), "as many activities as it claims"),
        ("activities", lambda rows: replaced(rows, "seq", 1_000_000), "never given"),
        ("events", lambda rows: replaced(rows, "seq", 1_000_000), "has a number that was not given to an event"),
        ("events", lambda rows: replaced(rows, "timestamp", datetime(2020, 1, 1)), "event lies in the partition"),  # noqa: DTZ001 - Arrow's own
    ],
)
def test_whatever_is_wrong_is_found(
    house: House, table: str, changed: Callable[[pa.Table], pa.Table], what: str
) -> None:
    change(house, table, changed)

    assert [one for one in found(house) if what in one]


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        (["activities"], "numbers of activities are missing"),
        (["activities", "events"], "numbers of activities are missing"),
        (["events"], "an activity has no event"),
    ],
)
def test_what_is_lost_at_the_end_is_missed(house: House, tables: list[str], what: str) -> None:
    for table in tables:
        lose(house, table, 5)

    assert found(house)[what] == 5


@pytest.mark.parametrize("wrong", [{"feed": "'other'"}, {"from_time": "to_time - INTERVAL '1 microsecond'"}])
def test_activities_are_of_what_their_walk_has_read(house: House, wrong: dict[str, str]) -> None:
    DeltaTable((house.folder / "coverage").as_uri()).update(updates=wrong)

    assert found(house)["an activity is outside of the window that its walk read"] > 1000


def test_a_walk_of_which_nothing_is_left_is_missed(house: House) -> None:
    newest = next(walk for walk in reversed(open_reader(str(house.folder)).coverage()) if walk.new)
    DeltaTable((house.folder / "activities").as_uri()).delete(f"walk_id = '{newest.walk_id}'")

    assert found(house)["a walk has not stored as many activities as it claims"] == 1
    assert found(house)["numbers of activities are missing"] == newest.new


def test_a_double_hides_no_loss(house: House) -> None:
    change(house, "activities", lambda rows: pa.concat_tables([rows.slice(1), rows.slice(5, 1)]))

    assert found(house)["numbers of activities are missing"] == 1


def test_small_slices_find_the_same(house: House) -> None:
    assert found(house, max_activities=400) == {}
    change(house, "activities", lambda rows: pa.concat_tables([rows.slice(150), rows.slice(200, 1)]))

    assert found(house, max_activities=400) == found(house)
    assert found(house)["numbers of activities are missing"] == 150


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


def test_there_is_nothing_to_merge_a_second_time(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.compact()
        versions = sorted(house.folder.rglob("_delta_log/*.json"))
        again = archive.compact()

    assert all(one.files_before == one.files_after for one in again)
    assert sorted(house.folder.rglob("_delta_log/*.json")) == versions


def test_a_grace_below_an_hour_is_a_grace(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.compact()

        assert sum(one.files for one in archive.vacuum(timedelta(minutes=20))) == 0


def test_old_files_that_were_replaced_just_now_stay(house: House) -> None:
    for file in house.folder.rglob("*.parquet"):
        os.utime(file, (time.time() - 9e5,) * 2)

    with open_writer(str(house.folder), house.clock) as archive:
        assert any(one.files_before > one.files_after for one in archive.compact())
        assert sum(one.files for one in archive.vacuum()) == 0


def test_what_a_crash_has_left_half_written_goes(house: House) -> None:
    day = next((house.folder / "activities").glob("day=*"))
    old, new = day / "part-old.zstd.parquet", day / "part-new.zstd.parquet"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 9e5,) * 2)

    with open_writer(str(house.folder), house.clock) as archive:
        archive.vacuum()

    assert (old.exists(), new.exists()) == (False, True)


def test_marks_outlive_the_commits_that_set_them(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        marks = archive.last_seq, archive.normalized_seq
        archive.compact()
        archive.vacuum(timedelta(0))
    for table in ("activities", "events"):
        delta = DeltaTable((house.folder / table).as_uri())
        delta.create_checkpoint()
        for commit in (house.folder / table / "_delta_log").glob("*.json"):
            if int(commit.stem) < delta.version():
                commit.unlink()

    with open_writer(str(house.folder), house.clock) as archive:
        assert (archive.last_seq, archive.normalized_seq) == marks
    house.collect(house.feed())
    assert house.missing() == NOTHING_WRONG
    assert found(house) == {}
