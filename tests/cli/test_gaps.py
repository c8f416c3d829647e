"""`gaps` and `status --gaps` from the command line."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import NOW
from typer.testing import Result

from anthropic_audit.archive import open_reader, open_writer, settle_gaps
from anthropic_audit.model import Filters, Purpose
from anthropic_audit.testing import FakeClock

Run = Callable[..., Result]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DECLARE = ("gaps", "declare", "--feed", "acme", "--reason", "the key was revoked", "--from", "3d", "--to", "2d")
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def holed(make_archive: Any, walks: Any) -> Path:
    """An archive with a hole of about a day that is not in the ledger."""
    folder: Path = make_archive([], [walks(4 * DAY, 3 * DAY), walks(2 * DAY, 5 * MINUTE)])
    return folder


def settle(folder: Path, cause: str | None = None) -> None:
    with open_writer(str(folder), FakeClock(NOW)) as archive:
        settle_gaps(archive, "acme", Filters(), now=NOW, cause=cause, lag_limit=timedelta(minutes=30))


def gaps(run: Run) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run("gaps", "list", "--format", "json").stdout)
    return listed


def test_a_hole_that_nobody_has_recorded_is_listed(run: Run, holed: Path) -> None:
    result = run("gaps", "list")

    assert result.exit_code == 3
    row = result.stdout.splitlines()[1]
    assert row.startswith("open")
    assert "1d" in row
    assert "not recorded yet" in row
    assert holed.exists()


def test_a_recorded_gap_tells_its_cause(run: Run, holed: Path) -> None:
    settle(holed, "the feed answered 503")

    (gap,) = gaps(run)

    assert (gap["feed"], gap["state"], gap["cause"], gap["seconds"]) == ("acme", "open", "the feed answered 503", 86400)
    assert gap["opened_at"] is not None
    assert gap["closed_at"] is None


def test_a_gap_that_was_repaired_is_told_with_who_closed_it(run: Run, holed: Path, walks: Any) -> None:
    settle(holed)
    with open_writer(str(holed), FakeClock(NOW)) as archive:
        archive.claim(walks(3 * DAY, 2 * DAY, purpose=Purpose.GAP, walked_at=NOW))

    before = gaps(run)
    settle(holed)
    result = run("gaps", "list")

    assert [(gap["state"], gap["by"]) for gap in before] == [("closed", "gap")]
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[-1] == "gap"
    assert gaps(run)[0]["state"] == "closed"


def test_a_feed_that_nobody_collects_any_more_has_a_gap(run: Run, make_archive: Any, walks: Any) -> None:
    make_archive([], [walks(4 * DAY, 2 * DAY)])

    (gap,) = gaps(run)

    assert gap["state"] == "open"
    assert gap["cause"] == "not walked"
    assert gap["seconds"] >= 2 * 86400


def test_a_feed_that_hangs_has_a_gap_after_three_intervals(
    run: Run, tmp_path: Path, make_archive: Any, walks: Any
) -> None:
    codes = []
    for number, (interval, minutes) in enumerate([("5m", 20), ("5m", 10), ("1h", 100), ("1h", 200)]):
        feed = f"acme-{number}"
        make_archive([], [walks(4 * DAY, minutes * MINUTE, feed=feed)])
        (tmp_path / "anthropic-audit.toml").write_text(f'[[feeds]]\nname = "{feed}"\ninterval = "{interval}"\n')
        codes.append(any(one["feed"] == feed for one in gaps(run)))
        assert (f"{feed}: behind" in run("status").stdout) is codes[-1]

    assert codes == [True, False, False, True]


def test_a_feed_that_was_never_walked_to_an_end_is_no_covered_one(
    run: Run, tmp_path: Path, make_archive: Any, walks: Any
) -> None:
    make_archive([], [walks(4 * DAY, 5 * MINUTE)])
    (tmp_path / "anthropic-audit.toml").write_text('[[feeds]]\nname = "acme"\n[[feeds]]\nname = "hanging"\n')

    result = run("gaps", "list")

    assert result.exit_code == 3
    assert "hanging: configured, but never collected" in result.stderr


@pytest.mark.usefixtures("archive")
def test_without_a_gap_there_is_none(run: Run) -> None:
    result = run("gaps", "list")

    assert result.exit_code == 0
    assert "no gaps" in result.stdout


def test_status_lists_the_same_gaps(run: Run, holed: Path) -> None:
    settle(holed)

    shown = run("status", "--gaps")
    told = json.loads(run("status", "--gaps", "--format", "json").stdout)

    assert shown.exit_code == 0
    assert shown.stdout == run("gaps", "list").stdout
    assert told["gaps"] == gaps(run)
    assert "lateness" not in told


def test_what_was_declared_is_permanent_with_reason_and_user(run: Run, holed: Path) -> None:
    result = run(*DECLARE)

    assert result.exit_code == 0
    assert "declared permanently lost" in result.stderr
    permanent = [gap for gap in gaps(run) if gap["state"] == "permanent"]
    assert [(gap["cause"], gap["by"]) for gap in permanent] == [("the key was revoked", ME)]
    assert [row.entry.recorded_by for row in open_reader(str(holed)).gaps()] == [ME]


def test_a_declaration_leaves_out_what_is_covered(run: Run, holed: Path) -> None:
    arguments = [*DECLARE]
    arguments[-3:] = ["5d", "--to", "1d"]

    result = run(*arguments)

    assert result.exit_code == 0
    declared = [row.entry.window for row in open_reader(str(holed)).gaps()]
    assert [round((one.end - one.start) / DAY, 1) for one in declared] == [1.0, 1.0]
    assert run("gaps", "list").exit_code == 0


def test_a_collector_that_holds_the_archive_is_not_disturbed_and_hears_of_it(run: Run, holed: Path) -> None:
    with open_writer(str(holed), FakeClock(NOW)) as archive:
        result = run(*DECLARE)

        assert result.exit_code == 0
        assert len(archive.gaps("acme", Filters())) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"--feed": "other"}, "unknown feed: `other`", id="feed"),
        pytest.param({"--reason": "  "}, "--reason is empty", id="reason"),
        pytest.param({"--to": "2030-01-01"}, "lies in the future", id="future"),
        pytest.param({"--from": "1d"}, "ends before it starts", id="backwards"),
        pytest.param({"--from": "47h", "--to": "1d"}, "feed acme has no gap", id="covered"),
    ],
)
@pytest.mark.usefixtures("holed")
def test_a_declaration_that_makes_no_sense_is_refused(run: Run, changed: dict[str, str], said: str) -> None:
    options = dict(zip(DECLARE[2::2], DECLARE[3::2], strict=True)) | changed

    result = run("gaps", "declare", *(part for pair in options.items() for part in pair))

    assert result.exit_code == 2
    assert said in result.stderr
    assert "hint:" in result.stderr


@pytest.mark.usefixtures("holed")
def test_a_declaration_without_an_end_is_refused(run: Run) -> None:
    result = run(*DECLARE[:-2])

    assert result.exit_code == 2
    assert "a start and an end" in result.stderr


def test_a_feed_of_several_filters_needs_its_settings(run: Run, make_archive: Any, walks: Any, tmp_path: Path) -> None:
    chats = Filters(activity_types=("claude_chat_created",))
    make_archive([], [walks(4 * DAY, 3 * DAY), walks(4 * DAY, 3 * DAY, filters=chats.key())])

    refused = run(*DECLARE)
    settings = '[[feeds]]\nname = "acme"\nactivity_types = ["claude_chat_created"]'
    (tmp_path / "anthropic-audit.toml").write_text(settings, encoding="utf-8")
    accepted = run(*DECLARE)

    assert (refused.exit_code, accepted.exit_code) == (2, 0)
    assert "2 sets of filters" in refused.stderr
    (row,) = open_reader(str(tmp_path / "archive")).gaps()
    assert row.filters == chats.key()


def test_a_gap_of_a_feed_with_filters_says_which(run: Run, make_archive: Any, walks: Any) -> None:
    make_archive([], [walks(4 * DAY, 3 * DAY, filters='{"actor_ids":["user_1"]}')])

    assert 'acme {"actor_ids":["user_1"]}' in run("gaps", "list").stdout


def test_without_an_archive_nothing_is_declared(run: Run, tmp_path: Path) -> None:
    result = run(*DECLARE)

    assert result.exit_code == 2
    assert not (tmp_path / "archive").exists()
