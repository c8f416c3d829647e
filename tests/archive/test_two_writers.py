"""Two writers after a lost lease: no number and no activity is stored twice, and the error gives the reason."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.archive.samples import CLOCK, NOW, claim, events_of, received, request, stored

from anthropic_audit.archive import ArchiveWriter, GapRow, open_reader
from anthropic_audit.archive.delta import DeltaLog
from anthropic_audit.archive.lease import Lease
from anthropic_audit.archive.rows import activity_rows
from anthropic_audit.archive.schema import ACTIVITIES, GAPS, SEQ
from anthropic_audit.errors import ArchiveBusyError, ArchiveError, ArchiveLostError
from anthropic_audit.model import Window
from anthropic_audit.plan import GapEntry, GapState

LEASE = "writer.lease"
APPENDING = """
import sys
from tests.archive.samples import CLOCK, received
from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.errors import ArchiveLostError

with ArchiveWriter(sys.argv[1], CLOCK) as archive:
    for batch in range(100_000):
        print(batch, flush=True)
        try:
            archive.append([received(batch * 20 + number) for number in range(20)])
        except ArchiveLostError as error:
            sys.exit(f"lost: {error}")
"""


def delete(folder: Path) -> None:
    (folder / LEASE).unlink()


def replace(folder: Path) -> None:
    (folder / "other").write_text("")
    (folder / "other").replace(folder / LEASE)


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))


def move_away_and_make_again(folder: Path) -> None:
    move_away(folder)
    folder.mkdir()
    (folder / LEASE).write_text("")


def move_away_and_copy_back(folder: Path) -> None:
    move_away(folder)
    shutil.copytree(folder.with_name("moved"), folder)


def gap() -> GapRow:
    window = Window(claim().window.start, NOW)
    return GapRow("acme", "{}", GapEntry(window, GapState.OPENED, NOW, "down", "tail"))


WRITES: dict[str, Callable[[ArchiveWriter], object]] = {
    "append": lambda archive: archive.append([received(2)]),
    "claim": lambda archive: archive.claim(claim()),
    "record_requests": lambda archive: archive.record_requests([request()]),
    "record_gaps": lambda archive: archive.record_gaps([gap()]),
    "append_events": lambda archive: archive.append_events(events_of(archive, 1, 1), 1),
    "retain": lambda archive: archive.retain(NOW.date().replace(year=2030), []),
    "compact": lambda archive: archive.compact(),
    "vacuum": lambda archive: archive.vacuum(),
}


@pytest.mark.parametrize("takes", [delete, replace, move_away, move_away_and_make_again, move_away_and_copy_back])
def test_nothing_is_written_once_the_lease_is_gone(tmp_path: Path, takes: Callable[[Path], None]) -> None:
    folder = tmp_path / "archive"
    archive = ArchiveWriter(str(folder), CLOCK)
    archive.append([received(1)])

    takes(folder)

    for write in list(WRITES.values())[:5]:
        with pytest.raises(ArchiveError):
            write(archive)
    archive.close()
    where = folder if (folder / "activities").exists() else folder.with_name("moved")
    assert stored(where) == [(1, "activity_1")]
    assert open_reader(str(where)).coverage() == []


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_each_kind_of_write_says_that_the_lease_is_gone(
    tmp_path: Path, write: Callable[[ArchiveWriter], object]
) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        delete(tmp_path)

        with pytest.raises(ArchiveLostError, match=r"lease file was deleted.*writer\.lease") as caught:
            write(archive)

    assert "start again" in str(caught.value.hint)


def test_a_lease_that_was_lost_stays_lost(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        os.link(tmp_path / LEASE, tmp_path / "kept")
        delete(tmp_path)
        with pytest.raises(ArchiveLostError):
            archive.append([received(1)])
        (tmp_path / "kept").rename(tmp_path / LEASE)

        with pytest.raises(ArchiveLostError):
            archive.append([received(1)])


def test_a_lease_is_not_taken_on_a_deleted_file(tmp_path: Path) -> None:
    with Lease(tmp_path, NOW), pytest.raises(ArchiveBusyError):
        Lease(tmp_path, NOW)
    with Lease(tmp_path, NOW) as lease:
        lease.check()


def test_the_second_of_two_writers_that_read_the_same_state_is_refused(tmp_path: Path) -> None:
    first = DeltaLog(tmp_path, ACTIVITIES, Lease(tmp_path, NOW, file="first"))
    second = DeltaLog(tmp_path, ACTIVITIES, Lease(tmp_path, NOW, file="second"))

    first.append(activity_rows([received(1)], 1), {SEQ: 1})

    for _ in range(2):
        with pytest.raises(ArchiveLostError, match="another process has written"):
            second.append(activity_rows([received(2)], 1), {SEQ: 1})
    with pytest.raises(ArchiveLostError):
        second.compact("2026-11-23")


def test_a_foreign_commit_that_lies_before_ours_is_found_out_as_well(tmp_path: Path) -> None:
    ours = DeltaLog(tmp_path, ACTIVITIES, Lease(tmp_path, NOW, file="ours"))
    foreign = DeltaLog(tmp_path, ACTIVITIES)
    foreign.append(activity_rows([received(1)], 1), {})

    with pytest.raises(ArchiveLostError, match="another process"):
        ours.append(activity_rows([received(2)], 1), {SEQ: 1})


def test_tables_that_several_processes_append_to_take_all_of_it(tmp_path: Path) -> None:
    archive = ArchiveWriter(str(tmp_path), CLOCK)
    other = DeltaLog(tmp_path, GAPS)
    archive.record_gaps([gap()])

    other.catch_up()
    archive.record_gaps([gap()])
    archive.compact()
    archive.close()

    assert len(open_reader(str(tmp_path)).gaps()) == 2


def test_a_commit_that_failed_only_afterwards_gives_no_number_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(ArchiveError, match="Input/output"):
                archive.append([received(2)])

        assert archive.append([received(2), received(3)]) == 1

    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2"), (3, "activity_3")]


def test_events_whose_commit_failed_only_afterwards_are_not_stored_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(number) for number in range(1, 4)])
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(ArchiveError):
                archive.append_events(events_of(archive, 1, 2), 2)

        archive.append_events(events_of(archive, 1, 2), 2)
        archive.append_events(events_of(archive, 1, 3), 3)

    with open_reader(str(tmp_path)).connect() as connection:
        assert connection.sql("SELECT seq FROM events ORDER BY seq").fetchall() == [(1,), (2,), (3,)]


@pytest.mark.parametrize("seed", range(3))
def test_a_writer_that_slept_while_another_took_its_place_gives_no_number_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    process = subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        for _ in range(chance.randint(1, 4)):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGSTOP)
        delete(tmp_path)
        with ArchiveWriter(str(tmp_path), CLOCK) as archive:
            archive.append([received(1_000_000 + number) for number in range(30)])
            archive.append([received(number) for number in range(50)])
            process.send_signal(signal.SIGCONT)
            _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()

    assert said.startswith("lost: "), said
    rows = stored(tmp_path)
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    assert len({name for _, name in rows}) == len(rows)
