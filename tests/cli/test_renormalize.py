"""`renormalize` from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import load

Run = Callable[..., Result]


def test_all_events_are_derived_again(run: Run, archive: Path) -> None:
    result = run("renormalize", "--archive", str(archive))

    assert result.exit_code == 0
    assert f"renormalized 4 events with catalogue {load().version}" in result.stderr
    assert '"events": 4' not in result.stdout


def test_a_span_of_time_is_enough(run: Run, archive: Path) -> None:
    result = run("renormalize", "--archive", str(archive), "--from", "4h", "--to", "2h")

    assert "renormalized 1 events" in result.stderr


def test_each_event_is_there_once_afterwards(run: Run, archive: Path) -> None:
    run("renormalize", "--archive", str(archive))

    with open_reader(str(archive)).connect() as connection:
        assert connection.sql("SELECT count(*), count(DISTINCT id) FROM events").fetchall() == [(4, 4)]


def test_a_folder_without_an_archive_is_refused_and_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    result = run("renormalize", "--archive", str(tmp_path / "nowhere"))

    assert result.exit_code == 2
    assert "there is no archive" in result.stderr
    assert not (tmp_path / "nowhere").exists()
