from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_audit.archive import ArchiveWriter, Events, open_reader, open_writer
from anthropic_audit.errors import ArchiveBusyError, ArchiveError, SetupError
from anthropic_audit.model import Activity, Coverage, Filters, Purpose, Received, Window
from anthropic_audit.plan import Spans
from anthropic_audit.progress import Waiting
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import EPOCH

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLOCK = FakeClock(NOW)
OpenArchive = Callable[[], ArchiveWriter]


def received(number: int, *, minutes: int = 0, created_at: datetime | None = None) -> Received:
    raw = b'{"id":"activity_%d","x":"\xc3\xa9"}' % number
    activity = Activity(
        id=f"activity_{number}",
        type="claude_chat_created",
        created_at=created_at or NOW + timedelta(minutes=minutes),
        organization_id=None,
        raw=raw,
        sha256=sha256(raw).digest(),
    )
    return Received(activity, "acme", NOW, "req_1", "walk_1")


def coverage(start: int, end: int, *, filters: str = "{}") -> Coverage:
    window = Window(NOW + timedelta(minutes=start), NOW + timedelta(minutes=end))
    return Coverage(
        feed="acme",
        filters=filters,
        window=window,
        purpose=Purpose.TAIL,
        walk_id="walk_1",
        walked_at=NOW,
        pages=1,
        activities=2,
        new=2,
        first_id="first",
        last_id="last",
        request_id="req_1",
    )


def stored(folder: Path) -> list[tuple[int, str]]:
    with open_reader(str(folder)).connect() as connection:
        return connection.sql("SELECT seq, id FROM activities ORDER BY seq").fetchall()


def test_an_activity_twice_in_a_batch_is_stored_once(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        new = archive.append([received(1), received(2), received(1)])

    assert new == 2
    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2")]


def test_an_activity_that_comes_again_is_stored_once(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(2, minutes=2000)])

        assert archive.append([received(2, minutes=2000), received(3)]) == 1
        assert archive.append([received(3)]) == 0

    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2"), (3, "activity_3")]


def test_an_activity_that_comes_again_after_a_restart_is_stored_once(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1), received(2)])
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        new = archive.append([received(2), received(3)])

    assert new == 1
    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2"), (3, "activity_3")]


def test_the_last_microsecond_of_a_file_is_searched_for_repeats(tmp_path: Path) -> None:
    late = received(1, created_at=NOW + timedelta(microseconds=999_999))
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([late])
        new_at_once = archive.append([late])
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        new_after_restart = archive.append([late])

    assert (new_at_once, new_after_restart) == (0, 0)


@pytest.mark.parametrize("when", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=str)
def test_an_activity_at_an_end_of_the_calendar_is_stored_once(tmp_path: Path, when: datetime) -> None:
    with open_writer(str(tmp_path), CLOCK) as archive:
        first = archive.append([received(1, created_at=when), received(2)])
    with open_writer(str(tmp_path), CLOCK) as archive:
        again = archive.append([received(1, created_at=when)])

    assert (first, again) == (2, 0)


def test_an_activity_without_a_time_is_stored_once(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1, created_at=EPOCH), received(2)])

        assert archive.append([received(1, created_at=EPOCH), received(3)]) == 1


def test_nothing_to_store_is_nothing(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        assert archive.append([]) == 0
        assert (archive.last_seq, archive.normalized_seq) == (0, 0)
        assert archive.activities_between(1, 5).num_rows == 0

    assert stored(tmp_path) == []


def test_received_bytes_and_their_digest_are_kept(tmp_path: Path) -> None:
    raw = '{"id": "activity_9",\n "x": "\\u00e9 é"}'.encode()
    one = Received(Activity("activity_9", "t", NOW, "org_1", raw, sha256(raw).digest()), "acme", NOW, None, "walk_1")
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([one])

    with open_reader(str(tmp_path)).connect() as connection:
        assert connection.sql("SELECT raw, sha256, organization_id, request_id FROM activities").fetchall() == [
            (raw, sha256(raw).digest(), "org_1", None)
        ]


def test_claims_add_up_and_survive_a_restart(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.claim(coverage(0, 10))
        archive.claim(coverage(10, 20))
        archive.claim(coverage(30, 40, filters='{"actor_ids":["user_1"]}'))
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        everything = archive.covered("acme", Filters())
        filtered = archive.covered("acme", Filters(actor_ids=("user_1",)))

    assert everything == Spans((coverage(0, 20).window,))
    assert filtered == Spans((coverage(30, 40).window,))
    assert open_reader(str(tmp_path)).coverage("acme")[0] == coverage(0, 10)
    assert open_reader(str(tmp_path)).coverage("other") == []


def events(archive: ArchiveWriter, *texts: bytes) -> Events:
    return Events(archive.activities_between(1, len(texts)), texts, [True] * len(texts), "2026.1")


def test_events_and_their_position_are_stored_together(tmp_path: Path) -> None:
    text = b'{"event":{"action":"a","category":["iam"]},"source":{"as":{"number":64501}},"x":{"y":[1]}}'
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        archive.append_events(events(archive, text), 1)
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        position = archive.normalized_seq

    with open_reader(str(tmp_path)).connect() as connection:
        row = connection.sql(
            "SELECT event_action, event_category, source_as_number, user_id, document, is_known FROM events"
        )
        assert row.fetchall() == [("a", ["iam"], 64501, None, text.decode(), True)]
    assert position == 1


@pytest.mark.parametrize(
    "text",
    [
        b'{"event":{"action":"a","category":"iam"},"user":"odd"}',
        b'{"event":{"action":"a"},"http":{"response":{"status_code":"odd"}}}',
        b'{"event":{"action":"a"},"http":{"response":{"status_code":99999999999999999999}}}',
        b'{"event":{"action":"a"},"related":{"user":[1]},"source":{"as":[]}}',
    ],
)
def test_a_value_that_does_not_fit_its_column_stays_in_the_document_alone(tmp_path: Path, text: bytes) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        archive.append_events(events(archive, text), 1)

    with open_reader(str(tmp_path)).connect() as connection:
        row = connection.sql(
            "SELECT event_action, event_category, http_response_status_code, related_user, document FROM events"
        )
        assert row.fetchall() == [("a", None, None, None, text.decode())]


def test_an_event_without_a_time_of_its_own_has_the_one_it_was_received_at(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1, created_at=EPOCH), received(2, minutes=-5)])
        archive.append_events(events(archive, b"{}", b"{}"), 2)

    with open_reader(str(tmp_path)).connect() as connection:
        rows = connection.sql("SELECT id, epoch_us(timestamp), day FROM events ORDER BY seq").fetchall()
    assert rows == [
        ("activity_1", NOW.timestamp() * 1e6, NOW.date()),
        ("activity_2", (NOW.timestamp() - 300) * 1e6, NOW.date()),
    ]


def test_activities_are_read_by_their_position_across_files(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        for start in range(0, 30, 10):
            archive.append([received(number, minutes=number * 200) for number in range(start, start + 10)])

        found = archive.activities_between(8, 23)

    assert found.column("seq").to_pylist() == list(range(8, 24))


def test_a_reader_sees_what_was_there_when_it_was_opened(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        reader = open_reader(str(tmp_path))
        archive.append([received(2)])

        with reader.connect() as connection:
            assert connection.sql("SELECT count(*) FROM activities").fetchall() == [(1,)]
    assert len(stored(tmp_path)) == 2


def test_a_second_writer_gets_the_process_id_of_the_first(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK), pytest.raises(ArchiveBusyError, match=f"process {os.getpid()} on"):
        ArchiveWriter(str(tmp_path), CLOCK)


def test_a_second_writer_waits_and_says_so_once(tmp_path: Path) -> None:
    notices: list[object] = []
    first = ArchiveWriter(str(tmp_path), CLOCK)

    class Releasing(FakeClock):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if len(self.waited) == 3:
                first.close()

    clock = Releasing(NOW)
    with open_writer(str(tmp_path), clock, notices.append) as second:
        assert second.last_seq == 0

    assert len(clock.waited) == 3
    assert [type(one) for one in notices] == [Waiting]


def test_a_killed_writer_leaves_the_lease_free(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import os, signal
        from datetime import UTC, datetime
        from anthropic_audit.archive import ArchiveWriter
        from anthropic_audit.testing import FakeClock
        writer = ArchiveWriter({str(tmp_path)!r}, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)))
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    ended = subprocess.run([sys.executable, "-c", program], check=False)

    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        assert archive.last_seq == 0
    assert ended.returncode == -signal.SIGKILL


def test_a_folder_that_can_not_be_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(ArchiveError, match="can't be used") as caught:
        ArchiveWriter(str(tmp_path / "file"), CLOCK)

    assert caught.value.hint is not None


def test_a_disk_that_is_nearly_full_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=100, used=99, free=1))
            with pytest.raises(ArchiveError, match="nearly full: 0 MB free"):
                archive.append([received(2)])

        assert archive.append([received(2)]) == 1

    assert stored(tmp_path) == [(1, "activity_1"), (2, "activity_2")]


def test_a_damaged_table_says_where_and_frees_the_lease(tmp_path: Path) -> None:
    with ArchiveWriter(str(tmp_path), CLOCK) as archive:
        archive.append([received(1)])
    (tmp_path / "activities" / "_delta_log" / f"{1:020}.json").write_bytes(b"\x00\x00")

    with pytest.raises(ArchiveError, match="activities"):
        ArchiveWriter(str(tmp_path), CLOCK)
    with pytest.raises(ArchiveError, match="activities"):
        ArchiveWriter(str(tmp_path), CLOCK)


def test_where_there_is_no_archive_a_reader_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no archive") as caught:
        open_reader(str(tmp_path))

    assert "collect" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["plain", "with space", "it's", "ünï", "50% off"])
def test_any_folder_name_works(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with ArchiveWriter(str(folder), CLOCK) as archive:
        archive.append([received(1)])
        archive.claim(coverage(0, 1))
    with ArchiveWriter(str(folder), CLOCK) as archive:
        assert archive.append([received(1)]) == 0

    assert stored(folder) == [(1, "activity_1")]


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(st.lists(st.tuples(st.integers(0, 12), st.integers(-3, 3)), max_size=8), max_size=6),
    restart=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_whatever_is_appended_in_whatever_order_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int]]], restart: list[bool]
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    archive = ArchiveWriter(str(folder), CLOCK)
    times: dict[int, int] = {}

    for batch, again in zip(batches, restart, strict=False):
        archive.append([received(number, minutes=500 * times.setdefault(number, day)) for number, day in batch])
        if again:
            archive.close()
            archive = ArchiveWriter(str(folder), CLOCK)
    archive.close()

    rows = stored(folder)
    assert sorted(identity for _, identity in rows) == sorted(f"activity_{number}" for number in times)
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
