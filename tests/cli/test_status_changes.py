"""Activities that were served again with other bytes, in `status`, `status --changes`, `check` and the log."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.conftest import ALICE, NOW, MakeArchive, activity, received, walked
from typer.testing import Result

from anthropic_audit.archive import open_writer
from anthropic_audit.cli.logs import logging_watch, open_log
from anthropic_audit.cli.progress_display import ProgressDisplay
from anthropic_audit.progress import ChangedActivities
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

Run = Callable[..., Result]
FIRST = activity(1, "claude_chat_created", ALICE, timedelta(hours=5))
LATER = {**FIRST, "created_at": format_time(NOW)}
REORDERED = dict(reversed(FIRST.items()))


@pytest.fixture
def changed(make_archive: MakeArchive) -> Path:
    folder = make_archive([received(FIRST, "acme")], [walked(timedelta(days=1), timedelta(0))])
    with open_writer(str(folder), FakeClock(NOW)) as writer:
        writer.append([received(LATER, "acme")])
        writer.append([received(REORDERED, "acme"), received(LATER, "acme")])
    return folder


@pytest.mark.usefixtures("changed")
def test_status_counts_what_changed(run: Run) -> None:
    shown = run("status").stdout
    (counted,) = json.loads(run("status", "--format", "json").stdout)["changed_activities"]

    assert "acme: 1 stored activity was served again with other bytes (1 with other content, 1 in notation)" in shown
    assert (counted["feed"], counted["activities"], counted["texts"], counted["same_content"]) == ("acme", 1, 2, 1)


@pytest.mark.usefixtures("changed")
def test_changes_are_listed_with_both_digests(run: Run) -> None:
    shown = run("status", "--changes").stdout
    listed = json.loads(run("status", "--changes", "--format", "json").stdout)["changes"]

    assert {(one["id"], one["seq"]) for one in listed} == {("activity_1", 1)}
    assert {one["is_same_content"] for one in listed} == {True, False}
    assert all(one["stored"]["sha256"][:12] in shown and one["served"]["sha256"][:12] in shown for one in listed)
    assert format_time(NOW) in {one["served"]["created_at"] for one in listed}


@pytest.mark.usefixtures("archive")
def test_an_archive_without_changes_says_so(run: Run) -> None:
    assert "other bytes" not in run("status").stdout
    assert "no stored activity was served again" in run("status", "--changes").stdout
    assert json.loads(run("status", "--format", "json").stdout)["changed_activities"] == []


def test_a_log_line_and_a_terminal_tell_of_changes() -> None:
    stream, screen = io.StringIO(), io.StringIO()
    event = ChangedActivities("acme", 3, 1, ("activity_1", "activity_2"))

    logging_watch(open_log(stream))(event)
    ProgressDisplay(Console(file=screen, width=150)).watch(event)

    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["activities"], line["same_content"]) == (
        "changed activities",
        "warning",
        3,
        1,
    )
    assert line["examples"] == ["activity_1", "activity_2"]
    assert (
        "acme: 3 stored activities were served again with other bytes, 1 of them only in notation" in screen.getvalue()
    )


def test_a_lost_table_is_what_check_finds(run: Run, archive: Path) -> None:
    (archive / "activities" / "_delta_log").rename(archive / "away")

    result = run("check", "--offline")

    assert result.exit_code == 3
    assert "a table is gone" in result.stdout
    assert "anthropic-audit archive repair" in result.stdout
