from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anthropic_audit.archive import ArchiveWriter, GapRow, append_to_ledger, open_reader, settle_gaps
from anthropic_audit.archive.gap_ledger import GapLedger
from anthropic_audit.errors import ArchiveError
from anthropic_audit.model import Coverage, Filters, Purpose, Window
from anthropic_audit.plan import GapEntry, GapState, Spans, read_gaps
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL = Filters()
SOME = Filters(activity_types=("claude_chat_created",))


def window(start: int, end: int) -> Window:
    """Return a window of minutes before now."""
    return Window(NOW - start * MINUTE, NOW - end * MINUTE)


def walked(start: int, end: int, purpose: Purpose = Purpose.TAIL, filters: Filters = ALL, *, at: int = 0) -> Coverage:
    return Coverage(
        feed="acme",
        filters=filters.key(),
        window=window(start, end),
        purpose=purpose,
        walk_id="walk_1",
        walked_at=NOW - at * MINUTE,
        pages=1,
        activities=0,
        new=0,
        first_id=None,
        last_id=None,
        request_id=None,
    )


def lost(start: int, end: int) -> GapRow:
    entry = GapEntry(window(start, end), GapState.PERMANENT, NOW, "the key was revoked", "alice")
    return GapRow("acme", ALL.key(), entry)


def open_archive(folder: Path) -> ArchiveWriter:
    return ArchiveWriter(str(folder), FakeClock(NOW))


def settle(archive: ArchiveWriter, *, now: datetime = NOW, cause: str | None = None) -> list[GapEntry]:
    return settle_gaps(archive, "acme", ALL, now=now, cause=cause, lag_limit=timedelta(minutes=30))


def test_a_hole_is_recorded_once(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
        archive.claim(walked(40, 1))
        recorded = settle(archive, cause="the feed answered 503")
        again = settle(archive, cause="the feed answered 503")

    assert [(one.window, one.state, one.cause) for one in recorded] == [
        (window(60, 40), GapState.OPENED, "the feed answered 503")
    ]
    assert again == []
    assert [row.entry for row in open_reader(str(tmp_path)).gaps("acme")] == recorded


def test_a_hole_that_was_repaired_closes_with_the_purpose_of_the_walk(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60, at=5))
        archive.claim(walked(40, 1, at=5))
        settle(archive)
        archive.claim(walked(60, 40, Purpose.GAP))
        settle(archive)
        gaps = read_gaps(archive.gaps("acme", ALL))

    assert gaps.opened == ()
    assert [(gap.window, gap.ended_at, gap.ended_by) for gap in gaps.closed] == [(window(60, 40), NOW, "gap")]


def test_the_ledger_is_there_after_a_restart_in_the_order_of_writing(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
        first = settle(archive)
    with open_archive(tmp_path) as archive:
        archive.claim(walked(60, 1, Purpose.BACKFILL))
        second = settle(archive, now=NOW - MINUTE)
    with open_archive(tmp_path) as archive:
        entries = archive.gaps("acme", ALL)

    assert entries == [*first, *second]
    assert [entry.state for entry in entries] == [GapState.OPENED, GapState.CLOSED]
    assert [row.entry for row in open_reader(str(tmp_path)).gaps()] == entries


def test_each_set_of_filters_has_its_own_ledger(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
        archive.claim(walked(90, 1, filters=SOME))
        settle(archive)

        assert archive.gaps("acme", SOME) == []
        assert archive.gaps("other", ALL) == []
        assert settle_gaps(archive, "acme", SOME, now=NOW, cause=None, lag_limit=timedelta(minutes=30)) == []


def test_a_declaration_beside_the_collector_is_seen_by_it(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
        archive.claim(walked(40, 1))
        settle(archive)

        append_to_ledger(str(tmp_path), [lost(60, 40)])

        assert read_gaps(archive.gaps("acme", ALL)).lost == Spans((window(60, 40),))
        assert settle(archive) == []


def test_a_declaration_is_seen_although_an_entry_followed_at_once(tmp_path: Path) -> None:
    opened = GapEntry(window(30, 20), GapState.OPENED, NOW, "503", "collector")
    with open_archive(tmp_path) as archive:
        append_to_ledger(str(tmp_path), [lost(60, 40)])
        archive.record_gaps([GapRow("acme", ALL.key(), opened)])

        assert sorted(entry.state for entry in archive.gaps("acme", ALL)) == [GapState.OPENED, GapState.PERMANENT]


def test_no_entries_are_no_commit(tmp_path: Path) -> None:
    ledger = GapLedger(tmp_path)

    ledger.record([])

    assert len(list((tmp_path / "gaps" / "_delta_log").iterdir())) == 1


def test_an_archive_without_a_ledger_has_an_empty_one(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
    shutil.rmtree(tmp_path / "gaps")
    (tmp_path / "tables.json").unlink()

    assert open_reader(str(tmp_path)).gaps() == []
    with open_archive(tmp_path) as archive:
        assert archive.gaps("acme", ALL) == []


def test_the_purpose_of_the_last_walk_is_returned_or_none(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        assert archive.walked_by("acme", ALL, window(50, 40)) is None
        archive.claim(walked(90, 30, Purpose.BACKFILL, at=9))
        archive.claim(walked(60, 45, Purpose.RECONCILE, at=5))
        archive.claim(walked(90, 10, Purpose.TAIL, SOME, at=1))

        assert archive.walked_by("acme", ALL, window(50, 40)) is Purpose.RECONCILE
        assert archive.walked_by("acme", ALL, window(45, 40)) is Purpose.BACKFILL
        assert archive.walked_by("acme", ALL, window(30, 20)) is None


def test_a_cause_is_kept_short_and_without_secrets(tmp_path: Path) -> None:
    said = "refused: sk-ant-api01-TESTTESTTESTTESTTEST\n" + "x" * 2000
    with open_archive(tmp_path) as archive:
        archive.claim(walked(90, 60))
        (entry,) = settle(archive, cause=said)

    assert "TESTTEST" not in entry.cause
    assert len(entry.cause) <= 500


def test_a_ledger_that_can_not_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "gaps").write_text("no table")

    with pytest.raises(ArchiveError, match="can't be used"):
        GapLedger(tmp_path)
