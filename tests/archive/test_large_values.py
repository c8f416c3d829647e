"""Batches with large values are written by another library, with the same content of the tables."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.archive.large_values import GROUP_BYTES, MIN_BATCH_BYTES, is_large
from anthropic_audit.archive.rows import activity_rows
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import MAX_ACTIVITY_BYTES, Normalizer
from anthropic_audit.feed.decode import decode_activity
from anthropic_audit.follow import NormalizeRules, normalize_pending, renormalize
from anthropic_audit.model import Received, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

from .samples import NOW

DAY = timedelta(days=1)


def received(number: int, nbytes: int, *, days_ago: int = 0) -> Received:
    when = NOW - days_ago * DAY + timedelta(microseconds=number)
    members = {"id": f"activity_{number}", "type": "claude_chat_viewed", "created_at": format_time(when)}
    activity = decode_activity(json.dumps({**members, "note": "x" * nbytes}).encode())
    return Received(activity, "acme", NOW, "req_1", "walk")


def stored(folder: Path) -> list[tuple[object, ...]]:
    with open_reader(str(folder)).connect() as connection:
        return connection.sql("SELECT seq, id, raw, day FROM activities ORDER BY seq").fetchall()


@pytest.fixture
def batch() -> list[Received]:
    """Return six activities of 1 MiB on two days, one too large to be normalized, and some small ones."""
    large = [received(number, 2**20, days_ago=number % 2) for number in range(6)]
    return [*large, received(6, MAX_ACTIVITY_BYTES), *(received(number, 100, days_ago=1) for number in range(7, 12))]


def test_only_batches_of_large_values_are_written_so(batch: list[Received]) -> None:
    assert is_large(activity_rows(batch, 1))
    assert not is_large(activity_rows([received(number, 500) for number in range(MIN_BATCH_BYTES // 500)], 1))
    assert not is_large(activity_rows([received(1, 2**20)], 1))


def test_what_is_written_so_is_read_like_everything_else(tmp_path: Path, batch: list[Received]) -> None:
    with open_writer(str(tmp_path / "archive"), FakeClock(NOW)) as archive:
        assert archive.append(batch[:3]) == 3
        assert archive.append(batch) == len(batch) - 3
        assert archive.append(batch) == 0
        normalize_pending(archive, Normalizer(load()), NormalizeRules(), ignore_progress)

    rows = stored(tmp_path / "archive")

    assert [(seq, name, raw) for seq, name, raw, _ in rows] == [
        (number, one.activity.id, one.activity.raw) for number, one in enumerate(batch, start=1)
    ]
    assert [day for *_, day in rows] == [one.activity.created_at.date() for one in batch]
    assert verify(open_reader(str(tmp_path / "archive"))) == []


def test_a_large_value_has_a_row_group_of_its_own_and_no_statistics(tmp_path: Path, batch: list[Received]) -> None:
    with open_writer(str(tmp_path / "archive"), FakeClock(NOW)) as archive:
        archive.append(batch)

    files = [pq.ParquetFile(file) for file in (tmp_path / "archive" / "activities").rglob("*.parquet")]
    groups = [file.metadata.row_group(number) for file in files for number in range(file.num_row_groups)]
    raw = files[0].schema_arrow.names.index("raw")
    assert all(group.num_rows == 1 or group.column(raw).total_uncompressed_size <= GROUP_BYTES for group in groups)
    assert all(not group.column(raw).is_stats_set for group in groups)
    assert all(group.column(0).is_stats_set for group in groups)


def test_an_activity_that_is_too_large_to_be_read_has_an_event_that_says_so(
    tmp_path: Path, batch: list[Received]
) -> None:
    with open_writer(str(tmp_path / "archive"), FakeClock(NOW)) as archive:
        archive.append(batch)
        normalize_pending(archive, Normalizer(load()), NormalizeRules(), ignore_progress)
        before = documents(tmp_path / "archive")
        renormalize(
            archive, Normalizer(load()), NormalizeRules(), Window(NOW - 2 * DAY, NOW + DAY), watch=ignore_progress
        )

    assert documents(tmp_path / "archive") == before
    large = json.loads(before["activity_6"])
    assert large["event"]["id"] == "activity_6"
    assert large["event"]["action"] == "claude_chat_viewed"
    assert large["@timestamp"].startswith(NOW.isoformat()[:19])
    assert "kept as received only" in large["error"]["message"]
    assert "note" not in before["activity_6"]
    assert "note" in before["activity_5"]


def documents(folder: Path) -> dict[str, str]:
    with open_reader(str(folder)).connect() as connection:
        return dict(connection.sql("SELECT id, document FROM events").fetchall())


def test_files_of_large_values_are_merged_and_removed_like_others(tmp_path: Path, batch: list[Received]) -> None:
    with open_writer(str(tmp_path / "archive"), FakeClock(NOW)) as archive:
        for one in (batch[:6], batch[6:]):
            archive.append(one)
        before = stored(tmp_path / "archive")
        archive.compact()
        assert stored(tmp_path / "archive") == before

        archive.retain(NOW.date(), [(date.min, date.min)])

    assert {day for *_, day in stored(tmp_path / "archive")} == {NOW.date()}
