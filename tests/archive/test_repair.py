"""Repair archives with all kinds of damage, and compare the result with the simulator's activities."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from tests.collecting import NOTHING_WRONG, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.archive.digests import Commit, DigestJournal
from anthropic_audit.archive.orphans import Settled
from anthropic_audit.archive.repair import Repaired, repair, settle
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.errors import ArchiveError
from anthropic_audit.follow import NormalizeRules, deriver
from anthropic_audit.model import Filters
from anthropic_audit.plan import read_gaps
from anthropic_audit.simulator import VendorSettings
from anthropic_audit.simulator.world import WorldSettings

DERIVE = deriver(Normalizer(load()), NormalizeRules({"acme": Options(tags=("ours",))}))
FEEDS = [("acme", Filters().key())]

SMALL = WorldSettings(seed=5, activities_per_day=400, people=10)


def in_rounds(folder: Path, pause: timedelta, settings: VendorSettings) -> House:
    """Collect four times, and keep a copy of the archive after the second one as `earlier`."""
    house = House(folder / "archive", settings)
    for number in range(4):
        house.collect(house.feed())
        house.clock.advance(pause)
        if number == 1:
            shutil.copytree(house.folder, house.folder.with_name("earlier"))
    return house


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> House:
    return in_rounds(tmp_path_factory.mktemp("repair"), timedelta(minutes=5), settings(world=SMALL))


@pytest.fixture
def house(collected: House, tmp_path: Path) -> House:
    return collected.copied_to(tmp_path / "archive")


def live(house: House, table: str) -> list[Path]:
    return sorted(Path(file.path) for file in open_reader(str(house.folder)).tables[table].files)


def largest(house: House, table: str) -> Path:
    return max(live(house, table), key=lambda path: path.stat().st_size)


def flip(path: Path, place: int | None = None) -> None:
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2 if place is None else place] ^= 4
    path.write_bytes(changed)


def repaired(house: House) -> Repaired:
    return repair(house.folder, house.clock.now(), DERIVE, FEEDS)[1]


def healed(house: House) -> Settled:
    """Collect due windows again, and settle the lost activities."""
    house.collect(house.feed())
    return settle(house.folder, house.clock.now())[0]


def file_gone(house: House) -> None:
    largest(house, "activities").unlink()


def every_file_gone(house: House) -> None:
    for path in live(house, "activities"):
        path.unlink()


def bits_flipped(house: House) -> None:
    for table in ("activities", "events", "coverage", "requests"):
        flip(largest(house, table))


def cut_off(house: House) -> None:
    for table in ("activities", "events"):
        path = largest(house, table)
        path.write_bytes(path.read_bytes()[:1000])


def log_damaged(house: House) -> None:
    for table in ("activities", "events", "coverage"):
        flip(sorted((house.folder / table / "_delta_log").glob("*.json"))[1])


def commit_lost(house: House) -> None:
    max((house.folder / "activities" / "_delta_log").glob("*.json")).unlink()


def commit_and_file_lost(house: House) -> None:
    commit_lost(house)
    max(live(house, "activities"), key=lambda path: path.stat().st_mtime_ns).unlink()


def journal_damaged(house: House) -> None:
    flip(house.folder / "digests" / "activities.journal")


def commit_unknown(house: House) -> None:
    """Damage a commit and the line of the journal that has its digest, so that neither lists its files."""
    log = sorted((house.folder / "activities" / "_delta_log").glob("*.json"))[1]
    flip(log, log.read_bytes().index(b'"add"'))
    journal_line_damaged(house)


def name_of_a_file_changed(house: House) -> None:
    """Change a file name in a commit to one that Delta Lake encodes differently; no digest shows the change."""
    log = sorted((house.folder / "activities" / "_delta_log").glob("*.json"))[1]
    changed = bytearray(log.read_bytes())
    changed[changed.index(b"-c000.") - 1] = ord("`")
    log.write_bytes(changed)
    journal_line_damaged(house)


def journal_line_damaged(house: House) -> None:
    journal = house.folder / "digests" / "activities.journal"
    flip(journal, journal.read_bytes().index(b'{"commit":1,'))


def table_gone(table: str, *, with_digests: bool = True) -> Callable[[House], None]:
    def damage(house: House) -> None:
        shutil.rmtree(house.folder / table)
        if not with_digests:
            shutil.rmtree(house.folder / "digests")

    damage.__name__ = f"{table}_gone" + ("" if with_digests else "_without_digests")
    return damage


def older(*tables: str) -> Callable[[House], None]:
    """Restore some tables from an earlier copy, as a partly restored backup does."""

    def damage(house: House) -> None:
        earlier = EARLIER[0]
        for table in tables:
            shutil.rmtree(house.folder / table)
            shutil.copytree(earlier / table, house.folder / table)

    damage.__name__ = "_".join((*tables, "older"))
    return damage


EARLIER: list[Path] = []


@pytest.fixture(autouse=True)
def _earlier(collected: House) -> None:
    EARLIER[:] = [collected.folder.with_name("earlier")]


DAMAGES = [
    file_gone,
    every_file_gone,
    bits_flipped,
    cut_off,
    log_damaged,
    commit_lost,
    commit_and_file_lost,
    journal_damaged,
    commit_unknown,
    name_of_a_file_changed,
    *(table_gone(table) for table in ("activities", "events", "coverage", "requests", "gaps")),
    *(table_gone(table, with_digests=False) for table in ("activities", "events", "coverage")),
    older("activities"),
    older("activities", "digests"),
    older("events"),
    older("coverage", "digests"),
    older("activities", "coverage", "digests"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_is_repaired(house: House, damage: Callable[[House], None]) -> None:
    damage(house)
    done = repaired(house)

    assert all(path.exists() for path in done.set_aside)
    settled = healed(house)
    assert (settled.lost, settled.waiting) == ((), 0)
    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []
    assert read_gaps_of(house) == ()
    again = repaired(house)
    assert (again.set_aside, again.lost, again.holes, again.derived) == ((), (), (), 0)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("damage", [bits_flipped, table_gone("activities")], ids=lambda damage: damage.__name__)
def test_a_repair_that_is_killed_again_and_again_is_done_in_the_end(
    house: House, damage: Callable[[House], None]
) -> None:
    damage(house)
    command = [sys.executable, "-m", "tests.archive.killed_repair", str(house.folder), house.clock.now().isoformat()]
    codes = [subprocess.run([*command, str(change)], check=False).returncode for change in (5, 14)]

    repaired(house)

    assert codes == [-signal.SIGKILL] * len(codes)
    settled = healed(house)
    assert (settled.lost, settled.waiting) == ((), 0)
    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return an archive whose last rounds stored only activities that were too young to be claimed."""
    busy = WorldSettings(seed=5, activities_per_day=30_000, people=10)
    vendor = settings(world=busy, history=timedelta(hours=2))
    return in_rounds(tmp_path_factory.mktemp("hasty"), timedelta(seconds=10), vendor)


def newest_file_gone(house: House) -> None:
    max(live(house, "activities"), key=lambda path: path.stat().st_mtime_ns).unlink()


@pytest.mark.parametrize("damage", [newest_file_gone, older("activities")], ids=lambda damage: damage.__name__)
def test_what_was_too_young_to_be_claimed_is_not_lost_for_good(
    hasty: House, tmp_path: Path, damage: Callable[[House], None]
) -> None:
    EARLIER[:] = [hasty.folder.with_name("earlier")]
    house = hasty.copied_to(tmp_path / "archive")
    damage(house)
    done = repaired(house)

    before = settle(house.folder, house.clock.now())[0]
    settled = healed(house)

    assert done.lost, "the damage is one"
    assert (before.lost, before.waiting) == ((), done.orphans)
    assert (settled.lost, settled.waiting) == ((), 0)
    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []


def read_gaps_of(house: House) -> tuple[object, ...]:
    with open_writer(str(house.folder), house.clock) as archive:
        return read_gaps(archive.gaps("acme", Filters())).opened


def test_a_whole_archive_restored_from_before_goes_on(house: House) -> None:
    shutil.rmtree(house.folder)
    shutil.copytree(EARLIER[0], house.folder)

    house.collect(house.feed())

    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []


def test_nothing_is_changed_in_a_whole_archive(house: House) -> None:
    before = {path: path.stat().st_mtime_ns for path in house.folder.rglob("*.parquet")}

    found, done = repair(house.folder, house.clock.now(), DERIVE, FEEDS)

    assert found.is_whole
    assert (done.set_aside, done.rebuilt, done.derived, done.orphans) == ((), (), 0, 0)
    assert {path: path.stat().st_mtime_ns for path in house.folder.rglob("*.parquet")} == before


def test_no_number_is_given_twice(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        last = archive.last_seq
    commit_and_file_lost(house)
    done = repaired(house)
    healed(house)

    with open_reader(str(house.folder)).connect() as connection:
        lost = [number for lowest, highest in done.lost for number in range(lowest, highest + 1)]
        given = connection.execute(
            "SELECT max(seq), min(seq) FILTER (walk_id NOT IN (SELECT walk_id FROM coverage "
            "WHERE walked_at < $now)) FROM activities",
            {"now": house.clock.now()},
        ).fetchall()[0]
        kept = {row[0] for row in connection.execute("SELECT seq FROM activities").fetchall()}
    assert lost
    assert given[0] > last
    assert not kept & set(lost)


def test_a_hole_is_seen_with_its_cause_until_it_is_filled(house: House) -> None:
    file_gone(house)
    repaired(house)

    with open_writer(str(house.folder), house.clock) as archive:
        opened = read_gaps(archive.gaps("acme", Filters())).opened
        covered = archive.covered("acme", Filters())

    assert [gap.cause for gap in opened] == ["activities were lost to damage"] * len(opened) != []
    assert all(gap.window.start not in covered for gap in opened)


def test_what_the_api_no_longer_has_is_said_and_its_events_stay(house: House) -> None:
    file_gone(house)
    done = repaired(house)
    lost = sum(highest - lowest + 1 for lowest, highest in done.lost)
    for hole in done.holes:  # the API has nothing of that time any more: it is walked without result
        claim_without_reading(house, hole.entry.window)

    settled, holes = settle(house.folder, house.clock.now())

    assert holes == []
    assert len(settled.lost) == lost > 0
    assert verify(open_reader(str(house.folder))) == []
    with open_reader(str(house.folder)).connect() as connection:
        seqs = [one.seq for one in settled.lost]
        found = connection.execute("SELECT count(*) FROM events WHERE list_contains($seqs, seq)", {"seqs": seqs})
        assert found.fetchall() == [(lost,)]
    assert settle(house.folder, house.clock.now())[0] == Settled(0, (), 0)
    assert repaired(house).orphans == 0


def test_what_comes_again_after_it_was_called_lost_has_one_event_in_the_end(house: House) -> None:
    file_gone(house)
    for hole in repaired(house).holes:
        claim_without_reading(house, hole.entry.window)
    lost = {one.id for one in settle(house.folder, house.clock.now())[0].lost}
    for _ in range(4):  # until time is read again to find what was late
        house.clock.advance(timedelta(hours=13))
        house.collect(house.feed())
    with open_reader(str(house.folder)).connect() as connection:
        came_again = lost & {row[0] for row in connection.execute("SELECT id FROM activities").fetchall()}
    assert came_again

    found = {one.what for one in verify(open_reader(str(house.folder)))}
    done = repaired(house)
    settle(house.folder, house.clock.now())

    assert found == {"a lost activity was received again, and has its old event next to the new one"}
    assert done.orphans == len(came_again)
    assert verify(open_reader(str(house.folder))) == []
    with open_reader(str(house.folder)).connect() as connection:
        assert connection.execute("SELECT count(*) - count(DISTINCT id) FROM events").fetchall() == [(0,)]


def claim_without_reading(house: House, window: object) -> None:
    (one,) = open_reader(str(house.folder)).coverage("acme")[-1:]
    with open_writer(str(house.folder), house.clock) as archive:
        changed = {"window": window, "new": 0, "activities": 0, "walk_id": "empty", "walked_at": house.clock.now()}
        archive.claim(type(one)(**{**{name: getattr(one, name) for name in one.__slots__}, **changed}))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("step", range(0, 21, 3))
def test_a_repair_that_is_cut_off_is_done_again(house: House, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt a repair before one of its writes, as a kill would."""
    bits_flipped(house)
    log_damaged(house)
    journal_damaged(house)
    cut_off_at(step, monkeypatch)
    with suppress(KeyboardInterrupt):
        repaired(house)
    monkeypatch.undo()

    repaired(house)
    healed(house)

    assert house.missing() == NOTHING_WRONG
    assert verify(open_reader(str(house.folder))) == []


def cut_off_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [step]
    for name in ("rename", "replace"):
        before = getattr(Path, name)

        def ended(self: Path, target: Path, _before: Callable[[Path, Path], Path] = before) -> Path:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return _before(self, target)

        monkeypatch.setattr(Path, name, ended)

    recorded = DigestJournal.append

    def cut_before_the_digest(self: DigestJournal, commits: Sequence[Commit]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        recorded(self, commits)

    monkeypatch.setattr(DigestJournal, "append", cut_before_the_digest)


def test_an_archive_that_is_written_is_left_alone(house: House) -> None:
    with open_writer(str(house.folder), house.clock), pytest.raises(ArchiveError, match="another process"):
        repaired(house)


def test_a_log_that_nothing_else_knows_is_not_thrown_away(house: House) -> None:
    shutil.rmtree(house.folder / "digests")
    log = sorted((house.folder / "activities" / "_delta_log").glob("*.json"))[0]
    log.write_bytes(b"nothing")

    with pytest.raises(ArchiveError, match="no digest journal"):
        repaired(house)

    assert log.exists()
