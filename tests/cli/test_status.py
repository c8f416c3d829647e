"""`status` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from anthropic_audit.times import parse_duration

Run = Callable[..., Result]


SETTINGS = """
[[feeds]]
name = "acme"

[[feeds]]
name = "new-one"
"""


@pytest.mark.usefixtures("archive")
def test_a_feed_stands_with_its_coverage_and_counts(run: Run) -> None:
    result = run("status", "--format", "json")

    status = json.loads(result.stdout)
    (feed,) = status["feeds"]
    assert result.exit_code == 0
    assert (status["activities"], status["events"], status["not_normalized"]) == (4, 4, 0)
    assert (feed["feed"], feed["activities"], feed["new"], feed["repeated"]) == ("acme", 4, 4, 1)
    assert (feed["requests_last_minute"], feed["requests_last_hour"]) == (0, 2)
    assert feed["lag_seconds"] >= 300
    assert feed["holes"] == []
    assert feed["last_walk"]["purpose"] == "tail"
    assert (feed["budget"]["limit"], feed["budget"]["remaining"]) == (600, 597)


@pytest.mark.usefixtures("archive")
def test_a_table_says_the_same_to_people(run: Run) -> None:
    result = run("status")

    assert "4 activities, 4 events" in result.stdout
    row = next(line.split() for line in result.stdout.splitlines() if line.startswith("acme "))
    assert parse_duration(row[3]) >= timedelta(minutes=5)
    assert row[4] == "tail,"
    assert row[7:] == ["4", "4", "0", "0", "2"]
    assert "597 of 600 requests per minute were left" in result.stdout


def test_holes_are_listed(run: Run, make_archive: Any, walks: Any) -> None:
    make_archive([], [walks(timedelta(days=4), timedelta(days=3)), walks(timedelta(days=2), timedelta(days=1))])

    shown = run("status").stdout
    (feed,) = json.loads(run("status", "--format", "json").stdout)["feeds"]

    assert "acme: hole" in shown
    assert "(1d)" in shown
    assert len(feed["holes"]) == 1


@pytest.mark.usefixtures("archive")
def test_configured_feeds_and_others_are_told_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(SETTINGS, encoding="utf-8")

    shown = run("status").stdout
    status = json.loads(run("status", "--format", "json").stdout)

    assert "new-one: configured, but never collected" in shown
    assert status["never_walked"] == ["new-one"]
    assert status["feeds"][0]["is_configured"] is True


@pytest.mark.usefixtures("archive")
def test_many_feeds_are_summed_up_in_one_line(run: Run, tmp_path: Path) -> None:
    more = "".join(f'[[feeds]]\nname = "more-{number}"\n' for number in range(7))
    unhurried = SETTINGS.replace('name = "acme"', 'name = "acme"\ninterval = "1h"')  # all tests may take a while
    (tmp_path / "anthropic-audit.toml").write_text(unhurried + more, encoding="utf-8")

    shown = run("status").stdout

    assert "9 feeds, 1 current, 8 never collected (more-0, more-1, more-2, more-3, more-4 and 3 more)" in shown


def test_a_feed_whose_coverage_ends_long_ago_is_behind(run: Run, tmp_path: Path, make_archive: Any, walks: Any) -> None:
    make_archive([], [walks(timedelta(hours=2), timedelta(hours=1))])
    (tmp_path / "anthropic-audit.toml").write_text(SETTINGS, encoding="utf-8")

    assert "2 feeds, 0 current, 1 behind (acme), 1 never collected (new-one)" in run("status").stdout
    assert json.loads(run("status", "--format", "json").stdout)["behind"] == ["acme"]


@pytest.mark.usefixtures("archive")
def test_a_feed_that_is_no_longer_configured_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text('[[feeds]]\nname = "new-one"', encoding="utf-8")

    assert "acme: retired: not configured with these filters" in run("status").stdout


def test_an_empty_archive_stands_empty(run: Run, make_archive: Any) -> None:
    make_archive([], [])

    result = run("status")

    assert result.exit_code == 0
    assert "0 activities, 0 events" in result.stdout


def test_without_an_archive_there_is_no_status(run: Run) -> None:
    result = run("status")

    assert result.exit_code == 2
    assert "there is no archive" in result.stderr


@pytest.mark.usefixtures("archive")
def test_lateness_is_told_by_type_with_what_to_set(run: Run) -> None:
    result = run("status", "--lateness")

    assert result.exit_code == 0
    assert "4 of 4 activities were late (100 %)" in result.stdout
    rows = {line.split("  ")[0]: line.split() for line in result.stdout.splitlines()}
    assert rows["all types"][2:] == ["4", "3h", "3d", "3d", "··▄▄·█··", "tail", "4"]
    assert rows["claude_chat_viewed"][1:] == ["1", "1h", "1h", "1h", "··█·····", "tail", "1"]
    assert "reconciling finds the others" in result.stdout


@pytest.mark.usefixtures("archive")
def test_lateness_is_told_to_programs(run: Run) -> None:
    told = json.loads(run("status", "--lateness", "--format", "json").stdout)["lateness"]

    assert (told["activities"], told["late"]) == (4, 4)
    assert told["overall"]["histogram"] == {"1m": 0, "10m": 0, "1h": 1, "6h": 1, "1d": 0, "3d": 2, "7d": 0, "more": 0}
    assert told["overall"]["found_by"] == {"tail": 4}
    assert told["types"]["sso_login_failed"]["largest_seconds"] == 2 * 86400
    assert told["suggested"] == {"settle_seconds": 600, "overlap_seconds": 7200, "caught_percent": 25}


def test_nothing_late_is_told_as_such(run: Run, make_archive: Any) -> None:
    make_archive([], [])

    shown = run("status", "--lateness").stdout
    told = json.loads(run("status", "--lateness", "--gaps", "--format", "json").stdout)

    assert "none of 0 activities was late" in shown
    assert told["lateness"] == {"activities": 0, "late": 0, "overall": None, "types": {}, "suggested": None}
    assert told["gaps"] == []


@pytest.mark.usefixtures("archive")
def test_gaps_and_lateness_are_told_together(run: Run) -> None:
    shown = run("status", "--gaps", "--lateness").stdout

    assert shown.startswith("no gaps")
    assert "activities were late" in shown
