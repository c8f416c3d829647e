"""Events are read by number and by day, in bounded memory."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.collecting import DAYS, House, settings

from anthropic_audit.archive import ArchiveReader, open_reader, open_writer
from anthropic_audit.archive.schema import EVENTS
from anthropic_audit.archive.snapshot import DataFile
from anthropic_audit.errors import ArchiveError


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("read") / "archive", settings())
    house.collect(house.feed())
    return house


@pytest.fixture
def reader(house: House) -> ArchiveReader:
    return open_reader(str(house.folder))


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([], False),
        ([1, 9], False),
        ([10], True),
        ([1, 15, 99], True),
        ([20], True),
        ([9, 21], False),
        ([30, 40], False),
    ],
    ids=str,
)
def test_a_file_is_read_for_some_numbers_when_one_is_between_its_bounds(numbers: list[int], found: bool) -> None:
    file = DataFile("a.parquet", 5, {"seq": (10, 20)})

    assert file.may_hold_any("seq", numbers) is found
    assert DataFile("b.parquet", 5, {}).may_hold_any("seq", numbers) is bool(numbers)


def test_events_are_found_by_their_numbers_in_their_order(reader: ArchiveReader) -> None:
    last = reader.normalized_seq
    wanted = [last, 3, last + 5, *range(100, last, 7)]

    assert reader.events_numbered(wanted).column("seq").to_pylist() == sorted({*wanted} - {last + 5})
    assert reader.events_numbered([]).num_rows == 0
    assert reader.events_numbered([last + 1]).num_rows == 0


def days(reader: ArchiveReader, house: House, max_activities: int) -> list[list[date]]:
    """Return the days of the events of each table that is read."""
    now = house.clock.now()
    tables = reader.events_of(now - timedelta(days=DAYS - 1), now, max_activities)
    return [sorted({moment.date() for moment in table.column("timestamp").to_pylist()}) for table in tables]


def test_a_span_is_read_day_by_day(reader: ArchiveReader, house: House) -> None:
    found = days(reader, house, 400)

    assert all(len(some) == 1 for some in found)
    assert found == sorted(found)
    assert len(found) > DAYS


def test_days_with_few_events_are_read_together(reader: ArchiveReader, house: House) -> None:
    assert [len(some) for some in days(reader, house, 10**6)] == [DAYS]


def test_a_span_has_each_of_its_events_once(reader: ArchiveReader, house: House) -> None:
    end = house.clock.now() - timedelta(hours=7)
    start = end - timedelta(days=1, hours=5)
    with reader.connect() as connection:
        rows = connection.execute("SELECT seq FROM events WHERE timestamp >= ? AND timestamp < ?", [start, end])
        wanted = sorted(seq for (seq,) in rows.fetchall())

    for max_activities in (100, 10**6):
        seqs = [
            seq for table in reader.events_of(start, end, max_activities) for seq in table.column("seq").to_pylist()
        ]
        assert len(wanted) > 1000
        assert sorted(seqs) == wanted

    assert list(reader.events_of(end, end)) == []
    assert list(reader.events_of(end + timedelta(days=1), end + timedelta(days=2))) == []


def test_an_archive_without_newer_columns_says_what_to_do(tmp_path: Path, house: House) -> None:
    old = shutil.copytree(house.folder, tmp_path / "old")
    shutil.rmtree(old / "events")
    shutil.rmtree(old / "digests")
    (old / "tables.json").unlink()
    fields = [field for field in EVENTS.schema if field.name != "sensitivity"]
    DeltaTable.create((old / "events").as_uri(), pa.schema(fields), partition_by=["day"])

    with pytest.raises(ArchiveError, match=r"older version.*sensitivity") as caught:
        open_reader(str(old))
    with pytest.raises(ArchiveError, match="older version"):
        open_writer(str(old), house.clock)
    assert "new archive" in (caught.value.hint or "")
