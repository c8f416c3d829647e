"""Each activity is stored once by id, and each different text of it is recorded once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.archive.samples import CLOCK, NOW, received, stored

from anthropic_audit.archive import ArchiveWriter, id_index, open_reader, verify
from anthropic_audit.archive.changed_repeats import is_same_content
from anthropic_audit.archive.sorted_runs import DamagedRunError
from anthropic_audit.model import Received
from anthropic_audit.progress import ChangedActivities, Progress, Waiting
from anthropic_audit.times import EPOCH


def changed(folder: Path, columns: str = "seq, id, raw") -> list[tuple[Any, ...]]:
    with open_reader(str(folder)).connect() as connection:
        return connection.table("changed_activities").order("received_at, id, raw").project(columns).fetchall()


@pytest.mark.parametrize("minutes", [1, 60, 3000, -500_000], ids=["minute", "hour", "days", "year"])
def test_an_id_that_comes_again_with_another_time_is_stored_once(tmp_path: Path, minutes: int) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(2)])
        new_at_once = archive.append([received(1, minutes=minutes)])
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        new_later = archive.append([received(2, minutes=minutes), received(3)])

    assert (new_at_once, new_later) == (0, 1)
    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2"), (3, "activity_3")]
    assert [(seq, name) for seq, name, _ in changed(tmp_path)] == [(1, "activity_1"), (2, "activity_2")]


def test_a_text_without_a_time_of_an_id_that_has_one_is_no_second_activity(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(2, created_at=EPOCH)])
        assert archive.append([received(1, created_at=EPOCH), received(2)]) == 0

    assert len(changed(tmp_path)) == 2


def test_other_bytes_are_recorded_with_both_digests_and_where_they_came_from(tmp_path: Path) -> None:
    notices: list[Progress] = []
    first, second = received(1, text="before"), received(1, text="after", feed="other")
    with ArchiveWriter(str(tmp_path), CLOCK, notices.append) as archive:
        archive.append([first])
        archive.append([second])

    (row,) = changed(tmp_path, "feed, seq, stored_sha256, sha256, raw, request_id, walk_id, is_same_content")
    assert row == (
        "other",
        1,
        first.activity.sha256,
        second.activity.sha256,
        second.activity.raw,
        "req_1",
        "walk_1",
        False,
    )
    assert notices == [ChangedActivities("other", 1, 0, ("activity_1",))]


def test_the_same_bytes_again_are_no_news(tmp_path: Path) -> None:
    notices: list[Progress] = []
    with ArchiveWriter(str(tmp_path), CLOCK, notices.append) as archive:
        archive.append([received(1), received(1)])
        archive.append([received(1), received(2, feed="other")])
        archive.append([received(2)])

    assert changed(tmp_path) == []
    assert notices == []


def test_each_other_text_is_recorded_once_however_often_it_comes(tmp_path: Path) -> None:
    texts = ["a", "b", "a", "c", "b", "b"]
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        for text in texts:
            archive.append([received(1, text=text), received(1, text=text)])
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1, text=text) for text in texts])

    assert [raw for _, _, raw in changed(tmp_path)] == [received(1, text=text).activity.raw for text in "bc"]


def test_the_first_of_two_texts_in_one_batch_is_stored_and_the_other_recorded(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        new = archive.append([received(7), received(1, text="a"), received(1, text="b", minutes=9), received(8)])

    assert new == 3
    assert changed(tmp_path) == [(2, "activity_1", received(1, text="b", minutes=9).activity.raw)]


def test_a_walk_that_is_repeated_after_a_crash_records_what_it_had_not(tmp_path: Path) -> None:
    batch = [received(1, text="a"), received(1, text="b"), received(2)]
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1, text="a"), received(2)])
    # The crash: activities are stored, and the record of the change is not.
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        assert archive.append(batch) == 0
        assert archive.append(batch) == 0

    assert len(changed(tmp_path)) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (b'{"a":1,"b":[1,2]}', b'{ "b": [1, 2],\n"a": 1}', True),
        ('{"a":"é"}'.encode(), b'{"a":"\\u00e9"}', True),
        (b'{"a":1}', b'{"a":true}', False),
        (b'{"a":1}', b'{"a":1.0}', False),
        (b'{"a":123456789012345678901}', b'{"a":123456789012345678902}', False),
        (b'{"a":[1,2]}', b'{"a":[2,1]}', False),
        (b'{"a":1,"a":2}', b'{"a":2}', False),
        (b'{"a":null}', b"{}", False),
        (b'{"a":{"object":[]}}', b'{"a":{}}', False),
        (b'{"a":', b'{"a":', False),
        (b"\xff", b"\xfe", False),
        (b"[" * 100_000, b"[" * 100_000, False),
        (b'{"a":NaN}', b'{ "a":NaN}', True),
    ],
)
def test_another_spelling_differs_from_other_content(one: bytes, other: bytes, is_same: bool) -> None:
    assert is_same_content(one, other) is is_same


def test_what_retention_removed_is_stored_again_and_leaves_no_bytes_behind(tmp_path: Path) -> None:
    old = received(1, text="a", minutes=-60 * 24 * 30)
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([old, received(1, text="b"), received(2), received(2, text="kept")])
        archive.retain(NOW.date(), [])
        assert [name for _, name, _ in changed(tmp_path)] == ["activity_2"]

        assert archive.append([old, received(2)]) == 1

    assert stored(tmp_path) == [(2, "activity_2"), (3, "activity_1")]


def lose(folder: Path) -> None:
    shutil.rmtree(folder / id_index.FOLDER, ignore_errors=True)


def lose_runs(folder: Path) -> None:
    for file in (folder / id_index.FOLDER).glob("*.run"):
        file.unlink()


def cut_off(folder: Path) -> None:
    for file in (folder / id_index.FOLDER).glob("*"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(folder: Path) -> None:
    for file in (folder / id_index.FOLDER).glob("*"):
        file.write_bytes(b"")


def of_another_archive(folder: Path) -> None:
    other = folder.with_name(f"{folder.name}-other")
    with ArchiveWriter(str(other), CLOCK) as archive:
        archive.append([received(number + 10_000) for number in range(30)])
    shutil.rmtree(folder / id_index.FOLDER, ignore_errors=True)
    if (other / id_index.FOLDER).exists():
        shutil.copytree(other / id_index.FOLDER, folder / id_index.FOLDER)
    shutil.rmtree(other)


HARM: dict[str, Callable[[Path], None]] = {
    "none": lambda _: None,
    "lost": lose,
    "runs lost": lose_runs,
    "cut off": cut_off,
    "empty": empty,
    "another's": of_another_archive,
}


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write and merge runs after a few ids."""
    monkeypatch.setattr(id_index, "_MAX_RECENT_HASHES", 7)
    monkeypatch.setattr(id_index, "_MIN_RUN_HASHES", 2)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
@pytest.mark.usefixtures("small_runs")
def test_an_index_that_was_harmed_gives_no_wrong_answer(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    folder = tmp_path / "archive"
    with ArchiveWriter(str(folder), CLOCK) as archive:
        for first in range(0, 40, 4):
            archive.append([received(number) for number in range(first, first + 4)])
    assert list((folder / id_index.FOLDER).glob("*.run"))

    harm(folder)

    with ArchiveWriter(str(folder), CLOCK) as archive:
        assert archive.append([received(number, minutes=90) for number in range(45)]) == 5
    assert len({name for _, name in stored(folder)}) == len(stored(folder)) == 45


@pytest.mark.usefixtures("small_runs")
def test_an_older_index_and_a_newer_one_are_found_out(tmp_path: Path) -> None:
    folder, before = tmp_path / "archive", tmp_path / "before"
    with ArchiveWriter(str(folder), CLOCK) as archive:
        archive.append([received(number) for number in range(20)])
    shutil.copytree(folder, before)
    with ArchiveWriter(str(folder), CLOCK) as archive:
        archive.append([received(number) for number in range(20, 40)])
    older, newer = before / id_index.FOLDER, folder / id_index.FOLDER

    shutil.rmtree(before / "activities")
    shutil.copytree(folder / "activities", before / "activities")
    with ArchiveWriter(str(before), CLOCK) as archive:
        assert older.exists()
        assert archive.append([received(number, minutes=9) for number in range(41)]) == 1
    shutil.rmtree(folder / "activities")
    shutil.copytree(before / "activities", folder / "activities")
    shutil.copytree(older, newer, dirs_exist_ok=True)
    with ArchiveWriter(str(folder), CLOCK) as archive:
        assert archive.append([received(number, minutes=9) for number in range(41)]) == 0


@pytest.mark.usefixtures("small_runs")
def test_any_flipped_bit_of_the_index_gives_no_wrong_answer(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with ArchiveWriter(str(folder), CLOCK) as archive:
        archive.append([received(number) for number in range(60)])
    files = sorted((folder / id_index.FOLDER).glob("*"))
    whole = {file: file.read_bytes() for file in files}
    places = [(file, place) for file in files for place in range(0, len(whole[file]), 97)]

    for file, place in places:
        for one, text in whole.items():
            one.write_bytes(text)
        file.write_bytes(whole[file][:place] + bytes([whole[file][place] ^ 4]) + whole[file][place + 1 :])
        index = id_index.IdIndex(folder)
        names = [f"activity_{number}" for number in range(60)]
        try:
            found = index.find(names) if index.up_to else None
        except DamagedRunError:
            found = None
        index.close()
        assert found is None or all(number + 1 in found[name] for number, name in enumerate(names)), (file, place)


@pytest.mark.usefixtures("small_runs")
def test_two_ids_with_one_hash_are_two_activities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_index, "hashes_of", lambda ids: [len(one) for one in ids])
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        assert archive.append([received(number) for number in range(10)]) == 10
        assert archive.append([received(number) for number in range(30)]) == 20
        assert archive.append([received(number) for number in range(31)]) == 1


def test_long_and_odd_ids_are_ids(tmp_path: Path) -> None:
    odd = ["", "x" * 100_000, "x" * 99_999, "é", "e\u0301", "activity_1 ", "ACTIVITY_1", "\0", "'"]
    batch = [replace(received(1), activity=replace(received(1).activity, id=name)) for name in odd]
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        first = archive.append(batch)
    lose(tmp_path)
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        again = archive.append(batch)

    assert (first, again) == (len(odd), 0)


def test_building_the_index_of_a_large_archive_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anthropic_audit.archive.activity_store._MIN_REPORTED_IDS", 1)
    notices: list[Progress] = []
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(2)])
    with ArchiveWriter(str(tmp_path), CLOCK, notices.append) as archive:
        archive.append([received(2)])

    assert notices == [Waiting(0, "building the index of ids from 2 stored activities")]


@dataclass
class Model:
    """The expected content of the archive: the stored text of each id, and the other texts."""

    stored: dict[str, bytes] = field(default_factory=dict)
    changed: set[tuple[str, bytes]] = field(default_factory=set)
    days: dict[str, datetime] = field(default_factory=dict)

    def append(self, batch: list[Received]) -> None:
        for one in batch:
            activity = one.activity
            if activity.id not in self.stored:
                self.stored[activity.id], self.days[activity.id] = activity.raw, activity.created_at
            elif self.stored[activity.id] != activity.raw:
                self.changed.add((activity.id, activity.raw))

    def retain(self, before: datetime) -> None:
        gone = {name for name, day in self.days.items() if day < before}
        self.changed = {(name, raw) for name, raw in self.changed if name not in gone}
        for name in gone:
            del self.stored[name], self.days[name]


SERVED = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.sampled_from([0, 5, -3000])), max_size=8)
STEPS = st.one_of(SERVED, SERVED, st.sampled_from(["close", "crash", "compact", "retain", *HARM]))


@pytest.fixture(scope="module")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive to copy, since creating one takes longer than filling it."""
    folder = tmp_path_factory.mktemp("empty") / "archive"
    ArchiveWriter(str(folder), CLOCK).close()
    return folder


@pytest.mark.timeout(180)
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=8))
@pytest.mark.usefixtures("small_runs")
def test_whatever_comes_again_each_id_is_stored_once_and_each_other_text_is_recorded_once(
    tmp_path_factory: pytest.TempPathFactory, empty_archive: Path, steps: list[str | list[tuple[int, str, int]]]
) -> None:
    folder, model = tmp_path_factory.mktemp("law") / "archive", Model()
    shutil.copytree(empty_archive, folder)
    archive = ArchiveWriter(str(folder), CLOCK)

    for step in steps:
        if isinstance(step, list):
            batch = [received(number, text=text, minutes=minutes) for number, text, minutes in step]
            archive.append(batch)
            model.append(batch)
        elif step == "compact":
            archive.compact()
        elif step == "retain":
            archive.retain(NOW.date(), [])
            model.retain(datetime.combine(NOW.date(), datetime.min.time(), UTC))
        else:
            if step == "crash":
                archive._lease.release()
            else:
                archive.close()
            HARM.get(step, HARM["none"])(folder)
            archive = ArchiveWriter(str(folder), CLOCK)
    archive.close()

    with open_reader(str(folder)).connect() as connection:
        rows = connection.sql("SELECT id, raw, sha256 FROM activities").fetchall()
    assert sorted((name, raw) for name, raw, _ in rows) == sorted(model.stored.items())
    assert all(sha256(raw).digest() == digest for _, raw, digest in rows)
    assert sorted((name, raw) for _, name, raw in changed(folder)) == sorted(model.changed)


def test_a_batch_is_looked_up_over_all_days(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([replace(received(day, minutes=-1440 * day), walk_id=f"{day}") for day in range(20)])
        archive.compact()

        again = [received(day, minutes=-1440 * day + timedelta(hours=30) / timedelta(minutes=1)) for day in range(21)]
        assert archive.append(again) == 1


def test_a_record_of_a_change_that_is_not_so_is_found(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(1, text="b"), received(2)])
        log = archive._store.changed
        with open_reader(str(tmp_path)).connect() as connection:
            row = connection.table("changed_activities").to_arrow_table()
        of_other = row.set_column(row.schema.get_field_index("seq"), "seq", pa.array([2], pa.int64()))
        altered = row.set_column(row.schema.get_field_index("raw"), "raw", pa.array([b"{}"], pa.binary()))
        log.append(of_other.cast(row.schema), {})
        log.append(altered.cast(row.schema), {})

    found = {one.what: one.number for one in verify(open_reader(str(tmp_path)))}

    assert found["a change is recorded of an activity that is stored differently"] == 1
    assert found["recorded bytes of a changed activity do not have the SHA-256 that was stored with them"] == 1
    assert found["a change is recorded more than once"] == 1
