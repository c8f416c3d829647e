"""Every file of the archive has a digest, and every changed bit is found."""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.collecting import NOTHING_WRONG, House, settings

from anthropic_audit.archive import open_reader, open_writer, record_missing, verify
from anthropic_audit.archive.damage import late_files, unrecorded_files
from anthropic_audit.archive.digests import Commit, DigestJournal, FileDigest
from anthropic_audit.archive.schema import TABLES
from anthropic_audit.archive.verification import look_at_files
from anthropic_audit.simulator.world import WorldSettings

SMALL = WorldSettings(seed=5, activities_per_day=400, people=10)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return an archive with small, merged and replaced files; tests use copies of it."""
    house = House(tmp_path_factory.mktemp("digests") / "archive", settings(world=SMALL))
    for number in range(3):
        house.collect(house.feed())
        house.clock.advance(timedelta(minutes=5))
        if number == 1:
            with open_writer(str(house.folder), house.clock) as archive:
                archive.compact()
    return house


@pytest.fixture
def folder(collected: House, tmp_path: Path) -> Path:
    shutil.copytree(collected.folder, tmp_path / "archive")
    return tmp_path / "archive"


def wrong(folder: Path) -> dict[str, int]:
    return {one.what: one.number for one in verify(open_reader(str(folder)))}


def files_of(folder: Path) -> list[Path]:
    kinds = {".parquet", ".json", ".journal"}
    derived = folder / "ids"  # made again from activities when it is damaged
    found = (path for path in folder.rglob("*") if path.suffix in kinds and derived not in path.parents)
    return sorted(path for path in found if path.stat().st_size)


def flip(path: Path, bit: int) -> None:
    changed = bytearray(path.read_bytes())
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)


def test_a_good_archive_has_a_digest_of_every_file(folder: Path) -> None:
    reader = open_reader(str(folder))

    assert wrong(folder) == {}
    assert {name: unrecorded_files(folder, TABLES[name], one) for name, one in reader.tables.items()} == dict.fromkeys(
        reader.tables, 0
    )
    assert sum(late_files(folder, table) for table in TABLES.values()) == 0


def test_a_flipped_bit_in_any_file_is_found(folder: Path) -> None:
    chance = random.Random(11)
    missed = []
    for path in files_of(folder):
        before, bit = path.read_bytes(), chance.randrange(path.stat().st_size * 8)
        flip(path, bit)
        if not look_at_files(open_reader(str(folder))).damage:
            missed.append((path.name, bit))
        path.write_bytes(before)

    assert missed == []
    assert wrong(folder) == {}


@pytest.mark.parametrize("table", ["activities", "events", "coverage"])
def test_all_damage_is_listed_and_ends_nothing(folder: Path, table: str) -> None:
    files = sorted(Path(file.path) for file in open_reader(str(folder)).tables[table].files)
    files[0].write_bytes(b"")
    files[-1].unlink()
    flip(sorted((folder / "events" / "_delta_log").glob("*.json"))[1], 900)
    flip(sorted((folder / "requests").glob("*.parquet"))[0], 90)

    found = verify(open_reader(str(folder)))
    examples = " ".join(example for one in found if one.is_of_files for example in one.examples)

    for path in (files[0], files[-1], folder / "events" / "_delta_log", folder / "requests"):
        assert str(path) in examples


def test_damage_to_a_journal_is_not_mistaken_for_damage_to_data(folder: Path) -> None:
    flip(folder / "digests" / "events.journal", 5000)

    assert wrong(folder) == {"a line of a digest journal is damaged": 1}


def test_older_archives_get_digests_when_they_are_opened(collected: House, folder: Path) -> None:
    shutil.rmtree(folder / "digests")
    assert wrong(folder) == {}

    with open_writer(str(folder), collected.clock):
        pass

    assert sum(late_files(folder, table) for table in TABLES.values()) > 10
    flip(max((folder / "events").rglob("*.parquet"), key=lambda path: path.stat().st_size), 7_777)
    assert "a file has other bytes than were written" in wrong(folder)


def test_digests_can_be_recorded_without_a_writer(folder: Path) -> None:
    shutil.rmtree(folder / "digests")

    assert record_missing(str(folder)) > 10
    assert record_missing(str(folder)) == 0
    assert wrong(folder) == {}


def test_what_a_power_loss_has_emptied_gets_no_digest(collected: House, folder: Path) -> None:
    shutil.rmtree(folder / "digests")
    file = max((folder / "events").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    file.write_bytes(bytes(file.stat().st_size))

    with open_writer(str(folder), collected.clock):
        pass

    assert wrong(folder)["a file can't be read"] == 1


def test_a_crash_between_commit_and_digest_is_made_good(collected: House, folder: Path) -> None:
    journal = folder / "digests" / "activities.journal"
    journal.write_bytes(journal.read_bytes()[:-40])

    with open_writer(str(folder), collected.clock):
        pass

    assert wrong(folder) == {}
    flip(max((folder / "activities").rglob("*.parquet"), key=lambda path: path.stat().st_mtime), 7_777)
    assert wrong(folder)


def test_writers_without_a_lease_share_a_journal(tmp_path: Path) -> None:
    journal = DigestJournal(tmp_path, "gaps")
    first = FileDigest("a.parquet", 1, "aa", rows=1, bounds={"seq": (1, 2)})
    second = FileDigest("a.parquet", 1, "bb", rows=1)
    journal.append([Commit(1, (first,), marks={"seq": 2})])
    journal.append([Commit(2, removed=frozenset({"a.parquet"}))])
    journal.append([Commit(1, (second,))])

    recorded = journal.read()

    assert (recorded.version, recorded.live, recorded.files["a.parquet"]) == (2, frozenset(), first)
    assert (recorded.marks, recorded.damaged_lines, journal.newest_version()) == ({"seq": 2}, 0, 2)


def test_the_journal_forgets_deleted_files_and_says_the_same(collected: House, folder: Path) -> None:
    with open_writer(str(folder), collected.clock) as archive:
        archive.compact()
        archive.vacuum(timedelta(0))
    recorded = DigestJournal(folder, "activities").read()

    assert {path for path in recorded.files if path.endswith(".parquet")} == set(recorded.live)
    assert wrong(folder) == {}


def test_checkpoints_have_digests_too(collected: House, folder: Path) -> None:
    DeltaTable((folder / "coverage").as_uri()).create_checkpoint()
    with open_writer(str(folder), collected.clock):
        pass
    assert wrong(folder) == {}

    for name in ("_last_checkpoint", "*.checkpoint.parquet"):
        (path,) = (folder / "coverage" / "_delta_log").glob(name)
        before = path.read_bytes()
        for bit in (3, path.stat().st_size * 4):
            flip(path, bit)
            assert look_at_files(open_reader(str(folder))).damage, name
            path.write_bytes(before)


def test_collecting_goes_on_with_digests(tmp_path: Path) -> None:
    house = House(tmp_path / "archive", settings(world=SMALL))
    house.collect(house.feed())

    assert house.missing() == NOTHING_WRONG
    assert wrong(house.folder) == {}
