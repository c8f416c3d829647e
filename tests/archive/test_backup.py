"""Backups are complete or absent, hold one moment of an archive that is written, and copy only new files."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from tests.collecting import NOTHING_WRONG, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.archive.backup import MANIFEST, back_up, restore, verify_backup
from anthropic_audit.errors import ArchiveError, SetupError
from anthropic_audit.simulator.world import WorldSettings

SMALL = WorldSettings(seed=5, activities_per_day=400, people=10)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("backup") / "archive", settings(world=SMALL))
    for _ in range(2):
        house.collect(house.feed())
        house.clock.advance(timedelta(minutes=5))
    return house


@pytest.fixture
def house(collected: House, tmp_path: Path) -> House:
    copy = object.__new__(House)
    copy.__dict__ = {**collected.__dict__, "folder": tmp_path / "archive"}
    shutil.copytree(collected.folder, copy.folder)
    return copy


def content(folder: Path) -> list[tuple[object, ...]]:
    with open_reader(str(folder)).connect() as connection:
        return [
            connection.execute(f"SELECT count(*), sum(hash(t)) FROM (SELECT * FROM {table}) t").fetchall()[0]  # noqa: S608 - our own names
            for table in ("activities", "events", "coverage", "requests", "gaps")
        ]


def test_what_is_restored_is_what_was_backed_up(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    restore(tmp_path / "backup", tmp_path / "restored")

    assert content(tmp_path / "restored") == content(house.folder)
    assert verify(open_reader(str(tmp_path / "restored"))) == []
    assert verify_backup(tmp_path / "backup") == []
    house.folder = tmp_path / "restored"
    house.collect(house.feed())
    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []


def test_a_backup_can_be_read_as_an_archive(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())

    assert content(tmp_path / "backup") == content(house.folder)


def test_only_what_is_new_is_copied_and_what_is_replaced_goes(house: House, tmp_path: Path) -> None:
    first = back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    again = back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    with open_writer(str(house.folder), house.clock) as archive:
        archive.compact()
    merged = back_up(str(house.folder), tmp_path / "backup", house.clock.now())

    assert first.copied > 10
    assert (again.copied, again.dropped) == (0, 0)
    assert 0 < merged.copied < first.copied
    assert merged.dropped > 0
    restore(tmp_path / "backup", tmp_path / "restored")
    assert content(tmp_path / "restored") == content(house.folder)
    assert verify(open_reader(str(tmp_path / "restored"))) == []


def test_backups_of_an_archive_that_is_written_hold_one_moment(tmp_path: Path) -> None:
    house = House(tmp_path / "archive", settings(world=SMALL))
    house.collect(house.feed(initial_interval="1d"))
    ended = threading.Event()

    def write() -> None:
        for _ in range(6):
            house.clock.advance(timedelta(minutes=30))
            house.collect(house.feed(batch_size=50))
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    number = 0
    while not ended.is_set() or number == 0:
        back_up(str(house.folder), tmp_path / "backup", house.clock.now())
        restore(tmp_path / "backup", tmp_path / f"restored-{number}")
        number += 1
    writer.join()

    for one in range(number):
        folder = str(tmp_path / f"restored-{one}")
        assert verify(open_reader(folder)) == []
        open_writer(folder, house.clock).close()


def test_a_backup_that_is_cut_off_is_not_taken_for_whole(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    house.collect(house.feed())

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("anthropic_audit.archive.backup._write_manifest", cut_off)
    with pytest.raises(KeyboardInterrupt):
        back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    monkeypatch.undo()

    with pytest.raises(SetupError, match="no complete backup"):
        restore(tmp_path / "backup", tmp_path / "restored")
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    restore(tmp_path / "backup", tmp_path / "restored")
    assert content(tmp_path / "restored") == content(house.folder)


def flip(path: Path) -> None:
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)


def test_a_damaged_backup_is_not_restored(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    path = next((tmp_path / "backup" / "events").rglob("*.parquet"))
    flip(path)

    with pytest.raises(ArchiveError, match="other bytes"):
        restore(tmp_path / "backup", tmp_path / "restored")

    assert not (tmp_path / "restored").exists()
    assert verify_backup(tmp_path / "backup") == [str(path.relative_to(tmp_path / "backup"))]
    assert back_up(str(house.folder), tmp_path / "backup", house.clock.now()).copied == 1, "it is copied again"
    assert verify_backup(tmp_path / "backup") == []


def test_a_damaged_manifest_is_none(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    flip(tmp_path / "backup" / MANIFEST)

    with pytest.raises(SetupError, match="no complete backup"):
        restore(tmp_path / "backup", tmp_path / "restored")


def test_a_damaged_file_of_the_archive_does_not_get_into_a_backup(house: House, tmp_path: Path) -> None:
    flip(next((house.folder / "activities").rglob("*.parquet")))

    with pytest.raises(ArchiveError, match="other bytes"):
        back_up(str(house.folder), tmp_path / "backup", house.clock.now())

    assert not (tmp_path / "backup" / MANIFEST).exists()


def test_a_backup_stays_whole_when_the_next_one_fails(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    before = content(house.folder)
    house.collect(house.feed())
    flip(max((house.folder / "requests").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns))

    with pytest.raises(ArchiveError, match="other bytes"):
        back_up(str(house.folder), tmp_path / "backup", house.clock.now())

    restore(tmp_path / "backup", tmp_path / "restored")
    assert content(tmp_path / "restored") == before


def test_what_is_there_is_never_overwritten(house: House, tmp_path: Path) -> None:
    back_up(str(house.folder), tmp_path / "backup", house.clock.now())
    before = content(house.folder)

    with pytest.raises(SetupError, match="not empty"):
        restore(tmp_path / "backup", house.folder)
    restore(tmp_path / "backup", house.folder, is_forced=True)

    assert content(house.folder) == before
    assert content(tmp_path / "archive.before-restore-1") == before
    for folder in (house.folder / "inside", house.folder.parent):
        with pytest.raises(SetupError):
            back_up(str(house.folder), folder, house.clock.now())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(SetupError, match="not part of a backup"):
        back_up(str(house.folder), tmp_path / "mine", house.clock.now())
