"""A removed table is reported, between runs and during one; it is never silently created again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.archive.samples import CLOCK, NOW, claim, events_of, received, request, stored

from anthropic_audit.archive import ArchiveWriter, DeliveryLedger, append_to_ledger, open_reader
from anthropic_audit.archive.schema import ESSENTIAL, TABLES
from anthropic_audit.archive.table_list import forget_table
from anthropic_audit.errors import ArchiveError, ArchiveLostError, SetupError

WRITES: dict[str, Callable[[ArchiveWriter], object]] = {
    "activities": lambda archive: archive.append([received(2)]),
    "coverage": lambda archive: archive.claim(claim()),
    "requests": lambda archive: archive.record_requests([request()]),
    "events": lambda archive: archive.append_events(events_of(archive, 2, 2), 2),
    "removals": lambda archive: archive.retain(NOW.date().replace(year=2030), []),
}


def fill(folder: Path) -> None:
    with ArchiveWriter(str(folder), CLOCK) as archive:
        archive.append([received(1)])
        archive.append_events(events_of(archive, 1, 1), 1)
        archive.claim(claim())


@pytest.mark.sampled(6)
@pytest.mark.parametrize("part", ["", "_delta_log"])
@pytest.mark.parametrize("name", TABLES)
def test_an_archive_that_has_lost_a_table_is_not_written(tmp_path: Path, name: str, part: str) -> None:
    fill(tmp_path)
    shutil.rmtree(tmp_path / name / part)

    with pytest.raises(ArchiveError, match=f"has lost a table.*{name}"):
        ArchiveWriter(str(tmp_path), CLOCK)
    with pytest.raises(ArchiveError, match=f"has lost a table.*{name}") as caught:
        ArchiveWriter(str(tmp_path), CLOCK)

    assert "anthropic-audit archive repair" in str(caught.value.hint)
    assert not (tmp_path / name / "_delta_log").exists()


@pytest.mark.parametrize("table", ESSENTIAL, ids=lambda table: table.name)
def test_an_older_archive_that_has_lost_a_table_is_not_written_either(tmp_path: Path, table: object) -> None:
    name = getattr(table, "name")  # noqa: B009 - parameters are objects
    fill(tmp_path)
    (tmp_path / "tables.json").unlink()
    shutil.rmtree(tmp_path / name)

    with pytest.raises(ArchiveError, match=f"has lost a table.*{name}"):
        ArchiveWriter(str(tmp_path), CLOCK)
    assert {one.table for one in open_reader(str(tmp_path)).damage} == {name}


def test_a_reader_says_which_tables_are_lost(tmp_path: Path) -> None:
    fill(tmp_path)
    shutil.rmtree(tmp_path / "events")
    shutil.rmtree(tmp_path / "coverage")

    reader = open_reader(str(tmp_path))

    assert {one.table for one in reader.damage if one.what == "a table is gone"} == {"coverage", "events"}
    with reader.connect() as connection:
        assert connection.execute("SELECT count(*) FROM activities").fetchall() == [(1,)], "what is left is read"


def test_an_archive_that_has_lost_all_its_tables_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    fill(tmp_path)
    for name in TABLES:
        shutil.rmtree(tmp_path / name)

    with pytest.raises(ArchiveError, match="has lost a table"):
        ArchiveWriter(str(tmp_path), CLOCK)
    with pytest.raises(ArchiveError, match="has lost a table"):
        open_reader(str(tmp_path))


def test_tables_that_an_older_archive_lacks_are_added(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "tables.json").unlink()
    for name in TABLES.keys() - {table.name for table in ESSENTIAL}:
        shutil.rmtree(tmp_path / name)

    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(2)])

    assert set(json.loads((tmp_path / "tables.json").read_text())["tables"]) == set(TABLES)


@pytest.mark.parametrize("text", ["", "[]", '{"tables": 3}', "\x00"])
def test_a_damaged_list_of_tables_is_made_again(tmp_path: Path, text: str) -> None:
    fill(tmp_path)
    (tmp_path / "tables.json").write_text(text)

    ArchiveWriter(str(tmp_path), CLOCK).close()

    assert set(json.loads((tmp_path / "tables.json").read_text())["tables"]) == set(TABLES)


def test_an_archive_whose_making_was_cut_off_is_completed(tmp_path: Path) -> None:
    ArchiveWriter(str(tmp_path), CLOCK).close()
    for name in ("coverage", "requests"):
        shutil.rmtree(tmp_path / name)
        forget_table(tmp_path, name)

    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        assert archive.append([received(1)]) == 1


def test_where_no_archive_was_a_reader_still_says_so(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no archive"):
        open_reader(str(tmp_path))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("part", ["", "_delta_log"])
@pytest.mark.parametrize("name", WRITES)
def test_a_table_that_is_removed_while_it_is_written_is_said(tmp_path: Path, name: str, part: str) -> None:
    fill(tmp_path)
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        if name == "events":
            archive.append([received(2)])
        shutil.rmtree(tmp_path / name / part)

        with pytest.raises(ArchiveError, match=name):
            WRITES[name](archive)

    assert not (tmp_path / name / "_delta_log").exists()


def test_a_table_that_is_emptied_or_replaced_while_it_is_written_is_said(tmp_path: Path) -> None:
    fill(tmp_path)
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        shutil.copytree(tmp_path / "coverage", tmp_path / "copy")
        shutil.rmtree(tmp_path / "coverage")
        (tmp_path / "copy").rename(tmp_path / "coverage")

        with pytest.raises(ArchiveLostError, match="removed or replaced"):
            archive.claim(claim())
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        for file in (tmp_path / "coverage" / "_delta_log").iterdir():
            file.unlink()

        with pytest.raises(ArchiveLostError, match="removed or replaced"):
            archive.claim(claim())

    assert list((tmp_path / "coverage" / "_delta_log").iterdir()) == []


def test_ledgers_that_others_append_to_are_not_made_again_either(tmp_path: Path) -> None:
    fill(tmp_path)
    for name in ("gaps", "deliveries"):
        shutil.rmtree(tmp_path / name)

    with pytest.raises(ArchiveError, match="gaps"):
        append_to_ledger(str(tmp_path), [])
    with pytest.raises(ArchiveError, match="deliveries"):
        DeliveryLedger(str(tmp_path), "siem", NOW)
    assert stored(tmp_path) == [(1, "activity_1")]
